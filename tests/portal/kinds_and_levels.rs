//! What the choices of the form of a new token come to, for each kind of packages, and what tokens of each level may do at
//! the doors: read, read and write, write only, everything.

use latchkey::{config::Settings, serve::Patience};
use serde_json::json;

use crate::support::{
    database::Engine,
    npm::{document, package},
    nupkg::nupkg,
    person::{Browser, newest_token},
    wire::{Reply, call, multipart},
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    with_registry =>
    each_kind_and_permission_makes_exactly_its_scopes,
    any_username_but_an_empty_one_goes_with_a_token_in_every_client,
    a_token_never_signs_in_to_the_pages,
    a_level_allows_what_its_name_says_and_no_more,
    a_token_that_only_writes_to_one_feed_reads_nothing_and_writes_nowhere_else,
    there_is_no_limit_on_the_number_of_tokens,
}

async fn with_registry(engine: Engine) -> World {
    let world = World::still(engine, "2027-03-01T08:00:00Z").await;
    let registry = |settings: &mut Settings| settings.registry_services = vec!["registry".to_owned()];
    world.start_with(&[], registry, Patience::default()).await;
    world
}

/// A token by the form: its key.
async fn made(browser: &Browser, name: &str, (preset, kind): (&str, &str), permissions: &[&str]) -> String {
    let form = browser.get("/settings/tokens/new").await.form("/settings/tokens");
    let form =
        form.without("permission").set("name", name).set("patterns", "*").set("preset", preset).set("kind", kind);
    let form = permissions.iter().fold(form, |form, permission| form.add("permission", permission));
    let page = browser.submit(form).await;
    assert_eq!(page.status, 200, "{name}: {}", page.body);
    page.secret().unwrap()
}

async fn scopes(world: &World, name: &str) -> String {
    let id = newest_token(world, name).await;
    world.database.text("SELECT permissions FROM tokens WHERE id = $1", &[&id]).await
}

