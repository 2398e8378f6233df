//! Credentials of every odd form.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::support::{
    database::Engine,
    nupkg::nupkg,
    wire::{basic, call, multipart},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    credentials_of_odd_forms_open_nothing_and_break_nothing,
    a_key_counts_in_its_three_headers_and_nowhere_else,
    two_different_credentials_are_refused_and_two_equal_ones_are_one,
    a_stored_password_beside_a_key_is_ignored,
    a_key_in_place_of_the_username_is_told_where_it_belongs,
    a_placeholder_in_the_key_header_is_no_credential,
    malformed_keys_never_reach_the_database,
    other_methods_are_told_the_right_ones_whoever_asks,
}

fn basic_of(text: &[u8]) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

async fn credentials_of_odd_forms_open_nothing_and_break_nothing(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await.text;
    let good = |user: &str| basic_of(format!("{user}:{key}").as_bytes());
    for value in [good("api"), good("api").replace("Basic", "bAsIc"), good("a b"), format!("BEARER {key}")] {
        let reply = world.ask("GET /v3/query", &[("Authorization", &value)]).await;
        assert_eq!(reply.status, 200, "{value}");
    }
    for value in [
        "Basic".to_owned(),
        "Basic !!!".to_owned(),
        good("").clone(),
        good("api").trim_end_matches('=').replace('=', "") + "-_",
        good("api").replace("Basic ", "Basic  "),
        good("api").replace("Basic ", "Basic\t"),
        basic_of(b"nocolon"),
        basic_of(b"user:"),
        basic_of(b"user:\xff\xfe"),
        basic_of(format!("api:x:{key}").as_bytes()),
        basic_of(format!("{key}:x-oauth-basic").as_bytes()),
        basic_of(format!("api:{key}\0").as_bytes()),
        basic_of(format!("api:{}", STANDARD.encode(&key)).as_bytes()),
        format!("Bearer {key}x"),
        format!("Bearer {}", &key[..48]),
        format!("Bearer {}", &key[..7]),
        format!("Bearer Bearer {key}"),
        format!("Bearer \"{key}\""),
        format!("Bearer {}", key.to_uppercase()),
        format!("Bearer {}", key.replace('_', "%5f")),
        format!("Bearer {key}, Bearer {key}"),
        format!("Token {key}"),
        format!("Negotiate {key}"),
        format!("Digest username=\"{key}\""),
    ] {
        let reply = world.ask("GET /v3/query", &[("Authorization", &value)]).await;
        assert_eq!((reply.status, reply.phrase.as_str()), (401, "Not a valid access token"), "{value}");
        assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"packages.example.com\""));
    }
}

async fn a_key_counts_in_its_three_headers_and_nowhere_else(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await.text;
    let proxy = format!("Bearer {key}");
    for headers in [
        vec![("Proxy-Authorization", proxy.as_str())],
        vec![("Cookie", key.as_str())],
        vec![("X-NuGet-ApiKey", "")],
        vec![("X-NuGet-ApiKey", "\t")],
    ] {
        assert_eq!(world.ask("GET /v3/query", &headers).await.status, 401, "{headers:?}");
    }
    for path in [format!("/v3/query?api_key={key}"), format!("/v3/query?token={key}&access_token={key}")] {
        assert_eq!(world.ask(&format!("GET {path}"), &[]).await.status, 401);
    }
    assert_eq!(world.ask(&format!("GET /v3/{key}/query"), &[]).await.status, 404);
}

async fn two_different_credentials_are_refused_and_two_equal_ones_are_one(world: &World) {
    let ada = world.account("ada").await;
    let [one, other] = [world.key(ada, "nuget:pull", "*").await.text, world.key(ada, "nuget:pull", "*").await.text];
    let ask = async |headers: &[(&str, &str)]| world.ask("GET /v3/query", headers).await.status;
    assert_eq!(ask(&[("X-NuGet-ApiKey", &one), ("Authorization", &basic(&one))]).await, 200);
    assert_eq!(ask(&[("X-NuGet-ApiKey", &one), ("Authorization", &basic(&other))]).await, 400);
    assert_eq!(ask(&[("X-NuGet-ApiKey", &one), ("Authorization", "Bearer nonsense")]).await, 400);
    assert_eq!(ask(&[("X-NuGet-ApiKey", &one), ("X-NuGet-ApiKey", &one)]).await, 400);
    assert_eq!(ask(&[("Authorization", &basic(&one)), ("Authorization", &basic(&one))]).await, 400);
    assert_eq!(ask(&[("X-NuGet-ApiKey", &one), ("Authorization", "Basic Og==")]).await, 200);
    assert_eq!(ask(&[("Authorization", &basic(&one)), ("Cookie", "session=abc")]).await, 200);
}

async fn a_stored_password_beside_a_key_is_ignored(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await.text;
    let both = [("X-NuGet-ApiKey", &*key), ("Authorization", &*basic_of(b"u:pw"))];
    assert_eq!(world.ask("GET /v3/query", &both).await.status, 200);
}

async fn a_key_in_place_of_the_username_is_told_where_it_belongs(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await.text;
    for password in ["", "x-oauth-basic"] {
        let value = basic_of(format!("{key}:{password}").as_bytes());
        let reply = world.ask("GET /v3/query", &[("Authorization", &value)]).await;
        assert_eq!((reply.status, reply.phrase.as_str()), (401, "Not a valid access token"));
        let said = reply.header("x-nuget-warning").unwrap();
        assert!(said.contains("Send it as the password") && !said.contains(&key), "{said}");
    }
}

