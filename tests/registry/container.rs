//! The token service of container registries, as clients ask it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use latchkey::{config::Settings, serve::Patience, tokens::decision::Role};
use serde_json::{Value, json};

use crate::support::{
    accounts::Key,
    database::Engine,
    wire::{Reply, basic, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    with_registry =>
    a_key_gets_what_it_may_do_of_what_is_asked,
    what_is_refused_says_why_with_a_401,
    a_host_without_registry_has_no_such_addresses,
    whoever_has_no_key_reads_public_feeds,
    containerd_sends_a_form,
    a_proof_is_what_registries_read,
    keys_are_rotated_with_an_overlap,
    every_use_and_refusal_is_kept_by_its_repository,
}

pub(super) async fn with_registry(engine: Engine) -> World {
    let services = |settings: &mut Settings| {
        settings.registry_services = vec!["registry.example.com".to_owned(), "other".to_owned()];
    };
    World::published_with(engine, services, Patience::default()).await
}

const SERVICE: &str = "service=registry.example.com";

/// The answer to a client that signs in with a key and asks for scopes.
pub(super) async fn ask(world: &World, key: &Key, scopes: &[&str]) -> Reply {
    let scopes: String = scopes.iter().map(|scope| format!("&scope={scope}")).collect();
    let credential = basic(&key.text);
    world.ask(&format!("GET /container/token?account=api&{SERVICE}{scopes}"), &[("Authorization", &credential)]).await
}

/// What a proof says.
fn claims(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert_eq!(answer["token"], answer["access_token"]);
    assert_eq!(
        (answer["expires_in"].as_i64(), answer.get("issued_at"), answer.get("refresh_token")),
        (Some(60), None, None)
    );
    let proof = answer["token"].as_str().unwrap().to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// What was granted, as scopes are written.
pub(super) fn granted(reply: &Reply) -> Vec<String> {
    let access = claims(reply)["access"].as_array().unwrap().clone();
    let of = |one: &Value| {
        let actions: Vec<_> =
            one["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
        assert_eq!(one["type"], "repository");
        format!("{}:{}", one["name"].as_str().unwrap(), actions.join(","))
    };
    access.iter().map(of).collect()
}

pub(super) fn message(reply: &Reply) -> String {
    let body = reply.json();
    assert_eq!(body["errors"][0]["detail"], Value::Null);
    body["errors"][0]["message"].as_str().unwrap().to_owned()
}

async fn a_key_gets_what_it_may_do_of_what_is_asked(world: &World) {
    let ada = world.account("ada").await;
    let team = world.feed("team", false, ada).await;
    let cy = world.account("cy").await;
    world.member(("team", team), cy, Role::Reader).await;
    let pull = world.key(ada, "container:pull", "*").await;
    let push = world.key(ada, "container:push", "team/app*").await;
    let all = world.key(ada, "container:pull container:push container:delete", "*").await;
    let reader = world.key(cy, "container:pull container:push container:delete", "*").await;
    for (key, scopes, expected) in [
        (&pull, &["repository:team/app:pull"][..], &["team/app:pull"][..]),
        (&pull, &["repository:team/app:pull,push"], &["team/app:pull"]),
        (&pull, &["repository:team/app:*"], &["team/app:pull"]),
        (&push, &["repository:team/app:push,pull"], &["team/app:pull,push"]),
        (&push, &["repository:team/app:pull", "repository:team/app:push,pull"], &["team/app:pull,push"]),
        (&push, &["repository:team/app:pull%20repository:team/other:pull"], &["team/app:pull"]),
        (
            &push,
            &["repository%3Ateam%2fapp-2%3apush+repository%3ateam%2fapp%3apull"],
            &["team/app-2:push", "team/app:pull"],
        ),
        (&all, &["repository:team/app:*"], &["team/app:pull,push,delete"]),
        (&all, &["repository:team/app:delete"], &["team/app:delete"]),
        (&all, &["repository:main/app:push,pull", "registry:catalog:*"], &["main/app:pull,push"]),
        (&reader, &["repository:team/app:*"], &["team/app:pull"]),
        (&reader, &["repository:team/app:pull,push"], &["team/app:pull"]),
    ] {
        assert_eq!(granted(&ask(world, key, scopes).await), expected, "{scopes:?}");
    }
    for key in [&pull, &push, &all] {
        assert_eq!(granted(&ask(world, key, &[]).await), [""; 0], "signing in takes no scope");
    }
}

async fn what_is_refused_says_why_with_a_401(world: &World) {
    let ada = world.account("ada").await;
    let bo = world.account("bo").await;
    world.feed("secret", false, bo).await;
    let pull = world.key(ada, "container:pull", "main/app").await;
    let all = world.key(ada, "container:pull", "*").await;
    let nuget = world.key(ada, "nuget:pull", "*").await;
    let revoked = world.key(ada, "container:pull", "*").await;
    world.revoke(revoked.token.id).await;
    let unknown = Key { text: "lk_0000000000000000000000000000000000000000000000".to_owned(), ..pull.clone() };
    for (key, scope, word) in [
        (&pull, "repository:main/app:push", "may not push"),
        (&pull, "repository:main/other:pull", "main/other"),
        (&all, "repository:secret/app:pull", "There is nothing here"),
        (&all, "repository:nowhere/app:pull", "There is nothing here"),
        (&pull, "repository:app:pull", "main/app"),
        (&pull, "registry:catalog:*", "No repository"),
        (&pull, "nonsense", "No repository"),
        (&nuget, "repository:main/app:pull", "may not read"),
        (&nuget, "", "may not read"),
        (&revoked, "repository:main/app:pull", "revoked"),
        (&revoked, "", "revoked"),
        (&unknown, "repository:main/app:pull", "not a"),
    ] {
        let reply = ask(world, key, &[scope]).await;
        assert_eq!((reply.status, reply.header("content-type")), (401, Some("application/json")), "{scope}");
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"packages.example.com\""));
        assert!(message(&reply).contains(word), "{scope}: {}", message(&reply));
        assert_eq!(reply.json()["errors"][0]["code"], "UNAUTHORIZED");
    }
    let credential = basic(&pull.text);
    for query in ["", "service=stranger", "service=registry.example.com%00"] {
        let line = format!("GET /container/token?{query}&scope=repository:main/app:pull");
        let reply = world.ask(&line, &[("Authorization", &credential)]).await;
        assert!(reply.status == 401 && message(&reply).contains("registry.example.com"), "{query}: {reply:?}");
    }
}

async fn a_host_without_registry_has_no_such_addresses(world: &World) {
    let other = World::published(world.database.engine).await;
    for line in
        ["GET /container/token", "POST /container/token", "GET /container/certificate.pem", "GET /container/jwks.json"]
    {
        assert_eq!(other.ask(line, &[]).await.status, 404, "{line}");
        assert_ne!(world.ask(line, &[]).await.status, 404, "{line}");
    }
    let key = other.key(other.account("ada").await, "container:pull", "*").await;
    let can = other.get("/api/v1/tokens/current/can?action=container:pull&package=main/app", &key).await;
    assert_eq!((can.json()["allowed"].clone(), can.json()["reason"].clone()), (json!(false), json!("not-served")));
    let here = world.key(world.account("zoe").await, "container:pull", "*").await;
    let can = world.get("/api/v1/tokens/current/can?action=container:pull&package=main/app", &here).await;
    assert_eq!(can.json()["allowed"], json!(true));
    other.end().await;
}

async fn whoever_has_no_key_reads_public_feeds(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let without = async |scopes: &str, headers: &[(&str, &str)]| {
        world.ask(&format!("GET /container/token?{SERVICE}{scopes}"), headers).await
    };
    let reply = without("&scope=repository:open/app:pull,push&scope=repository:main/app:pull", &[]).await;
    assert_eq!(granted(&reply), ["open/app:pull"]);
    assert_eq!(claims(&reply)["sub"], "");
    for scopes in ["", "&scope=repository:main/app:pull", "&scope=repository:open/app:push"] {
        for headers in [&[][..], &[("Authorization", "Basic Og==")]] {
            let reply = without(scopes, headers).await;
            assert_eq!(reply.status, 401, "{scopes}");
            assert!(message(&reply).contains("docker login"));
        }
    }
}

async fn containerd_sends_a_form(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "container:push", "*").await;
    let post = async |form: String| {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        call(world.address(), "POST /container/token", &[kind], form.as_bytes()).await
    };
    let asks =
        format!("{SERVICE}&client_id=containerd-client&scope=repository:main/app:pull%20repository:main/app:pull,push");
    let reply = post(format!("grant_type=password&username=api&password={}&{asks}", key.text)).await;
    assert_eq!(granted(&reply), ["main/app:pull,push"]);
    for form in [
        format!("grant_type=password&username=api&password=wrong&{asks}"),
        format!("grant_type=refresh_token&refresh_token={}&{asks}", key.text),
        format!("grant_type=authorization_code&{asks}"),
        asks.clone(),
        "x".repeat(100_000),
    ] {
        let reply = post(form).await;
        assert_eq!((reply.status, reply.header("content-type")), (401, Some("application/json")));
        message(&reply);
    }
}

