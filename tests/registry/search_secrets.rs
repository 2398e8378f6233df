//! What searches and look-ups tell of what one may not see, or no longer: nothing.

use latchkey::tokens::{Feeds, decision::Role};
use serde_json::json;

use crate::support::{
    accounts::Key,
    nupkg::{holding, with},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    what_is_hidden_answers_like_what_is_not_there,
    what_ends_is_not_found_at_the_next_request_on_any_node,
    no_text_of_an_author_looks_like_a_badge_or_outranks_a_name,
}

const ADDRESSES: [&str; 8] = [
    "flat/contoso.core/index.json",
    "flat/contoso.core/1.0.0/contoso.core.1.0.0.nupkg",
    "flat/contoso.core/1.0.0/contoso.core.nuspec",
    "flat/contoso.core/1.0.0/readme",
    "flat/contoso.core/1.0.0/icon",
    "registration/contoso.core/index.json",
    "registration/contoso.core/1.0.0.json",
    "registration/contoso.core/page/1.0.0/1.0.0.json",
];

fn core() -> Vec<u8> {
    let named = "<readme>r.md</readme><icon>i.png</icon>";
    holding("Contoso.Core", "1.0.0", named, &[("r.md", b"Secret words"), ("i.png", b"\x89PNG\r\n\x1a\n...")])
}

async fn ask(world: &World, method: &str, path: &str, key: &Key, known: &str) -> (u16, Vec<u8>) {
    let bearer = format!("Bearer {}", key.text);
    let headers = [("Authorization", bearer.as_str()), ("If-None-Match", known), ("Accept-Encoding", "gzip")];
    let reply = world.ask(&format!("{method} {path}"), &headers).await;
    (reply.status, reply.body)
}

async fn what_is_hidden_answers_like_what_is_not_there(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let wide = world.key(ada, "nuget:pull nuget:push", "*").await;
    let narrow = world.key(ada, "nuget:pull", "Fabrikam.*").await;
    let others = world.key(bo, "nuget:pull nuget:push", "*").await;
    let secret = world.feed("secret", false, bo).await;
    world.feed("mine", false, ada).await;
    assert_eq!(world.push(&wide, &core()).await.status, 201);
    assert_eq!(world.push_to("/feeds/secret/nuget/v3/package", &others, &core()).await.status, 201);
    assert!(secret != world.feed("another", false, bo).await);
    for address in ADDRESSES {
        let shown = world.get(&format!("/v3/{address}"), &wide).await;
        assert_eq!(shown.status, 200, "{address}");
        let tag = shown.header("etag").unwrap_or("\"none\"").to_owned();
        for (method, known) in [("GET", ""), ("HEAD", ""), ("GET", tag.as_str()), ("GET", "*")] {
            // It is there, and the key does not cover it.
            let (status, body) = ask(world, method, &format!("/v3/{address}"), &narrow, known).await;
            assert_eq!(status, 403, "{method} {address} {known}");
            assert!(!String::from_utf8_lossy(&body).contains("Secret words"));
            // It is in a feed that the account cannot read, or there is no such feed, or no such package.
            let hidden = ask(world, method, &format!("/feeds/secret/nuget/v3/{address}"), &wide, known).await;
            let none = ask(world, method, &format!("/feeds/nowhere/nuget/v3/{address}"), &wide, known).await;
            let missing = ask(world, method, &format!("/feeds/mine/nuget/v3/{address}"), &wide, known).await;
            assert_eq!((&hidden, hidden.0), (&none, 404), "{method} {address} {known}");
            assert_eq!(missing, none, "{method} {address} {known}");
        }
    }
}

async fn found(world: &World, node: std::net::SocketAddr, path: &str, key: Option<&Key>) -> (u16, u64) {
    let request = reqwest::Client::new().get(format!("http://{node}{path}"));
    let request = if let Some(key) = key { request.bearer_auth(&key.text) } else { request };
    let answer = request.send().await.unwrap();
    world.pass(chrono::Duration::milliseconds(1));
    let status = answer.status().as_u16();
    let hits = answer.json::<serde_json::Value>().await.ok().and_then(|found| found["totalHits"].as_u64());
    (status, hits.unwrap_or_default())
}

async fn what_ends_is_not_found_at_the_next_request_on_any_node(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let feed = world.feed("open", true, ada).await;
    world.member(("open", feed), bo, Role::Reader).await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    let reader = world.key_for(bo, "nuget:pull", "*", Feeds::All, None).await;
    let base = "/feeds/open/nuget/v3";
    let pushed = with("Contoso.Core", "1.0.0", "<tags>oneofakind</tags>");
    assert_eq!(world.push_to(&format!("{base}/package"), &key, &pushed).await.status, 201);
    let (_, other) = world.another_node_with(&[]).await;
    let search = format!("{base}/query?q=oneofakind");
    for node in [world.address(), other] {
        assert_eq!(found(world, node, &search, None).await, (200, 1), "anybody finds it");
    }
    world.sql("UPDATE feeds SET public_since = NULL WHERE name = 'open'").await;
    for node in [world.address(), other] {
        assert_eq!(found(world, node, &search, None).await.0, 401, "the feed is private");
        assert_eq!(found(world, node, &search, Some(&reader)).await, (200, 1));
    }
    world.sql("DELETE FROM members WHERE role = 'reader'").await;
    for node in [world.address(), other] {
        assert_eq!(found(world, node, &search, Some(&reader)).await.0, 404, "the member was removed");
        for path in ["flat/contoso.core/index.json", "registration/contoso.core/index.json"] {
            assert_eq!(found(world, node, &format!("{base}/{path}"), Some(&reader)).await.0, 404, "{path}");
        }
    }
}

async fn no_text_of_an_author_looks_like_a_badge_or_outranks_a_name(world: &World) {
    let key = world.key(world.account("ada").await, "nuget:pull nuget:push", "*").await;
    let words = "famous ".repeat(300);
    let copied = format!(
        "<title>Famous (official, verified ✓)</title><tags>{words}</tags><projectUrl>https://github.com/famous/famous</projectUrl>\
         <repository type='git' url='https://github.com/famous/famous'/>"
    );
    assert_eq!(world.push(&key, &with("Copy.Cat", "1.0.0", &copied)).await.status, 201);
    assert_eq!(world.push(&key, &with("Famous", "1.0.0", "")).await.status, 201);
    let hits = world.get("/v3/query?q=famous", &key).await.json();
    let ids: Vec<_> = hits["data"].as_array().unwrap().iter().map(|hit| hit["id"].clone()).collect();
    assert_eq!(ids, [json!("Famous"), json!("Copy.Cat")]);
    assert!(hits["data"].as_array().unwrap().iter().all(|hit| hit["verified"] == json!(false)));
}