async fn a_placeholder_in_the_key_header_is_no_credential(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await.text;
    let guid = "5f1d2c3b-89ab-4cde-8f01-23456789abcd";
    for placeholder in ["az", "AzureArtifacts", "RequiredApiKey", "ada", "a b", guid, &"k".repeat(64)] {
        let alone = [("X-NuGet-ApiKey", placeholder)];
        for line in ["GET /v3/query", "PUT /v3/package", "DELETE /v3/package/Az/1.0.0", "POST /v3/package/Az/1.0.0"] {
            let reply = world.ask(line, &alone).await;
            assert_eq!(reply.told(), (401, "No access token was sent", None), "{line} {placeholder}");
            assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"packages.example.com\""));
        }
        let (kind, body) = multipart(&nupkg("Az", &format!("1.0.{}", placeholder.len())));
        for credential in [basic(&key), format!("Bearer {key}")] {
            let both = [("X-NuGet-ApiKey", placeholder), ("Authorization", &*credential), ("Content-Type", &*kind)];
            let pushed = call(world.address(), "PUT /v3/package", &both, &body).await.status;
            assert!(matches!(pushed, 201 | 409), "{placeholder} {pushed}");
            assert_eq!(world.ask("GET /v3/query", &both[..2]).await.status, 200, "{placeholder}");
            let empty = [("X-NuGet-ApiKey", placeholder), ("Authorization", "Basic Og==")];
            assert_eq!(world.ask("GET /v3/query", &empty).await.status, 401);
        }
        let bearer = format!("Bearer {key}");
        let both = [("X-NuGet-ApiKey", placeholder), ("Authorization", &*bearer)];
        assert_eq!(world.ask("GET /v1/tokens/current", &both).await.status, 200, "{placeholder}");
    }
    world.feed("open", true, ada).await;
    let open = world.ask("GET /feeds/open/nuget/v3/query", &[("X-NuGet-ApiKey", "az")]).await;
    assert_eq!(open.status, 200, "a public feed is read without a credential");
    let list = format!("account,key,created\nada,{guid},2016-05-01\n");
    latchkey::cli::legacy::import(&world.app(), list.as_bytes(), None).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let both = [("X-NuGet-ApiKey", guid), ("Authorization", &*basic(&key))];
    assert_eq!(world.ask("GET /v3/query", &both).await.status, 400, "such keys are in use now");
    assert_eq!(world.ask("GET /v3/query", &both[..1]).await.status, 200);
}

#[actix_web::test]
async fn a_head_too_large_is_refused_before_anything_is_looked_at() {
    let world = World::published(Engine::Sqlite).await;
    for header in ["X-NuGet-ApiKey", "Authorization"] {
        let reply = world.ask("GET /v3/query", &[(header, &"x".repeat(200_000))]).await;
        assert!((400..=431).contains(&reply.status), "{}", reply.status);
    }
    assert_eq!(world.ask("GET /v3/query", &[]).await.status, 401, "the next one is served");
    world.end().await;
}

async fn malformed_keys_never_reach_the_database(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    world.store().close().await;
    let line = "DELETE /v3/package/A/1.0.0";
    let swapped = format!("{}{}", &key.text[..48], if key.text.ends_with('0') { '1' } else { '0' });
    for text in ["lk_", "x", &key.text[..48], &format!("{}0", key.text), &swapped, &"0123abcd-".repeat(3)] {
        let reply = world.ask(line, &[("X-NuGet-ApiKey", text)]).await;
        let told = match text.starts_with("lk_") {
            true => (403, "Not a valid access token"),
            false => (401, "No access token was sent"),
        };
        assert_eq!((reply.status, reply.phrase.as_str()), told, "{text}");
        assert_eq!(world.ask("GET /v3/query", &[("Authorization", &basic(text))]).await.status, 401, "{text}");
        let bearer = format!("Bearer {text}");
        assert_eq!(world.ask("GET /v1/tokens/current", &[("Authorization", &bearer)]).await.status, 401, "{text}");
    }
    for path in ["/v3/query", "/api/v1/packages"] {
        let reply = world.get(path, &key).await;
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("2")), "{path}");
    }
    assert_eq!(world.push(&key, &nupkg("A", "1.0.0")).await.status, 503);
}

async fn other_methods_are_told_the_right_ones_whoever_asks(world: &World) {
    let ada = world.account("ada").await;
    let key = format!("Bearer {}", world.key(ada, "nuget:pull", "*").await.text);
    for (line, allowed) in [
        ("OPTIONS /v3/query", "GET, HEAD"),
        ("POST /v3/index.json", "GET, HEAD"),
        ("GET /v3/package", "PUT"),
        ("GET /v3/package/A/1.0.0", "DELETE, POST"),
        ("PUT /v3/flat/a/index.json", "GET, HEAD"),
    ] {
        for headers in [vec![], vec![("Authorization", key.as_str())]] {
            let reply = world.ask(line, &headers).await;
            assert_eq!((reply.status, reply.header("allow"), reply.body.len()), (405, Some(allowed), 0), "{line}");
        }
    }
    for path in ["/v3", "/v3/", "/v3/nothing", "/v3/flat/a", "/v3/flat/a/1.0.0/b.nupkg", "/v3/flat/a/1.0.0/../x"] {
        assert_eq!(world.ask(&format!("GET {path}"), &[("Authorization", &key)]).await.status, 404, "{path}");
    }
    assert_eq!(world.ask("HEAD /v3/query", &[]).await.status, 401);
}