async fn a_proof_is_what_registries_read(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "container:pull", "*").await;
    let reply = ask(world, &key, &["repository:main/app:pull"]).await;
    let said = claims(&reply);
    assert_eq!(
        (said["iss"].as_str(), said["aud"].as_str(), said["sub"].as_str()),
        (Some("latchkey"), Some("registry.example.com"), Some(format!("ada/{}", key.token.id).as_str()))
    );
    let lives = said["exp"].as_i64().unwrap() - world.now().timestamp();
    assert!((119..=120).contains(&lives), "{lives}");
    assert!(said.get("nbf").is_none() && said.get("iat").is_none());
    let proof = reply.json()["token"].as_str().unwrap().to_owned();
    assert!(!proof.contains(&key.text));
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').next().unwrap()).unwrap()).unwrap();
    let keys = world.ask("GET /container/jwks.json", &[]).await.json()["keys"].as_array().unwrap().clone();
    assert_eq!((keys.len(), &keys[0]["kid"], &header["alg"]), (1, &header["kid"], &json!("ES256")));
    let bundle = world.ask("GET /container/certificate.pem", &[]).await;
    assert_eq!(bundle.text().matches("BEGIN CERTIFICATE").count(), 1);
    let sealed = world.database.texts("SELECT CAST(generation AS TEXT) FROM signing_keys", &[]).await;
    assert_eq!(sealed, ["1"]);
}

