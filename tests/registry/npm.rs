//! The whole way of an npm package: published, read in each form, tagged, deprecated, found, unpublished.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use latchkey::tokens::decision::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};

use crate::support::{
    npm::{MAIN, document, package},
    wire::basic,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_package_is_published_and_read_back_byte_for_byte,
    a_name_with_a_scope_is_the_same_in_every_spelling,
    the_shorter_form_has_what_an_installation_needs_and_each_form_its_own_tag,
    a_version_is_published_once_also_by_two_at_once,
    latest_never_goes_back_by_itself,
    tags_stand_for_versions,
    a_version_is_deprecated_and_nothing_else_can_be_changed_so,
    what_is_unpublished_is_gone_and_never_used_again,
    a_package_is_found_by_its_words_and_shows_its_people_to_members_only,
    a_provenance_is_kept_and_given_back,
    many_versions_are_read_a_page_at_a_time,
}

const ALL: &str = "npm:pull npm:push npm:delete";

async fn a_package_is_published_and_read_back_byte_for_byte(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let tarball =
        package("ui", "1.0.0", json!({ "dependencies": { "left": "^1.0.0" }, "bin": "cli.js", "_from": "x" }));
    let reply = world.put_json(&format!("{MAIN}/ui"), &key, &document("ui", "1.0.0", "latest", &tarball)).await;
    assert_eq!((reply.status, reply.json()["success"].as_str()), (201, Some("ui@1.0.0 is published.")));

    let full = world.packument(&key, "ui").await;
    let version = &full["versions"]["1.0.0"];
    let dist = &version["dist"];
    assert_eq!(dist["integrity"], format!("sha512-{}", STANDARD.encode(Sha512::digest(&tarball))));
    assert_eq!(dist["shasum"].as_str().map(str::len), Some(40));
    assert_eq!(dist["tarball"], format!("https://packages.example.com{MAIN}/ui/-/ui-1.0.0.tgz"));
    assert_eq!((&version["bin"], &version["dependencies"]), (&json!({ "ui": "cli.js" }), &json!({ "left": "^1.0.0" })));
    assert_eq!((version.get("_from"), version.get("_resolved"), version.get("readme")), (None, None, None));
    assert_eq!(
        (&full["dist-tags"], &full["maintainers"]),
        (&json!({ "latest": "1.0.0" }), &json!([{ "name": "ada" }]))
    );
    let time = &full["time"];
    assert!(
        ["created", "modified", "1.0.0"].iter().all(|name| time[name] == time["created"] && time[name].is_string())
    );

    let file = world.npm("GET /ui/-/ui-1.0.0.tgz", &key).await;
    assert_eq!((file.status, file.header("content-type")), (200, Some("application/octet-stream")));
    assert_eq!(file.body, tarball);
    let (bearer, tag) = (format!("Bearer {}", key.text), file.header("etag").unwrap().to_owned());
    let again = world
        .ask(&format!("GET {MAIN}/ui/-/ui-1.0.0.tgz"), &[("Authorization", &bearer), ("If-None-Match", &tag)])
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let head = world.ask(&format!("HEAD {MAIN}/ui"), &[("Authorization", &bearer)]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let by_password = world.ask(&format!("GET {MAIN}/ui"), &[("Authorization", &basic(&key.text))]).await;
    assert_eq!(by_password.status, 200);
    for one in ["latest", "1.0.0"] {
        assert_eq!(world.npm(&format!("GET /ui/{one}"), &key).await.json()["_id"], "ui@1.0.0", "{one}");
    }
    for none in ["GET /ui/beta", "GET /ui/1.0.1", "GET /ui/-/ui-1.0.1.tgz", "GET /ui/-/x.tgz", "GET /other", "GET /npm"]
    {
        assert_eq!(world.npm(none, &key).await.status, 404, "{none}");
    }
}

async fn a_name_with_a_scope_is_the_same_in_every_spelling(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "@team/*").await;
    assert_eq!(world.publish_npm(&key, "@team/ui", "1.0.0", "latest").await.status, 201);
    for spelled in ["@team/ui", "@team%2fui", "@team%2Fui", "%40team%2fui"] {
        let full = world.packument(&key, spelled).await;
        assert_eq!(full["name"], "@team/ui", "{spelled}");
        let tarball = full["versions"]["1.0.0"]["dist"]["tarball"].as_str().unwrap().to_owned();
        assert!(tarball.ends_with("/feeds/main/npm/@team/ui/-/ui-1.0.0.tgz"), "{tarball}");
        for path in ["-/ui-1.0.0.tgz", "-/@team/ui-1.0.0.tgz", "-/@team%2fui-1.0.0.tgz", "1.0.0", "latest"] {
            assert_eq!(world.npm(&format!("GET /{spelled}/{path}"), &key).await.status, 200, "{spelled}/{path}");
        }
        let tags = world.npm(&format!("GET /-/package/{spelled}/dist-tags"), &key).await;
        assert_eq!(tags.json(), json!({ "latest": "1.0.0" }), "{spelled}");
    }
    for strange in ["@team%252fui", "@team/ui/-/..%2fui-1.0.0.tgz", "@team", "@Team/ui"] {
        assert_eq!(world.npm(&format!("GET /{strange}"), &key).await.status, 404, "{strange}");
    }
}

