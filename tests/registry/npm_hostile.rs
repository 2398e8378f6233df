//! What npm clients never send: keys in what everybody reads, packages that nobody can install, versions without a tarball.

use base64::{Engine, engine::general_purpose::STANDARD};
use latchkey::cli::legacy::import;
use serde_json::{Value, json};

use crate::support::{
    accounts::Key,
    npm::{MAIN, document, package, tgz},
    wire::{Reply, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_package_that_holds_a_key_of_this_host_is_refused_wherever_it_stands,
    a_tag_or_a_deprecation_that_is_a_key_is_refused,
    a_package_that_no_client_can_install_is_refused,
    a_version_without_its_tarball_is_refused_and_changes_nothing,
    what_a_document_says_wrongly_of_its_tarball_is_refused,
}

const GUID: &str = "5f1d2c3b-89ab-4cde-8f01-23456789abcd";
const ALL: &str = "npm:pull npm:push npm:delete";

fn refused(reply: &Reply, place: &str, key: &str) {
    assert_eq!(
        (reply.status, reply.phrase.as_str()),
        (400, "The package holds an access token"),
        "{place} {}",
        reply.text()
    );
    let told = reply.json()["error"].as_str().unwrap().to_owned();
    assert!(told.starts_with(&format!("The {place} in this package holds an access token.")), "{place}: {told}");
    assert!(!reply.text().contains(key), "{place}: the answer repeats the key");
}

/// A tarball whose `package.json` has this as one more field, as it is written.
fn saying(field: &str) -> Vec<u8> {
    tgz(&[("package.json", &format!(r#"{{"name":"ui","version":"1.0.0",{field}}}"#))])
}

/// A tarball with one more file.
fn with_file(path: &str, content: &str) -> Vec<u8> {
    tgz(&[("package.json", r#"{"name":"ui","version":"1.0.0"}"#), (path, content)])
}

async fn put(world: &World, key: &Key, tarball: &[u8]) -> Reply {
    world.put_json(&format!("{MAIN}/ui"), key, &document("ui", "1.0.0", "latest", tarball)).await
}

async fn a_package_that_holds_a_key_of_this_host_is_refused_wherever_it_stands(world: &World) {
    let ada = world.account("ada").await;
    world.account("bo").await;
    let list = format!("account,key,created\nbo,{GUID},2016-05-01\n");
    import(&world.app(), list.as_bytes(), None).await.unwrap();
    let key = world.key(ada, "npm:push", "*").await;
    let other = world.key(ada, "npm:pull", "*").await;
    for secret in [other.text.as_str(), &other.text[..43], GUID] {
        let (first, rest) = (secret.as_bytes()[0], &secret[1..]);
        let basic = STANDARD.encode(format!("api:{secret}"));
        for (place, tarball) in [
            ("package.json", saying(&format!(r#""author":"{secret}""#))),
            ("package.json", saying(&format!(r#""author":"\u{first:04x}{rest}""#))),
            ("package.json", saying(&format!(r#""config":{{"a":[{{"b":"\u{first:04x}{rest}"}}]}}"#))),
            ("package.json", saying(&format!(r#""config":{{"\u{first:04x}{rest}":1}}"#))),
            ("package.json", saying(&format!(r#""\u{first:04x}{rest}":1"#))),
            ("package.json", saying(&format!(r#""homepage":"https://example.com/?key=%{first:02x}{rest}""#))),
            ("name of a file", with_file(&format!("{secret}.js"), "x")),
            ("name of a file", with_file(&format!("lib/{secret}/index.js"), "x")),
            ("file README.md", with_file("README.md", &format!("# ui\nnpm config set token {secret}\n"))),
            ("file .npmrc", with_file(".npmrc", &format!("//example.com/:_authToken={secret}\n"))),
            ("file lib/.npmrc", with_file("lib/.npmrc", &format!("//example.com/:_auth={basic}\n"))),
            ("file lib/index.js", with_file("lib/index.js", &format!("fetch(url, {{ key: '{secret}' }})"))),
        ] {
            refused(&put(world, &key, &tarball).await, place, secret);
        }
        let mut with_provenance = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
        let payload = STANDARD.encode(json!({ "builder": secret }).to_string());
        for bundle in [
            format!(r#"{{"note":"{secret}"}}"#),
            format!(r#"{{"note":["\u{first:04x}{rest}"]}}"#),
            json!({ "dsseEnvelope": { "payload": payload } }).to_string(),
        ] {
            with_provenance["_attachments"]["ui-1.0.0.sigstore"] = json!({ "data": bundle });
            refused(&world.put_json(&format!("{MAIN}/ui"), &key, &with_provenance).await, "provenance", secret);
        }
    }
    assert_eq!((world.files("packages/npm"), world.files("uploads")), (0, 0));
    let like = format!("lk_{}", "a".repeat(46));
    let reply = put(world, &key, &with_file("README.md", &like)).await;
    assert_eq!(reply.status, 201, "it is nobody's key: {}", reply.text());
}

async fn a_tag_or_a_deprecation_that_is_a_key_is_refused(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    let secret = world.key(ada, "npm:pull", "*").await.text;
    let tarball = package("ui", "1.0.0", json!({}));
    let tagged = world.put_json(&format!("{MAIN}/ui"), &key, &document("ui", "1.0.0", &secret, &tarball)).await;
    refused(&tagged, "tag", &secret);
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "latest").await.status, 201);
    let tags = format!("{MAIN}/-/package/ui/dist-tags");
    for tag in [secret.clone(), secret[..43].to_owned(), format!("%6c{}", &secret[1..])] {
        refused(&world.put_json(&format!("{tags}/{tag}"), &key, &json!("1.0.0")).await, "tag", &secret);
    }
    let before = world.packument(&key, "ui").await;
    let mut read = before.clone();
    for why in [format!("use {secret}"), format!("see https://example.com/?k=%6c{}", &secret[1..])] {
        read["versions"]["1.0.0"]["deprecated"] = json!(why);
        refused(&world.put_json(&format!("{MAIN}/ui"), &key, &read).await, "deprecation", &secret);
    }
    assert_eq!(world.packument(&key, "ui").await, before);
}

async fn a_package_that_no_client_can_install_is_refused(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let proto: Value = serde_json::from_str(r#"{"__proto__":"1.0.0"}"#).unwrap();
    for (more, told) in [
        (json!({ "dependencies": ["left"] }), "must be an object"),
        (json!({ "dependencies": "left" }), "must be an object"),
        (json!({ "dependencies": { "left": 5 } }), "must be an object"),
        (json!({ "peerDependencies": [1] }), "must be an object"),
        (json!({ "optionalDependencies": { "left": null } }), "must be an object"),
        (json!({ "dependencies": { "left": "not a range!!" } }), "asks for left as not?a?range!!"),
        (json!({ "dependencies": { "left": "npm:" } }), "no client can install"),
        (json!({ "dependencies": { "left": "workspace:*" } }), "no client can install"),
        (json!({ "dependencies": proto }), "names __proto__"),
        (json!({ "os": 5 }), "os in package.json must be a text"),
        (json!({ "cpu": {} }), "cpu in package.json must be a text"),
    ] {
        let reply = put(world, &key, &package("ui", "1.0.0", more.clone())).await;
        assert_eq!((reply.status, reply.phrase.as_str()), (400, "This is not a package that can be taken"), "{more}");
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(told), "{error} should say {told}");
    }
    assert_eq!(world.npm("GET /ui", &key).await.status, 404);
    let fine =
        json!({ "dependencies": { "left": "^1.0.0 || >= 2", "r": "npm:right@latest" }, "os": "linux", "cpu": null });
    assert_eq!(put(world, &key, &package("ui", "1.0.0", fine)).await.status, 201);
    let version = &world.packument(&key, "ui").await["versions"]["1.0.0"];
    assert_eq!((&version["os"], version.get("cpu")), (&json!("linux"), None));
}

async fn a_version_without_its_tarball_is_refused_and_changes_nothing(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "latest").await.status, 201);
    let before = world.packument(&key, "ui").await;
    for name in ["ui", "new"] {
        let tarball = package(name, "1.0.1", json!({}));
        let file = format!("{name}-1.0.1.tgz");
        let good = document(name, "1.0.1", "latest", &tarball);
        let mut none = good.clone();
        none["_attachments"] = json!({});
        let mut missing = good.clone();
        missing.as_object_mut().unwrap().remove("_attachments");
        let mut no_data = good.clone();
        no_data["_attachments"][&file]["data"] = json!(null);
        let mut as_a_change = no_data.clone();
        as_a_change["_rev"] = before["_rev"].clone();
        let mut only_provenance = good.clone();
        only_provenance["_attachments"] = json!({ format!("{name}-1.0.1.sigstore"): { "data": "{}" } });
        for without in [none, missing, no_data, as_a_change, only_provenance] {
            let reply = world.put_json(&format!("{MAIN}/{name}"), &key, &without).await;
            assert_eq!(reply.status, 400, "{without} {}", reply.text());
            let told = format!("The document holds no tarball. Attach it as {file}.");
            assert_eq!(reply.json()["error"], told, "{without}");
        }
    }
    assert_eq!(world.packument(&key, "ui").await, before);
    assert_eq!(world.npm("GET /new", &key).await.status, 404);
    let tarball = package("ui", "1.0.1", json!({}));
    let text = document("ui", "1.0.1", "latest", &tarball).to_string().replace("\"data\":", "\"d\\u0061ta\":");
    let bearer = format!("Bearer {}", key.text);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let escaped = call(world.address(), &format!("PUT {MAIN}/ui"), &headers, text.as_bytes()).await;
    assert_eq!(escaped.status, 201, "{}", escaped.text());
    assert_eq!(world.npm("GET /ui/-/ui-1.0.1.tgz", &key).await.body, tarball);
}

async fn what_a_document_says_wrongly_of_its_tarball_is_refused(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let good = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
    for wrong in ["sha1-AAAA", "sha256-AAAA", "sha384-AAAA", "sha512-AAAA", "md5-x sha1-AAAA"] {
        let mut put = good.clone();
        put["versions"]["1.0.0"]["dist"]["integrity"] = json!(wrong);
        let reply = world.put_json(&format!("{MAIN}/ui"), &key, &put).await;
        assert_eq!(reply.status, 400, "{wrong}");
        assert!(reply.text().contains("its integrity differs"), "{}", reply.text());
    }
    for tag in ["constructor", "toString", "prototype", "__proto__", "hasOwnProperty", "valueOf"] {
        let mut put = good.clone();
        put["dist-tags"] = json!({ tag: "1.0.0" });
        let reply = world.put_json(&format!("{MAIN}/ui"), &key, &put).await;
        assert_eq!(reply.status, 400, "{tag}");
        assert!(reply.text().contains("cannot be a tag"), "{}", reply.text());
    }
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &good).await.status, 201);
    let tags = format!("{MAIN}/-/package/ui/dist-tags");
    assert_eq!(world.put_json(&format!("{tags}/constructor"), &key, &json!("1.0.0")).await.status, 400);
    assert_eq!(world.npm("DELETE /-/package/ui/dist-tags/constructor", &key).await.status, 404, "there is none");
}
