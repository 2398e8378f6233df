//! What programs do with tokens as a whole: new secrets, off and on, ended; once, and by keys that live.

use latchkey::tokens::{Feeds, TokenId};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::support::{
    accounts::Key,
    api::{ask, ask_with, every, id_of, in_days, made, manager, manager_of, wanted},
    wire::{Reply, open},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    a_token_refreshes_only_what_it_made,
    tokens_are_switched_off_and_on_revoked_and_deleted,
    revoking_a_token_revokes_what_it_made_unless_that_is_kept,
    a_key_that_was_narrowed_while_it_asked_changes_nothing,
    a_request_sent_again_makes_no_second_token,
}

async fn a_request_sent_again_makes_no_second_token(world: &World) {
    let key = manager(world).await;
    let name = [("Idempotency-Key", "deploy-1")];
    let first = ask_with(world, &key, "POST /v1/tokens", &name, &wanted()).await;
    let again = ask_with(world, &key, "POST /v1/tokens", &name, &wanted()).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!((id_of(&first), again.json()["secret"].clone()), (id_of(&again), Value::Null));
    let mut other = wanted();
    other["name"] = json!("Another");
    assert_eq!(ask_with(world, &key, "POST /v1/tokens", &name, &other).await.status, 422);
    for bad in [String::new(), "a b".to_owned(), "x".repeat(256)] {
        let reply = ask_with(world, &key, "POST /v1/tokens", &[("Idempotency-Key", &bad)], &wanted()).await;
        assert_eq!(reply.status, 400, "{bad}");
    }
    let bo = world.account("bo").await;
    let bos = world.key(bo, "nuget:push api:manage", "*").await;
    assert_eq!(ask_with(world, &bos, "POST /v1/tokens", &name, &wanted()).await.status, 201, "of another account");
    let same = wanted();
    let at_once = (0..4).map(|_| ask_with(world, &key, "POST /v1/tokens", &[("Idempotency-Key", "at-once")], &same));
    let replies = futures_util::future::join_all(at_once).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert!(replies.iter().all(|reply| matches!(reply.status, 200 | 201)));
    let line = format!("POST /v1/tokens/{}/refresh", id_of(&first));
    let name = [("Idempotency-Key", "refresh-1"), ("If-Match", "\"1\"")];
    let refreshed = ask_with(world, &key, &line, &name, &Value::Null).await;
    let again = ask_with(world, &key, &line, &name, &Value::Null).await;
    assert_eq!((refreshed.status, again.status), (201, 200), "{}", again.text());
    assert_eq!(refreshed.json()["hint"], again.json()["hint"]);
}

async fn a_token_refreshes_only_what_it_made(world: &World) {
    let key = manager(world).await;
    let reply = ask(world, &key, "POST /v1/tokens", &wanted()).await;
    let (id, old) = (id_of(&reply), reply.json()["secret"].as_str().unwrap().to_owned());
    let refreshed = ask(world, &key, &format!("POST /v1/tokens/{id}/refresh"), &json!({ "restart": true })).await;
    assert_eq!(refreshed.status, 201, "{}", refreshed.text());
    let new = refreshed.json()["secret"].as_str().unwrap().to_owned();
    for (secret, status) in [(old, 401), (new, 200)] {
        let bearer = format!("Bearer {secret}");
        assert_eq!(world.ask("GET /v1/tokens/current", &[("Authorization", &bearer)]).await.status, status);
    }
    let others = world.key(key.token.account, "nuget:push", "Contoso.Core").await.token.id;
    for id in [others.to_string(), key.token.id.to_string()] {
        assert_eq!(ask(world, &key, &format!("POST /v1/tokens/{id}/refresh"), &Value::Null).await.status, 403, "{id}");
    }
    let sibling = manager_of(world, key.token.account).await;
    assert_eq!(ask(world, &sibling, &format!("POST /v1/tokens/{id}/refresh"), &Value::Null).await.status, 403);
}

