//! Who may do what at the npm door, and how each refusal looks: JSON with a sentence, and never a challenge.

use chrono::Duration;
use latchkey::tokens::decision::Role;
use serde_json::json;

use crate::support::{
    npm::{MAIN, document, package},
    wire::{Reply, basic, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    every_refusal_is_a_sentence_where_clients_look_for_it,
    a_revoked_key_is_refused_at_the_next_request,
    a_key_may_do_what_it_covers_and_no_more,
    what_a_key_does_not_cover_is_refused_and_what_is_not_here_is_not_told,
    a_key_tells_whose_it_is_and_ends_itself_alone,
    clients_go_on_where_nothing_is_served,
    what_clients_ask_unasked_leaves_no_trace,
    an_installation_that_asks_for_everything_at_once_meets_no_limit,
    a_key_that_ends_soon_says_so,
    hostile_documents_and_tarballs_are_refused_with_a_sentence,
}

/// The sentence of a refusal, in all the places where clients look for it.
fn sentence(reply: &Reply) -> String {
    let body = reply.json();
    let error = body["error"].as_str().unwrap_or_else(|| panic!("{} {}", reply.status, reply.text())).to_owned();
    assert_eq!((body["message"].as_str(), body["body"]["message"].as_str()), (Some(&*error), Some(&*error)));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert!(reply.header("www-authenticate").is_none() && !error.contains("one-time pass"), "{error}");
    error
}

async fn every_refusal_is_a_sentence_where_clients_look_for_it(world: &World) {
    let ada = world.account("ada").await;
    let put = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
    for (line, status) in [
        ("GET /ui", 401),
        ("PUT /ui", 401),
        ("GET /-/whoami", 401),
        ("GET /-/v1/search?text=x", 401),
        ("DELETE /ui/-rev/1", 401),
        ("GET /-/npm/v1/tokens", 401),
        ("PUT /-/user/org.couchdb.user:ada", 401),
        ("GET /-/npm/v1/keys", 404),
        ("GET /-/package/ui/visibility", 404),
        ("PATCH /ui", 405),
        ("POST /-/npm/v1/tokens", 403),
    ] {
        let (method, path) = line.split_once(' ').unwrap();
        let bare = call(world.address(), &format!("{method} {MAIN}{path}"), &[], put.to_string().as_bytes()).await;
        assert_eq!(bare.status, status, "{line} {}", bare.text());
        sentence(&bare);
    }
    for bad in ["Bearer nonsense", "Bearer ${NPM_TOKEN}", &basic("lk_nothing"), "Basic !!"] {
        let reply = world.ask(&format!("GET {MAIN}/-/whoami"), &[("Authorization", bad)]).await;
        assert_eq!(reply.status, 401, "{bad}");
        assert!(sentence(&reply).contains("not a valid access token"), "{bad}");
    }
    let key = world.key(ada, "npm:pull npm:push", "*").await;
    let two = [("Authorization", &*format!("Bearer {}", key.text)), ("Authorization", &*basic(&key.text))];
    assert_eq!(world.ask(&format!("GET {MAIN}/ui"), &two).await.status, 400);
    assert_eq!(world.ask("GET /feeds/No%20feed/npm/ui", &two[..1]).await.status, 404);
}

async fn a_revoked_key_is_refused_at_the_next_request(world: &World) {
    let key = world.key(world.account("ada").await, "npm:pull npm:push", "*").await;
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "latest").await.status, 201);
    world.revoke(key.token.id).await;
    for refused in [
        world.npm("GET /ui", &key).await,
        world.npm("GET /ui/-/ui-1.0.0.tgz", &key).await,
        world.npm("GET /-/whoami", &key).await,
        world.publish_npm(&key, "ui", "1.0.1", "latest").await,
    ] {
        assert_eq!(refused.status, 401);
        assert!(sentence(&refused).contains("was revoked"));
        assert!(refused.header("npm-notice").unwrap().contains("was revoked"));
    }
}