/// What the proxy is answered about a request with a proof.
pub(super) async fn forward(world: &World, proof: &str, method: &str, target: &str) -> Reply {
    let bearer = format!("Bearer {proof}");
    let headers = [("Authorization", bearer.as_str()), ("X-Original-Method", method), ("X-Original-URI", target)];
    world.ask("GET /auth/forward", &headers).await
}

pub(super) async fn proof(world: &World, key: &Key, scope: &str) -> String {
    ask(world, key, &[scope]).await.json()["token"].as_str().unwrap().to_owned()
}

async fn keys_are_rotated_with_an_overlap(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "container:pull", "*").await;
    let before = proof(world, &key, "repository:main/app:pull").await;
    let keys = async || world.ask("GET /container/jwks.json", &[]).await.json()["keys"].as_array().unwrap().clone();
    let signs = |proof: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof.split('.').next().unwrap()).unwrap()).unwrap()
    };
    let app = world.app();
    app.signing_keys.rotate(&app.store, world.now(), Duration::hours(1)).await.unwrap();
    assert!(app.signing_keys.rotate(&app.store, world.now(), Duration::hours(1)).await.is_err(), "one at a time");
    world.pass(Duration::minutes(2));
    let both = keys().await;
    assert_eq!(both.len(), 2);
    let still = proof(world, &key, "repository:main/app:pull").await;
    assert_eq!(signs(&still)["kid"], signs(&before)["kid"], "registries do not know the next one yet");
    world.pass(Duration::minutes(58));
    let after = proof(world, &key, "repository:main/app:pull").await;
    assert_eq!(signs(&after)["kid"], both[1]["kid"]);
    assert_eq!(forward(world, &after, "GET", "/v2/").await.status, 200);
    world.pass(Duration::minutes(12));
    assert_eq!(keys().await.len(), 1, "nothing that the first one signed is good any more");
}

async fn every_use_and_refusal_is_kept_by_its_repository(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "container:pull", "main/*").await;
    let scopes = ["repository:main/app:pull", "repository:main/lib:pull,push", "repository:team/x:pull"];
    assert_eq!(granted(&ask(world, &key, &scopes).await), ["main/app:pull", "main/lib:pull"]);
    assert_eq!(ask(world, &key, &["repository:team/y:pull"]).await.status, 401);
    let app = world.app();
    app.usage_buffer.write(&app.store).await.unwrap();
    let refused = world.database.texts("SELECT package FROM refusals ORDER BY package", &[]).await;
    assert_eq!(refused, ["main/lib", "team/y"], "a client that pushes asks to mount from anywhere, unasked");
}