async fn tokens_are_switched_off_and_on_revoked_and_deleted(world: &World) {
    let key = manager(world).await;
    let id = made(world, &key).await;
    let state = async |line: &str, body: Value| {
        let reply = ask(world, &key, line, &body).await;
        (reply.status, reply.json()["state"].as_str().unwrap_or_default().to_owned())
    };
    let post = |act: &str| format!("POST /v1/tokens/{id}/{act}");
    let off = (200, "deactivated".to_owned());
    assert_eq!(state(&post("deactivate"), json!({ "until": in_days(world, 1) })).await, off);
    for bad in ["soon", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
        assert_eq!(ask(world, &key, &post("deactivate"), &json!({ "until": bad })).await.status, 422, "{bad}");
    }
    assert_eq!(state(&post("deactivate"), Value::Null).await, off);
    assert_eq!(state(&post("deactivate"), Value::Null).await.0, 409, "it is off");
    assert_eq!(state(&post("reactivate"), Value::Null).await, (200, "active".to_owned()));
    assert_eq!(state(&post("reactivate"), Value::Null).await.0, 409, "it is on");
    assert_eq!(state(&post("revoke"), Value::Null).await, (200, "revoked".to_owned()));
    assert_eq!(state(&post("revoke"), Value::Null).await.0, 409, "it is final");
    assert_eq!(ask(world, &key, &format!("DELETE /v1/tokens/{id}"), &Value::Null).await.status, 204);
    assert_eq!(ask(world, &key, &format!("GET /v1/tokens/{id}"), &Value::Null).await.status, 404);
    let primary = world.store().primary_token(key.token.account).await.unwrap().unwrap().id;
    let all = world.key_for(key.token.account, "nuget:pull nuget:push api:manage", "*", Feeds::All, None).await;
    assert_eq!(ask(world, &all, &format!("POST /v1/tokens/{primary}/revoke"), &Value::Null).await.status, 409);
    let itself = key.token.id;
    assert_eq!(ask(world, &key, &format!("POST /v1/tokens/{itself}/revoke"), &Value::Null).await.status, 200);
    assert_eq!(ask(world, &key, "GET /v1/tokens", &Value::Null).await.status, 401);
}

async fn revoking_a_token_revokes_what_it_made_unless_that_is_kept(world: &World) {
    let ada = world.account("ada").await;
    let top = world.key(ada, "nuget:push api:manage", "*").await;
    let middle = json!({ "permissions": ["nuget:push", "api:manage"], "patterns": ["*"] });
    let is_revoked = async |id: &str| {
        let token = world.store().token(TokenId::parse(id).unwrap()).await.unwrap().unwrap();
        token.revoked_at.is_some()
    };
    for (how, revoked) in [(json!({}), true), (json!({ "keep_made": true }), false)] {
        let made = ask(world, &top, "POST /v1/tokens", &middle).await.json();
        let text = made["secret"].as_str().unwrap().to_owned();
        let maker = Key { text, ..top.clone() };
        let child = id_of(&ask(world, &maker, "POST /v1/tokens", &wanted()).await);
        let line = format!("POST /v1/tokens/{}/revoke", made["id"].as_str().unwrap());
        assert_eq!(ask(world, &top, &line, &how).await.status, 200);
        assert_eq!(is_revoked(&child).await, revoked, "{how}");
    }
    let child = made(world, &top).await;
    world.revoke(top.token.id).await;
    assert!(is_revoked(&child).await);
}

async fn a_key_that_was_narrowed_while_it_asked_changes_nothing(world: &World) {
    let key = manager(world).await;
    let (body, bearer) = (wanted().to_string(), format!("Bearer {}", key.text));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let mut late = open(world.address(), "POST /v1/tokens", &headers, Some(body.len())).await;
    late.write_all(&body.as_bytes()[..body.len() - 1]).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    world.sql("UPDATE tokens SET permissions = 'nuget:push', version = version + 1").await;
    late.write_all(b"}").await.unwrap();
    let reply = Reply::read(&mut late).await;
    assert_eq!(reply.status, 409, "{}", reply.text());
    let page = world.store().token_page(&every(&key), &Default::default(), world.now()).await.unwrap();
    assert_eq!(page.tokens.len(), 1, "nothing was made");
}