async fn a_key_may_do_what_it_covers_and_no_more(world: &World) {
    let ada = world.account("ada").await;
    let owner = world.key(ada, "npm:pull npm:push", "*").await;
    world.publish_npm(&owner, "@team/ui", "1.0.0", "latest").await;
    let reads = world.key(ada, "npm:pull", "*").await;
    assert!(
        sentence(&world.publish_npm(&reads, "@team/ui", "1.0.1", "latest").await).contains("may not push npm packages")
    );
    let writes = world.key(ada, "npm:push", "*").await;
    assert_eq!(world.npm("GET /@team/ui", &writes).await.status, 403);
    let versions = world.key(ada, "npm:push-version", "@team/*").await;
    assert_eq!(world.publish_npm(&versions, "@team/ui", "1.0.1", "latest").await.status, 201);
    assert!(sentence(&world.publish_npm(&versions, "@team/new", "1.0.0", "latest").await).contains("new versions"));
    assert!(sentence(&world.publish_npm(&versions, "ui", "1.0.0", "latest").await).contains("not among them"));
    let nuget = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    assert_eq!(world.npm("GET /@team/ui", &nuget).await.status, 403);
    let feed = world.feed("team", false, ada).await;
    let bo = world.account("bo").await;
    let stranger = world.key(bo, "npm:pull npm:push", "*").await;
    let path = "/feeds/team/npm/ui";
    let put = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
    assert_eq!(
        world.put_json(path, &stranger, &put).await.status,
        404,
        "of a feed that one cannot read, nothing is told"
    );
    world.member(("team", feed), bo, Role::Reader).await;
    assert_eq!(world.put_json(path, &stranger, &put).await.status, 403);
    world.member(("team", feed), bo, Role::Writer).await;
    assert_eq!(world.put_json(path, &stranger, &put).await.status, 201);
}

async fn what_a_key_does_not_cover_is_refused_and_what_is_not_here_is_not_told(world: &World) {
    let ada = world.account("ada").await;
    let owner = world.key(ada, "npm:push", "*").await;
    world.publish_npm(&owner, "secret-ui", "1.0.0", "latest").await;
    let narrow = world.key(ada, "npm:pull", "@team/*").await;
    assert_eq!(world.npm("GET /secret-ui", &narrow).await.status, 403, "it is here, and the key does not cover it");
    assert_eq!(world.npm("GET /secret-ui/-/secret-ui-1.0.0.tgz", &narrow).await.status, 403);
    let nothing = world.npm("GET /left-pad", &narrow).await;
    assert_eq!((nothing.status, nothing.header("npm-notice")), (404, None));
    assert_eq!(world.npm("GET /-/v1/search?text=", &narrow).await.json()["total"], 0);
}

async fn a_key_tells_whose_it_is_and_ends_itself_alone(world: &World) {
    let ada = world.account("ada").await;
    let (key, other) = (world.key(ada, "npm:pull", "*").await, world.key(ada, "npm:push", "*").await);
    assert_eq!(world.npm("GET /-/whoami", &key).await.json(), json!({ "username": "ada" }));
    let list = world.npm("GET /-/npm/v1/tokens", &key).await.json();
    let one = &list["objects"][0];
    assert_eq!((list["objects"].as_array().unwrap().len(), &one["readonly"]), (1, &json!(true)));
    assert_eq!(one["key"], key.token.id.to_string());
    assert!(!list.to_string().contains(&key.text));
    for line in
        [format!("DELETE /-/npm/v1/tokens/token/{}", other.token.id), format!("DELETE /-/user/token/{}", other.text)]
    {
        assert_eq!(world.npm(&line, &key).await.status, 403, "{line}");
    }
    assert_eq!(world.npm(&format!("DELETE /-/user/token/{}", key.text), &key).await.status, 200);
    assert_eq!(world.npm("GET /-/whoami", &key).await.status, 401);
    assert_eq!(world.npm(&format!("DELETE /-/npm/v1/tokens/token/{}", other.token.id), &other).await.status, 200);
    assert_eq!(world.npm("GET /-/whoami", &other).await.status, 401);
}

async fn clients_go_on_where_nothing_is_served(world: &World) {
    let key = world.key(world.account("ada").await, "npm:pull", "*").await;
    assert_eq!(world.npm("GET /-/ping?write=true", &key).await.json(), json!({}));
    let asked = json!({ "ui": ["1.0.0"] });
    let path = format!("{MAIN}/-/npm/v1/security");
    assert_eq!(world.send_json(&format!("POST {path}/advisories/bulk"), &key, &asked).await.json(), json!({}));
    for old in ["audits", "audits/quick"] {
        let told = world.send_json(&format!("POST {path}/{old}"), &key, &asked).await.json();
        assert_eq!(told["metadata"]["vulnerabilities"]["critical"], 0, "{old}");
    }
}