/// NuGet only, containers, or both: read, upload and delete are `pull`, `push` and `delete` of each.
async fn each_kind_and_permission_makes_exactly_its_scopes(world: &World) {
    let ada = world.ada().await;
    for (verb, scope) in [("Read", "pull"), ("Upload", "push"), ("Delete", "delete")] {
        for (kinds, names) in
            [("NuGet", &["nuget"][..]), ("Docker", &["container"]), ("Combined", &["nuget", "container"])]
        {
            let all: Vec<_> = names.iter().map(|kind| format!("{kind}:{scope}")).collect();
            let name = format!("{kinds} {verb}");
            made(&ada, &name, ("custom", "nuget"), &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
            assert_eq!(scopes(world, &name).await, all.join(" "), "{name}");
        }
    }
    for (name, choice, expected) in [
        ("Read and upload", ("read-write", "nuget"), "nuget:pull nuget:push"),
        ("One press", ("read-write", "combined"), "nuget:pull nuget:push container:pull container:push"),
        ("Read", ("read", "npm"), "npm:pull"),
        ("Write", ("write", "npm"), "npm:push"),
        ("Everything", ("full", "npm"), "npm:pull npm:push npm:delete api:read api:manage"),
        (
            "Everything of both",
            ("full", "combined"),
            "nuget:pull nuget:push nuget:delete container:pull container:push container:delete api:read api:manage",
        ),
    ] {
        made(&ada, name, choice, &[]).await;
        assert_eq!(scopes(world, name).await, expected, "{name}");
    }
}

fn basic(username: &str, password: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
}

async fn get(world: &World, path: &str, authorization: &str) -> Reply {
    call(world.address(), &format!("GET {path}"), &[("Authorization", authorization)], b"").await
}

const READS: [(&str, &str); 3] = [
    ("nuget", "/v3/flat/contoso.core/index.json"),
    ("npm", "/feeds/main/npm/ui"),
    ("container", "/container/token?service=registry&scope=repository:main/app:pull"),
];

async fn push(world: &World, kind: &str, version: &str, key: &str) -> u16 {
    let bearer = format!("Bearer {key}");
    match kind {
        "nuget" => {
            let (content, body) = multipart(&nupkg("Contoso.Core", version));
            let headers = [("X-NuGet-ApiKey", key), ("Content-Type", content.as_str())];
            call(world.address(), "PUT /v3/package", &headers, &body).await.status
        }
        "npm" => {
            let put = document("ui", version, "latest", &package("ui", version, json!({}))).to_string();
            let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
            call(world.address(), "PUT /feeds/main/npm/ui", &headers, put.as_bytes()).await.status
        }
        _ => granted(world, "push", key).await,
    }
}

async fn delete(world: &World, kind: &str, key: &str) -> u16 {
    match kind {
        "nuget" => {
            let line = "DELETE /v3/package/Contoso.Core/1.0.0";
            call(world.address(), line, &[("X-NuGet-ApiKey", key)], b"").await.status
        }
        "npm" => {
            let bearer = format!("Bearer {key}");
            let line = "DELETE /feeds/main/npm/ui/-rev/none";
            call(world.address(), line, &[("Authorization", &bearer)], b"").await.status
        }
        _ => granted(world, "delete", key).await,
    }
}

/// 200 where a token of the registry has a verb, and 401 where not.
async fn granted(world: &World, verb: &str, key: &str) -> u16 {
    let path = format!("/container/token?service=registry&scope=repository:main/app:{verb}");
    get(world, &path, &basic("api", key)).await.status
}

async fn any_username_but_an_empty_one_goes_with_a_token_in_every_client(world: &World) {
    let ada = world.ada().await;
    let all = made(&ada, "All", ("full", "all"), &[]).await;
    for kind in ["nuget", "npm"] {
        assert_eq!(push(world, kind, "1.0.0", &all).await, 201, "{kind}");
    }
    for (kind, path) in READS {
        for username in ["api", "ada", "somebody else", "\u{e9}"] {
            assert_eq!(get(world, path, &basic(username, &all)).await.status, 200, "{kind} {username}");
        }
        assert_eq!(get(world, path, &basic("", &all)).await.status, 401, "{kind}");
    }
    let packages = get(world, "/v1/packages", &format!("Bearer {all}")).await;
    assert_eq!((packages.status, packages.json()["packages"].as_array().unwrap().len()), (200, 2));
}

async fn a_token_never_signs_in_to_the_pages(world: &World) {
    let ada = world.ada().await;
    let key = made(&ada, "Everything", ("full", "all"), &[]).await;
    let browser = world.browser();
    for username in ["ada", "ada@example.com", "api"] {
        assert_eq!(browser.sign_in(username, &key).await.status, 422, "{username}");
    }
    for authorization in [basic("ada", &key), format!("Bearer {key}"), basic("ada", &password_of("ada"))] {
        assert_eq!(get(world, "/settings/tokens", &authorization).await.status, 303);
    }
}

async fn a_level_allows_what_its_name_says_and_no_more(world: &World) {
    let ada = world.ada().await;
    let all = made(&ada, "All", ("full", "all"), &[]).await;
    for kind in ["nuget", "npm"] {
        assert_eq!(push(world, kind, "1.0.0", &all).await, 201);
    }
    for (number, (kind, path)) in READS.into_iter().enumerate() {
        let refused = if kind == "container" { 401 } else { 403 };
        let level = async |preset: &str| made(&ada, &format!("{kind} {preset}"), (preset, kind), &[]).await;
        let reads = async |key: &str| get(world, path, &basic("api", key)).await.status;
        let manages = async |key: &str| {
            let can = get(world, "/v1/tokens/current/can?action=api:manage", &format!("Bearer {key}")).await;
            can.json()["allowed"] == true
        };
        let version = |minor: usize| format!("1.{number}.{minor}");
        let read = level("read").await;
        assert_eq!((reads(&read).await, manages(&read).await), (200, false), "{kind}");
        assert_eq!(push(world, kind, &version(1), &read).await, refused, "{kind} read");
        assert_eq!(delete(world, kind, &read).await, refused, "{kind} read");
        let write = level("read-write").await;
        assert_eq!((reads(&write).await, manages(&write).await), (200, false), "{kind}");
        assert!([200, 201].contains(&push(world, kind, &version(2), &write).await), "{kind} read-write");
        assert_eq!(delete(world, kind, &write).await, refused, "{kind} read-write");
        let only = level("write").await;
        // A registry asks for both at every push.
        assert_eq!(reads(&only).await, if kind == "container" { 200 } else { 403 }, "{kind} write");
        assert!([200, 201].contains(&push(world, kind, &version(3), &only).await), "{kind} write");
        let full = level("full").await;
        assert_eq!((reads(&full).await, manages(&full).await), (200, true), "{kind}");
        assert!([200, 201].contains(&push(world, kind, &version(4), &full).await), "{kind} full");
        let deleted = delete(world, kind, &full).await;
        // npm's clients say which state of the package they have seen; the feed's owners alone delete images.
        let expected = match kind {
            "nuget" => 204,
            "npm" => 409,
            _ => 401,
        };
        assert_eq!(deleted, expected, "{kind} full");
    }
}

async fn a_token_that_only_writes_to_one_feed_reads_nothing_and_writes_nowhere_else(world: &World) {
    let ada = world.ada().await;
    let id = world.store().account_named("ada").await.unwrap().unwrap().id;
    let team = world.feed("team", false, id).await.to_string();
    let form = ada.get("/settings/tokens/new").await.form("/settings/tokens");
    let form = form.set("name", "Robot").set("patterns", "*").set("preset", "write").set("kind", "nuget");
    let page = ada.submit(form.set("feeds", "some").without("feed").add("feed", &team)).await;
    let key = page.secret().unwrap_or_else(|| panic!("{}", page.body));
    let put = async |path: &str| {
        let (content, body) = multipart(&nupkg("Contoso.Core", "1.0.0"));
        let headers = [("X-NuGet-ApiKey", key.as_str()), ("Content-Type", content.as_str())];
        call(world.address(), &format!("PUT {path}"), &headers, &body).await.status
    };
    assert_eq!(put("/feeds/team/nuget/v3/package").await, 201);
    assert_eq!(put("/v3/package").await, 403);
    for path in ["/feeds/team/nuget/v3/flat/contoso.core/index.json", "/v3/flat/contoso.core/index.json"] {
        assert_eq!(get(world, path, &basic("api", &key)).await.status, 403, "{path}");
    }
}

async fn there_is_no_limit_on_the_number_of_tokens(world: &World) {
    let ada = world.ada().await;
    let mut keys = Vec::new();
    for number in 0..30 {
        keys.push(made(&ada, &format!("Token {number}"), ("read", "nuget"), &[]).await);
    }
    let first = newest_token(world, "Token 0").await;
    ada.must(&first, "revoke").await;
    assert!(world.refusal(&keys[0]).await.is_some());
    for key in &keys[1..] {
        assert_eq!(world.refusal(key).await, None, "what is done to one disturbs no other");
    }
}
