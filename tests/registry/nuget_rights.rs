//! What keys may not do, and how they are told.

use chrono::Duration;
use latchkey::tokens::decision::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::nupkg,
    wire::{Reply, basic, open},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_package_outside_the_patterns_is_refused_with_the_reason_and_the_mend,
    a_key_for_new_versions_only_cannot_make_an_id,
    each_permission_opens_its_own_door_only,
    every_ended_key_is_told_why_with_a_403_for_the_key_header_and_a_challenge_otherwise,
    what_the_account_cannot_read_looks_like_nothing,
    a_reader_is_told_that_publishing_takes_a_writer,
    a_role_that_was_given_counts_more_than_everybodys,
}

const ALL: &str = "nuget:pull nuget:push nuget:delete";

async fn a_package_outside_the_patterns_is_refused_with_the_reason_and_the_mend(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "Contoso.Service.*").await;
    let hint = key.token.hint.clone().unwrap();
    let reply = world.push(&key, &nupkg("Fabrikam.Core", "1.0.0")).await;
    let sentence = format!(
        "{hint} may push NuGet packages matching Contoso.Service.*; Fabrikam.Core is not among them. Edit its patterns to add it."
    );
    assert_eq!(reply.told(), (403, "This access token does not cover the package", Some(sentence.as_str())));
    assert_eq!((reply.text(), reply.header("content-type")), (sentence, Some("text/plain; charset=utf-8")));
    assert_eq!((world.files("packages"), world.files("uploads")), (0, 0));
}

async fn a_key_for_new_versions_only_cannot_make_an_id(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push-version", "*").await;
    let refused = world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await;
    assert_eq!(refused.phrase, "This access token may only push new versions of existing packages");
    let full = world.key(ada, ALL, "*").await;
    assert_eq!(world.push(&full, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.1")).await.status, 201);
}

async fn each_permission_opens_its_own_door_only(world: &World) {
    let ada = world.account("ada").await;
    let all = world.key(ada, ALL, "*").await;
    world.push(&all, &nupkg("A", "1.0.0")).await;
    for (permission, expected) in [
        ("nuget:pull", [200, 403, 403]),
        ("nuget:push", [403, 201, 403]),
        ("nuget:delete", [403, 403, 204]),
        ("npm:pull npm:push npm:delete container:push api:manage", [403, 403, 403]),
    ] {
        let key = world.key(ada, permission, "*").await;
        let read = world.get("/v3/query", &key).await;
        let pushed = world.push(&key, &nupkg("B", "1.0.0")).await;
        let unlisted = world.ask("DELETE /v3/package/A/1.0.0", &[("X-NuGet-ApiKey", &key.text)]).await;
        assert_eq!([read.status, pushed.status, unlisted.status], expected, "{permission}");
    }
}

/// The answers to one key in `X-NuGet-ApiKey`, Basic and Bearer.
async fn in_each_dress(world: &World, key: &Key) -> [Reply; 3] {
    let line = "DELETE /v3/package/A/1.0.0";
    [
        world.ask(line, &[("X-NuGet-ApiKey", &key.text)]).await,
        world.ask(line, &[("Authorization", &basic(&key.text))]).await,
        world.ask(line, &[("Authorization", &format!("Bearer {}", key.text))]).await,
    ]
}

async fn every_ended_key_is_told_why_with_a_403_for_the_key_header_and_a_challenge_otherwise(world: &World) {
    let ada = world.account("ada").await;
    let bo = world.account("bo").await;
    let [replaced, revoked, off] =
        [world.key(ada, ALL, "*").await, world.key(ada, ALL, "*").await, world.key(ada, ALL, "*").await];
    let expired = world.key_for(ada, ALL, "*", latchkey::tokens::Feeds::All, Some(Duration::days(1))).await;
    let disabled = world.key(bo, ALL, "*").await;
    world.refreshed(&replaced).await;
    world.revoke(revoked.token.id).await;
    world.deactivate(off.token.id).await;
    world.set_account_disabled(bo, true).await;
    world.clock.advance(Duration::days(1));
    let ended = [&replaced, &revoked, &off, &expired, &disabled].map(|key| key.token.id);
    for (key, phrase) in [
        (replaced, "This access token was replaced by a refresh"),
        (revoked, "This access token was revoked"),
        (off, "This access token is deactivated"),
        (expired, "This access token has expired"),
        (disabled, "The account of this access token is disabled"),
    ] {
        let [header, basic, bearer] = in_each_dress(world, &key).await;
        assert_eq!((header.status, header.phrase.as_str(), header.header("www-authenticate")), (403, phrase, None));
        for reply in [basic, bearer] {
            assert_eq!((reply.status, reply.phrase.as_str()), (401, phrase));
            assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"packages.example.com\""));
            assert!(reply.header("x-nuget-warning").is_some());
        }
    }
    world.app().usage_buffer.write(&world.store()).await.unwrap();
    for id in ended {
        assert!(world.store().token(id).await.unwrap().unwrap().last_use.is_none(), "an ended key is not used");
    }
}

async fn what_the_account_cannot_read_looks_like_nothing(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    world.feed("team", false, ada).await;
    let key = world.key(bo, ALL, "*").await;
    let mut answers = Vec::new();
    for feed in ["team", "nowhere"] {
        for path in ["query", "flat/a/index.json"] {
            answers.push(world.get(&format!("/feeds/{feed}/nuget/v3/{path}"), &key).await);
        }
        answers.push(world.push_to(&format!("/feeds/{feed}/nuget/v3/package"), &key, &nupkg("A", "1.0.0")).await);
    }
    answers.push(world.get("/v3/flat/a/index.json", &key).await);
    assert!(answers.iter().all(|reply| reply.told().0 == 404 && reply.body == answers[0].body), "{answers:?}");
    let only_new_versions = world.key(bo, "nuget:push-version", "*").await;
    let reply = world.push_to("/feeds/team/nuget/v3/package", &only_new_versions, &nupkg("A", "1.0.0")).await;
    assert_eq!(reply.status, 404);
}

#[actix_web::test]
async fn a_refusal_reaches_the_client_although_its_body_is_not_read() {
    let world = World::published(Engine::Sqlite).await;
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await;
    let large = vec![b'x'; 3 << 20];
    let refused = world.push(&key, &large).await;
    assert_eq!((refused.status, refused.phrase.as_str()), (403, "This access token lacks the permission"));
    let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", "application/octet-stream")];
    let mut stream = open(world.address(), "PUT /v3/package", &headers, None).await;
    let chunk = [b"300000\r\n", &large[..], b"\r\n0\r\n\r\n"].concat();
    let _ = stream.write_all(&chunk).await;
    // The server may keep the connection open behind a chunked body it dropped, so the end is not waited for.
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 403");
    world.end().await;
}

async fn a_reader_is_told_that_publishing_takes_a_writer(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let team = world.feed("team", false, ada).await;
    world.member(("team", team), bo, Role::Reader).await;
    let key = world.key(bo, "nuget:push", "*").await;
    let reply = world.push_to("/feeds/team/nuget/v3/package", &key, &nupkg("Contoso.Core", "1.0.0")).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text().contains("only reads team") && reply.text().contains("role of writer"), "{}", reply.text());
}

async fn a_role_that_was_given_counts_more_than_everybodys(world: &World) {
    let bo = world.account("bo").await;
    let key = world.key(bo, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    world.sql("INSERT INTO members (feed, account, role) SELECT f.id, a.id, 'reader' FROM feeds f, accounts a").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "2.0.0")).await.status, 403);
    assert_eq!(world.get("/v3/flat/contoso.core/index.json", &key).await.status, 200);
}