/// npm and pnpm look for newer versions of themselves at whatever registry they are given, and send what they would install
/// as gzip.
async fn what_clients_ask_unasked_leaves_no_trace(world: &World) {
    let key = world.key(world.account("ada").await, "npm:pull", "@team/*").await;
    for name in ["npm", "pnpm"] {
        assert_eq!(world.npm(&format!("GET /{name}"), &key).await.status, 404, "{name}");
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, br#"{"ui":["1.0.0"]}"#).unwrap();
    let bearer = format!("Bearer {}", key.text);
    let headers =
        [("Authorization", bearer.as_str()), ("Content-Encoding", "gzip"), ("Content-Type", "application/json")];
    let asked = format!("POST {MAIN}/-/npm/v1/security/advisories/bulk");
    let reply = call(world.address(), &asked, &headers, &gzip.finish().unwrap()).await;
    assert_eq!((reply.status, reply.json()), (200, json!({})));
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    assert_eq!(world.database.number("SELECT COUNT(*) FROM refusals", &[]).await, 0);
}

/// Bun and pnpm ask for sixty documents at the same moment, and wait a minute once they are told to.
async fn an_installation_that_asks_for_everything_at_once_meets_no_limit(world: &World) {
    let key = world.key(world.account("ada").await, "npm:pull npm:push", "*").await;
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "latest").await.status, 201);
    let paths = ["GET /ui", "GET /ui/-/ui-1.0.0.tgz", "GET /ui/latest"];
    let all = futures_util::future::join_all((0..90).map(|number| world.npm(paths[number % 3], &key))).await;
    assert!(all.iter().all(|reply| reply.status == 200));
}

async fn a_key_that_ends_soon_says_so(world: &World) {
    let key = world.key(world.account("ada").await, "npm:pull npm:push", "*").await;
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "latest").await.header("npm-notice"), None);
    world.clock.advance(Duration::days(85));
    let reply = world.npm("GET /ui", &key).await;
    assert!(reply.header("npm-notice").unwrap().contains("expires on"), "{}", reply.head());
}

async fn hostile_documents_and_tarballs_are_refused_with_a_sentence(world: &World) {
    let key = world.key(world.account("ada").await, "npm:push", "*").await;
    let good = package("ui", "1.0.0", json!({}));
    let doc = |tarball: &[u8]| document("ui", "1.0.0", "latest", tarball);
    let mut other_hash = doc(&good);
    other_hash["versions"]["1.0.0"]["dist"]["integrity"] = json!("sha512-AAAA");
    let mut no_tarball = doc(&good);
    no_tarball["_attachments"] = json!({});
    no_tarball["versions"]["1.0.0"]["name"] = json!("other");
    let mut not_base64 = doc(&good);
    not_base64["_attachments"]["ui-1.0.0.tgz"]["data"] = json!("no base64!");
    let with_key = package("ui", "1.0.0", json!({ "config": { "token": key.text } }));
    for (put, told) in [
        (doc(b"no tarball"), "not a whole gzip file"),
        (doc(&package("other", "1.0.0", json!({}))), "its name differs"),
        (doc(&package("ui", "2.0.0", json!({}))), "its version differs"),
        (doc(&package("ui", "1.0.0", json!({ "private": true }))), "private"),
        (doc(&with_key), "holds an access token"),
        (document("ui", "1.0", "latest", &good), "1.0 is not a version"),
        (document("ui", "1.0.0", "1.x", &good), "cannot be a tag"),
        (document("other", "1.0.0", "latest", &good), "another package"),
        (other_hash, "integrity differs"),
        (not_base64, "not base64"),
        (no_tarball, "another package"),
        (json!([]), "not one that npm clients send"),
    ] {
        let reply = world.put_json(&format!("{MAIN}/ui"), &key, &put).await;
        assert_eq!(reply.status, 400, "{told}: {}", reply.text());
        assert!(sentence(&reply).contains(told), "{} should say {told}", reply.text());
    }
    for name in ["Ui", "node_modules", "__proto__", ".x", "@a%2fb%2fc"] {
        assert_eq!(world.put_json(&format!("{MAIN}/{name}"), &key, &doc(&good)).await.status, 400, "{name}");
    }
    let large = "x".repeat(1_500_000);
    let large = document("ui", "1.0.0", "latest", large.as_bytes());
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &large).await.status, 413);
    assert_eq!((world.files("uploads"), world.files("packages/npm")), (0, 0), "nothing is left");
}