async fn the_shorter_form_has_what_an_installation_needs_and_each_form_its_own_tag(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let more = json!({ "scripts": { "install": "x" }, "engines": { "node": ">=20" }, "contributors": ["Bo"] });
    let tarball = package("ui", "1.0.0", more);
    world.put_json(&format!("{MAIN}/ui"), &key, &document("ui", "1.0.0", "latest", &tarball)).await;
    let bearer = format!("Bearer {}", key.text);
    let short = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
    let line = format!("GET {MAIN}/ui");
    let headers = [("Authorization", bearer.as_str()), ("Accept", short)];
    let answer = world.ask(&line, &headers).await;
    let read = answer.json();
    let version = &read["versions"]["1.0.0"];
    assert_eq!((&version["engines"]["node"], &version["hasInstallScript"]), (&json!(">=20"), &json!(true)));
    assert_eq!((version.get("scripts"), version.get("contributors"), version.get("_id")), (None, None, None));
    assert!(read["modified"].is_string() && read["time"]["1.0.0"].is_string());
    assert_eq!(answer.header("vary"), Some("Accept"));
    let tag = answer.header("etag").unwrap().to_owned();
    let known = [headers[0], headers[1], ("If-None-Match", tag.as_str())];
    assert_eq!(world.ask(&line, &known).await.status, 304);
    let full = [headers[0], ("If-None-Match", tag.as_str())];
    assert_eq!(world.ask(&line, &full).await.status, 200, "the other form");
    world.send_json(&format!("PUT {MAIN}/-/package/ui/dist-tags/beta"), &key, &json!("1.0.0")).await;
    assert_eq!(world.ask(&line, &known).await.status, 200, "a tag was set");
}

async fn a_version_is_published_once_also_by_two_at_once(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let replies = join_all((0..4).map(|_| world.publish_npm(&key, "ui", "1.0.0", "latest"))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    let told = replies.iter().find(|reply| reply.status == 409).unwrap();
    let sentence = "ui@1.0.0 exists already. A version is published once; publish a higher one.";
    assert_eq!(told.json()["error"], sentence);
    assert_eq!(told.header("npm-notice"), Some(sentence));
    assert_eq!((world.files("uploads"), world.files("packages/npm")), (0, 1), "nothing is left of the others");
}

async fn latest_never_goes_back_by_itself(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    assert_eq!(world.publish_npm(&key, "ui", "2.0.0-beta.1", "beta").await.status, 201);
    assert_eq!(
        world.packument(&key, "ui").await["dist-tags"],
        json!({ "beta": "2.0.0-beta.1", "latest": "2.0.0-beta.1" })
    );
    assert_eq!(world.publish_npm(&key, "ui", "1.1.0", "latest").await.status, 201, "a release after a prerelease");
    let lower = world.publish_npm(&key, "ui", "1.0.0", "latest").await;
    assert_eq!(lower.status, 409);
    assert!(lower.json()["error"].as_str().unwrap().contains("publish with --tag"), "{}", lower.text());
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "previous").await.status, 201);
    let tags = json!({ "beta": "2.0.0-beta.1", "latest": "1.1.0", "previous": "1.0.0" });
    assert_eq!(world.packument(&key, "ui").await["dist-tags"], tags);
}

