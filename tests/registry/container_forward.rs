//! What the proxy in front of a registry, or of any other service, asks about each request.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use latchkey::{config::Settings, serve::Patience};

use super::container::{ask, forward, granted, message, proof, with_registry};
use crate::support::{
    database::Engine,
    wire::basic,
    world::{World, on_both_engines},
};

on_both_engines! {
    with_registry =>
    the_proxy_is_told_what_the_key_may_do_now,
    a_mount_from_elsewhere_never_ends_a_push,
    a_refreshed_key_is_refused_at_once,
    what_a_client_says_about_its_request_is_not_believed,
}

on_both_engines!(behind_traefik => what_traefik_sends_is_judged_as_what_nginx_sends);
on_both_engines!(behind_a_proxy => any_service_behind_the_proxy_is_read_with_a_key);

async fn behind_a_proxy(engine: Engine) -> World {
    let trust = |settings: &mut Settings| settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    World::published_with(engine, trust, Patience::default()).await
}

async fn the_proxy_is_told_what_the_key_may_do_now(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "container:pull", "main/app").await;
    let good = proof(world, &key, "repository:main/app:pull").await;
    for (method, target, status) in [
        ("GET", "/v2/", 200),
        ("GET", "/v2/main/app/manifests/v1", 200),
        ("HEAD", "/v2/main/app/blobs/sha256:abc", 200),
        ("PUT", "/v2/main/app/manifests/v1", 403),
        ("DELETE", "/v2/main/app/manifests/v1", 403),
        ("GET", "/v2/main/other/manifests/v1", 403),
        ("GET", "/v2/main/app/../other/manifests/v1", 403),
        ("GET", "/v2/app/manifests/v1", 403),
        ("BREW", "/v2/main/app/manifests/v1", 403),
    ] {
        let reply = forward(world, &good, method, target).await;
        assert_eq!(reply.status, status, "{method} {target}");
        if status == 403 {
            assert_eq!(reply.json()["errors"][0]["code"], "DENIED");
            assert_eq!(reply.header("x-latchkey-message").unwrap(), message(&reply));
        }
    }
    // Without a credential the registry sends its challenge by itself; whatever else there is counts for nothing.
    let target = [("X-Original-Method", "GET"), ("X-Original-URI", "/v2/main/app/manifests/v1")];
    assert_eq!(world.ask("GET /auth/forward", &target).await.status, 200);
    assert_eq!(world.ask("GET /auth/forward", &[]).await.status, 403);
    let (head, rest) = good.split_once('.').unwrap();
    let (middle, signature) = rest.rsplit_once('.').unwrap();
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"none","kid":""}"#);
    for bad in [
        key.text.clone(),
        String::new(),
        format!("{unsigned}.{middle}."),
        format!(
            "{head}.{}.{signature}",
            URL_SAFE_NO_PAD
                .encode(r#"{"iss":"latchkey","sub":"","aud":"registry.example.com","exp":9999999999,"access":[]}"#)
        ),
        format!("{head}.{middle}.{}", "A".repeat(86)),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(forward(world, &bad, "GET", "/v2/main/app/manifests/v1").await.status, 401, "{bad}");
    }
    world.revoke(key.token.id).await;
    let reply = forward(world, &good, "GET", "/v2/main/app/manifests/v1").await;
    assert_eq!(reply.status, 401);
    assert!(message(&reply).contains("revoked"), "{}", message(&reply));
    let challenge = "Bearer realm=\"https://packages.example.com/container/token\",service=\"registry.example.com\",scope=\"repository:main/app:pull\"";
    assert_eq!(reply.header("www-authenticate"), Some(challenge));
    let head = forward(world, &good, "HEAD", "/v2/main/app/manifests/v1").await;
    assert!(head.header("www-authenticate").unwrap().ends_with(",error=\"insufficient_scope\""));
    world.pass(Duration::seconds(121));
    assert_eq!(forward(world, &good, "GET", "/v2/").await.status, 401);
}

async fn a_mount_from_elsewhere_never_ends_a_push(world: &World) {
    let ada = world.account("ada").await;
    let bo = world.account("bo").await;
    world.feed("strange", false, bo).await;
    let key = world.key(ada, "container:push", "*").await;
    let both = ask(world, &key, &["repository:main/app:push,pull", "repository:strange/base:pull"]).await;
    assert_eq!(granted(&both), ["main/app:pull,push"]);
    let good = both.json()["token"].as_str().unwrap().to_owned();
    for (from, status) in [("main/base", 200), ("strange/base", 401), ("nowhere/base", 401), ("base", 401)] {
        let target = format!("/v2/main/app/blobs/uploads/?mount=sha256:abc&from={from}");
        let reply = forward(world, &good, "POST", &target).await;
        assert_eq!(reply.status, status, "{from}");
        assert!(!reply.header("www-authenticate").unwrap_or_default().contains("error="));
    }
}

async fn a_refreshed_key_is_refused_at_once(world: &World) {
    let key = world.key(world.account("ada").await, "container:pull", "*").await;
    let good = proof(world, &key, "repository:main/app:pull").await;
    // Within the same second.
    let fresh = world.refreshed(&key).await;
    assert_ne!(fresh.text, key.text);
    let reply = forward(world, &good, "GET", "/v2/main/app/manifests/v1").await;
    assert!(reply.status == 401 && message(&reply).contains("replaced"), "{reply:?}");
    let good = proof(world, &fresh, "repository:main/app:pull").await;
    assert_eq!(forward(world, &good, "GET", "/v2/main/app/manifests/v1").await.status, 200);
    world.set_account_disabled(key.token.account, true).await;
    assert_eq!(forward(world, &good, "GET", "/v2/main/app/manifests/v1").await.status, 401);
}

async fn what_a_client_says_about_its_request_is_not_believed(world: &World) {
    let key = world.key(world.account("ada").await, "container:pull", "*").await;
    let good = format!("Bearer {}", proof(world, &key, "repository:main/app:pull").await);
    let ask = async |headers: &[(&str, &str)]| {
        let whole: Vec<_> = [("Authorization", good.as_str())].into_iter().chain(headers.iter().copied()).collect();
        world.ask("GET /auth/forward", &whole).await.status
    };
    let (method, target) = (("X-Forwarded-Method", "PUT"), ("X-Forwarded-Uri", "/v2/main/app/manifests/v1"));
    assert_eq!(ask(&[method, target]).await, 403, "Caddy and Traefik say it so");
    assert_eq!(ask(&[("X-Forwarded-Method", "GET"), target]).await, 200);
    for lie in [("X-Original-Method", "GET"), ("X-Original-URI", "/v2/"), ("x-original-method", "PATCH")] {
        assert_eq!(ask(&[("X-Forwarded-Method", "GET"), target, lie]).await, if lie.1 == "GET" { 200 } else { 403 });
        assert_eq!(ask(&[method, target, lie]).await, 403, "{lie:?}");
    }
    // Headers of ours come from trusted proxies alone.
    for ours in [("X-Latchkey-Permission", "npm:pull"), ("X-Latchkey-Feed", "main"), ("X-Latchkey-Package", "a")] {
        assert_eq!(ask(&[("X-Forwarded-Method", "GET"), target, ours]).await, 403, "{ours:?}");
    }
}

async fn behind_traefik(engine: Engine) -> World {
    let change = |settings: &mut Settings| {
        settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        settings.registry_services = vec!["registry.example.com".to_owned(), "other".to_owned()];
    };
    World::published_with(engine, change, Patience::default()).await
}