async fn tags_stand_for_versions(world: &World) {
    let key = world.key(world.account("ada").await, "npm:pull npm:push", "*").await;
    world.publish_npm(&key, "ui", "1.0.0", "latest").await;
    world.publish_npm(&key, "ui", "1.1.0", "latest").await;
    let path = format!("{MAIN}/-/package/ui/dist-tags");
    let set = world.put_json(&format!("{path}/stable"), &key, &json!("1.0.0")).await;
    assert_eq!((set.status, &set.json()["ok"]), (200, &json!(true)));
    assert_eq!(world.npm("GET /ui/stable", &key).await.json()["version"], "1.0.0");
    for (tag, body, status) in [
        ("stable", json!("9.9.9"), 404),
        ("stable", json!({}), 404),
        ("1.0.0", json!("1.0.0"), 400),
        ("__proto__", json!("1.0.0"), 400),
    ] {
        let reply = world.put_json(&format!("{path}/{tag}"), &key, &body).await;
        assert_eq!(reply.status, status, "{tag} {body}");
        assert!(reply.json()["error"].is_string());
    }
    assert_eq!(world.npm("DELETE /-/package/ui/dist-tags/latest", &key).await.status, 400);
    assert_eq!(world.npm("DELETE /-/package/ui/dist-tags/stable", &key).await.status, 200);
    assert_eq!(world.npm("DELETE /-/package/ui/dist-tags/stable", &key).await.status, 404);
    assert_eq!(world.npm("GET /-/package/ui/dist-tags", &key).await.json(), json!({ "latest": "1.1.0" }));
    let reader = world.key(world.account("bo").await, ALL, "*").await;
    assert_eq!(world.put_json(&format!("{path}/mine"), &reader, &json!("1.0.0")).await.status, 403, "not an owner");
}

async fn a_version_is_deprecated_and_nothing_else_can_be_changed_so(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    world.publish_npm(&key, "ui", "0.9.0", "latest").await;
    world.publish_npm(&key, "ui", "1.0.0", "latest").await;
    let mut read = world.packument(&key, "ui?write=true").await;
    read["versions"]["1.0.0"]["deprecated"] = json!("Use 2.");
    let path = format!("{MAIN}/ui");
    for (what, value) in [
        ("/dist-tags/beta", json!("1.0.0")),
        ("/maintainers", json!([{ "name": "mallory" }])),
        ("/time/1.0.0", json!("2001-01-01T00:00:00.000Z")),
        ("/versions/1.0.0/dist/tarball", json!("http://elsewhere.example/x.tgz")),
        ("/versions/0.9.0/scripts", json!({ "postinstall": "x" })),
        ("/versions/0.9.0/description", json!("Another.")),
        ("/versions/3.0.0", json!({ "name": "ui", "version": "3.0.0" })),
    ] {
        let mut other = read.clone();
        let (parent, field) = what.rsplit_once('/').unwrap();
        let parent = if parent.is_empty() { &mut other } else { other.pointer_mut(parent).unwrap() };
        if field == "maintainers" {
            parent["maintainers"] = value
        } else {
            parent[field] = value
        }
        let refused = world.put_json(&path, &key, &other).await;
        assert_eq!(refused.status, 400, "{what}: {}", refused.text());
    }
    assert_eq!(world.packument(&key, "ui").await["versions"]["1.0.0"].get("deprecated"), None);
    assert_eq!(world.put_json(&path, &key, &read).await.status, 200);
    let changed = world.packument(&key, "ui").await;
    assert_eq!(changed["versions"]["1.0.0"]["deprecated"], "Use 2.");
    let stale = world.put_json(&path, &key, &read).await;
    assert_eq!((stale.status, stale.json()["error"].as_str().unwrap().contains("meantime")), (409, true));
    let mut read = changed;
    for bad in ["two\nlines", "\u{202e}x", &"x".repeat(501)] {
        read["versions"]["1.0.0"]["deprecated"] = json!(bad);
        assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &read).await.status, 400);
    }
    read["versions"]["1.0.0"]["deprecated"] = json!("");
    let only_push = world.key(ada, "npm:push", "*").await;
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &only_push, &read).await.status, 403);
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &read).await.status, 200);
    assert_eq!(world.packument(&key, "ui").await["versions"]["1.0.0"].get("deprecated"), None);
}

async fn what_is_unpublished_is_gone_and_never_used_again(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for version in ["1.0.0", "1.1.0"] {
        world.publish_npm(&key, "ui", version, "latest").await;
    }
    let mut read = world.packument(&key, "ui?write=true").await;
    let revision = read["_rev"].as_str().unwrap().to_owned();
    read["versions"].as_object_mut().unwrap().remove("1.1.0");
    assert_eq!(world.npm("DELETE /ui/-/ui-1.1.0.tgz/-rev/x", &key).await.status, 409, "it is still published");
    assert_eq!(world.put_json(&format!("{MAIN}/ui/-rev/0-x"), &key, &read).await.status, 409);
    assert_eq!(world.put_json(&format!("{MAIN}/ui/-rev/{revision}"), &key, &read).await.status, 200);
    assert_eq!(world.npm("GET /ui/-/ui-1.1.0.tgz", &key).await.status, 404);
    for _ in 0..2 {
        assert_eq!(world.npm("DELETE /ui/-/ui-1.1.0.tgz/-rev/x", &key).await.status, 200, "its tarball went with it");
    }
    let left = world.packument(&key, "ui").await;
    assert_eq!((&left["dist-tags"], left["versions"].get("1.1.0")), (&json!({ "latest": "1.0.0" }), None));
    let again = world.publish_npm(&key, "ui", "1.1.0", "latest").await;
    assert_eq!((again.status, again.json()["error"].as_str().unwrap().contains("unpublished")), (409, true));
    let revision = left["_rev"].as_str().unwrap().to_owned();
    let bo = world.key(world.account("bo").await, ALL, "*").await;
    assert_eq!(world.npm(&format!("DELETE /ui/-rev/{revision}"), &bo).await.status, 403);
    let only_push = world.key(ada, "npm:pull npm:push", "*").await;
    assert_eq!(world.npm(&format!("DELETE /ui/-rev/{revision}"), &only_push).await.status, 403);
    assert_eq!(world.npm(&format!("DELETE /ui/-rev/{revision}"), &key).await.status, 200);
    assert_eq!((world.npm("GET /ui", &key).await.status, world.files("packages/npm")), (404, 0));
    assert_eq!(world.publish_npm(&bo, "ui", "3.0.0", "latest").await.status, 403, "the name stays with who had it");
    assert_eq!(world.publish_npm(&key, "ui", "1.0.0", "latest").await.status, 409);
    assert_eq!(world.publish_npm(&key, "ui", "2.0.0", "latest").await.status, 201);
}