/// Traefik's `forwardAuth` asks with GET and tells method, scheme, host, address and client in headers of its own, beside
/// all that the client sent but the body; the middleware before it has taken the other names for the same away
/// (Traefik 3, "ForwardAuth").
async fn what_traefik_sends_is_judged_as_what_nginx_sends(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "container:pull npm:pull", "main/app files.*").await;
    let bearer = format!("Bearer {}", proof(world, &key, "repository:main/app:pull").await);
    let traefik = async |method: &str, uri: &str, more: &[(&str, &str)]| {
        let own = [
            ("X-Forwarded-Method", method),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Host", "registry.example.com"),
            ("X-Forwarded-Uri", uri),
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-Port", "443"),
            ("X-Real-Ip", "203.0.113.9"),
        ];
        let all: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        world.ask("GET /auth/forward", &all).await
    };
    let credential = [("Authorization", bearer.as_str()), ("Accept-Encoding", "gzip")];
    for (method, uri, status) in [
        ("GET", "/v2/main/app/manifests/v1", 200),
        ("HEAD", "/v2/main/app/blobs/sha256:abc", 200),
        ("PUT", "/v2/main/app/manifests/v1", 403),
        ("POST", "/v2/main/app/blobs/uploads/?mount=sha256:abc&from=main/app", 403),
        ("GET", "/v2/main/other/tags/list?n=1", 403),
        ("GET", "/v2/main/app/%2e%2e/other/tags/list", 403),
        ("GET", "/v2//main/app/tags/list", 403),
    ] {
        let reply = traefik(method, uri, &credential).await;
        assert_eq!(reply.status, status, "{method} {uri}");
        let forwarded = forward(world, bearer.strip_prefix("Bearer ").unwrap(), method, uri).await;
        assert_eq!((forwarded.status, forwarded.text()), (reply.status, reply.text()), "{method} {uri}");
    }
    assert_eq!(traefik("GET", "/v2/", &[]).await.status, 200, "the registry sends its challenge");
    let said = [
        ("X-Latchkey-Permission", "npm:pull"),
        ("X-Latchkey-Feed", "main"),
        ("X-Latchkey-Package", "files.releases"),
        ("Authorization", key.text.as_str()),
    ];
    assert_eq!(traefik("GET", "/releases/app.txt?x", &said).await.status, 200);
    assert_eq!(traefik("POST", "/releases/app.txt", &said).await.status, 403);
    world.revoke(key.token.id).await;
    assert_eq!(traefik("GET", "/releases/app.txt", &said).await.status, 401);
    let reply = traefik("GET", "/v2/main/app/manifests/v1", &credential).await;
    assert!(reply.status == 401 && message(&reply).contains("revoked"), "{reply:?}");
    let refused = world.database.texts("SELECT DISTINCT address FROM refusals", &[]).await;
    assert!(refused.iter().all(|address| address == "203.0.113.9"), "{refused:?}");
}

async fn any_service_behind_the_proxy_is_read_with_a_key(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "npm:pull nuget:push", "files.*").await;
    let other = world.key(ada, "nuget:pull", "*").await;
    let service = async |feed: &str, (permission, package): (&str, &str), headers: &[(&str, &str)]| {
        let said = [
            ("X-Latchkey-Permission", permission),
            ("X-Latchkey-Feed", feed),
            ("X-Latchkey-Package", package),
            ("X-Original-Method", "GET"),
        ];
        let whole = said.into_iter().filter(|(_, value)| !value.is_empty()).chain(headers.iter().copied());
        world.ask("GET /auth/forward", &whole.collect::<Vec<_>>()).await
    };
    let (basic, bearer) = (basic(&key.text), format!("Bearer {}", key.text));
    let files = ("npm:pull", "files.releases");
    for credential in [basic.as_str(), bearer.as_str(), key.text.as_str()] {
        for feed in ["main", ""] {
            assert_eq!(service(feed, files, &[("Authorization", credential)]).await.status, 200, "{credential}");
        }
    }
    for (feed, asked) in [
        ("main", ("npm:pull", "other")),
        ("main", ("nuget:pull", "files.releases")),
        ("nowhere", files),
        ("main", ("nuget:push", "files.releases")),
        ("main", ("api:read", "files.releases")),
        ("main", ("npm:pull", "")),
        ("main", ("", "files.releases")),
        ("main", ("npm:pull", "files releases")),
        ("../main", files),
    ] {
        let reply = service(feed, asked, &[("Authorization", &bearer)]).await;
        assert_eq!(reply.status, 403, "{feed} {asked:?}");
        assert_eq!(reply.header("x-latchkey-message").unwrap(), message(&reply));
    }
    let put = service("main", files, &[("Authorization", &bearer), ("X-Forwarded-Method", "PUT")]).await;
    assert_eq!(put.status, 403, "read only");
    for headers in [&[][..], &[("Authorization", "Basic Og==")], &[("Authorization", "lk_nonsense")]] {
        let reply = service("main", files, headers).await;
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"packages.example.com\""));
        assert_eq!(reply.status, 401);
    }
    let twice = [("Authorization", bearer.as_str()), ("X-NuGet-ApiKey", &other.text)];
    assert_eq!(service("main", files, &twice).await.status, 401);
    world.revoke(key.token.id).await;
    let reply = service("main", files, &[("Authorization", &bearer)]).await;
    assert!(reply.status == 401 && message(&reply).contains("revoked"), "{reply:?}");
}