async fn a_package_is_found_by_its_words_and_shows_its_people_to_members_only(world: &World) {
    let ada = world.account("ada").await;
    let feed = world.feed("open", true, ada).await;
    let key = world.key(ada, ALL, "*").await;
    for name in ["ui", "@team/counter"] {
        let tarball = package(name, "1.0.0", json!({ "keywords": ["buttons"] }));
        let path = format!("/feeds/open/npm/{}", name.replace('/', "%2f"));
        assert_eq!(world.put_json(&path, &key, &document(name, "1.0.0", "latest", &tarball)).await.status, 201);
    }
    let search = |text: &str| format!("GET /feeds/open/npm/-/v1/search?text={text}&size=20&from=0&quality=0.65");
    let found = world.ask(&search("buttons"), &[]).await.json();
    assert_eq!(found["total"], 2);
    let names: Vec<&Value> = found["objects"].as_array().unwrap().iter().map(|one| &one["package"]["name"]).collect();
    assert_eq!(names, ["@team/counter", "ui"]);
    assert_eq!(
        (&found["objects"][0]["package"]["maintainers"], &found["objects"][0]["package"]["publisher"]),
        (&json!([]), &json!({ "username": "" }))
    );
    let bearer = format!("Bearer {}", key.text);
    let told = world.ask(&search("counter"), &[("Authorization", &bearer)]).await.json();
    assert_eq!(
        (&told["total"], &told["objects"][0]["package"]["publisher"]),
        (&json!(1), &json!({ "username": "ada" }))
    );
    let bo = world.account("bo").await;
    let narrow = world.key(bo, "npm:pull", "ui").await;
    world.member(("open", feed), bo, Role::Reader).await;
    assert_eq!(world.get(&search("")[4..], &narrow).await.json()["total"], 2, "a public feed is read by all");
    assert_eq!(world.ask("GET /feeds/open/npm/ui", &[]).await.json()["maintainers"], json!([]));
    assert_eq!(world.ask(&search("nothing-like-it"), &[]).await.json()["objects"], json!([]));
}

async fn a_provenance_is_kept_and_given_back(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    let mut put = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
    let bundle =
        json!({ "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": { "payload": "x" } });
    put["_attachments"]["ui-1.0.0.sigstore"] =
        json!({ "content_type": bundle["mediaType"], "data": bundle.to_string(), "length": bundle.to_string().len() });
    assert_eq!(world.put_json(&format!("{MAIN}/ui"), &key, &put).await.status, 201);
    let told = &world.packument(&key, "ui").await["versions"]["1.0.0"]["dist"]["attestations"];
    let url = told["url"].as_str().unwrap().strip_prefix("https://packages.example.com").unwrap().to_owned();
    assert_eq!(world.get(&url, &key).await.json()["attestations"][0]["bundle"], bundle);
    assert_eq!(world.files("packages/npm"), 2);
    assert_eq!(world.npm("GET /-/npm/v1/attestations/ui@1.0.1", &key).await.status, 404);
}

async fn many_versions_are_read_a_page_at_a_time(world: &World) {
    let key = world.key(world.account("ada").await, ALL, "*").await;
    for patch in 0..103 {
        assert_eq!(world.publish_npm(&key, "ui", &format!("1.0.{patch}"), "latest").await.status, 201);
    }
    let full = world.packument(&key, "ui").await;
    assert_eq!((full["versions"].as_object().unwrap().len(), &full["dist-tags"]["latest"]), (103, &json!("1.0.102")));
}
