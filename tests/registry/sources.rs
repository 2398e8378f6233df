//! Sources as people paste them: with slashes too many, and at addresses where no feed is.

use crate::support::{
    database::Engine,
    nupkg::nupkg,
    wire::{call, multipart},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    slashes_too_many_do_no_harm,
    whoever_looks_for_a_feed_where_none_is_is_told_where_one_is,
    what_is_told_is_the_same_whether_or_not_there_is_such_a_feed,
}

const MAIN: &str = "https://packages.example.com/v3/index.json";
const TEAM: &str = "https://packages.example.com/feeds/team/nuget/v3/index.json";
const CLIENT: (&str, &str) = ("User-Agent", "NuGet Command Line/6.9.1 (Unix 5.15)");

async fn slashes_too_many_do_no_harm(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    for (number, path) in
        ["/v3/package/", "/v3//package", "//v3/package", "/feeds/main//nuget/v3/package//"].into_iter().enumerate()
    {
        let pushed = world.push_to(path, &key, &nupkg("Contoso.Core", &format!("1.0.{number}"))).await;
        assert_eq!(pushed.status, 201, "{path}");
    }
    for path in [
        "/v3/index.json/",
        "/v3//index.json",
        "//v3/index.json",
        "/feeds//main/nuget/v3/index.json/",
        "/v3/query/?q=contoso&take=1",
        "/v3/autocomplete/?q=contoso",
        "/v3/flat//contoso.core/index.json",
        "/v3/flat/contoso.core/1.0.0//contoso.core.1.0.0.nupkg",
        "/v3/registration/contoso.core/index.json/",
    ] {
        let reply = world.get(path, &key).await;
        assert_eq!((reply.status, reply.body.is_empty()), (200, false), "{path}");
    }
    let found = world.get("/v3/autocomplete/?q=nothing//here", &key).await.json();
    assert_eq!(found["totalHits"], 0, "the query is left as it is");
    let unlisted = world.ask("DELETE /v3/package//Contoso.Core/1.0.0/", &[("X-NuGet-ApiKey", &key.text)]).await;
    assert_eq!(unlisted.status, 204);
}

async fn whoever_looks_for_a_feed_where_none_is_is_told_where_one_is(world: &World) {
    let ada = world.account("ada").await;
    world.feed("team", false, ada).await;
    let key = world.key(ada, "nuget:push", "*").await;
    for path in [
        "",
        "/",
        "/v3",
        "/v3/",
        "/V3/index.json",
        "/index.json",
        "/nuget",
        "/nuget/v3/index.json",
        "/api/v2",
        "/api/v2/package/",
        "/api/v3/index.json",
        "/v3/nothing",
    ] {
        let path = if path.is_empty() { "/" } else { path };
        assert_told(world, path, MAIN, &key.text).await;
    }
    for path in
        ["/feeds/main", "/feeds/main/", "/feeds/main/nuget", "/feeds/main/index.json", "/feeds/main/nuget/index.json"]
    {
        assert_told(world, path, MAIN, &key.text).await;
    }
    for path in [
        "/feeds/team",
        "/feeds/team/nuget",
        "/feeds/team/nuget/",
        "/feeds/team/nuget/v3",
        "/feeds/team/v3/index.json",
        "/nuget/team/v3/index.json",
        "/team/nuget/v3/index.json",
        "/feeds/team/nuget/api/v2/package",
    ] {
        assert_told(world, path, TEAM, &key.text).await;
    }
    let reply = world.ask("GET /feeds/Team/nuget/v3/index.json", &[]).await;
    assert_eq!((reply.status, reply.text().contains(TEAM)), (404, true), "names of feeds are in lower case");
}

/// What clients ask of such a source: to push, to delete, and to read in either protocol.
async fn assert_told(world: &World, path: &str, source: &str, key: &str) {
    let below = path.trim_end_matches('/');
    let (kind, body) = multipart(&nupkg("Contoso.Core", "1.0.0"));
    let push = [("X-NuGet-ApiKey", key), ("Content-Type", &*kind), CLIENT];
    let headers = [("X-NuGet-ApiKey", key), CLIENT];
    for (line, headers, body) in [
        (format!("PUT {path}"), &push[..], &body[..]),
        (format!("DELETE {below}/Contoso.Core/1.0.0"), &headers[..], b""),
        (format!("GET {path}"), &headers[1..], b""),
        (format!("GET {below}/FindPackagesById()?id='Contoso.Core'"), &headers[1..], b""),
        (format!("GET {below}/FindPackagesById()?id='Contoso.Core'"), &[], b""),
    ] {
        let reply = call(world.address(), &line, headers, body).await;
        let (status, phrase, told) = reply.told();
        let printed = match source {
            MAIN => "This is not a NuGet source. Use https://packages.example.com/v3/index.json as the source",
            _ => "This is not a NuGet source: those of feeds end in /nuget/v3/index.json",
        };
        assert_eq!((status, phrase), (404, printed), "{line}");
        assert!(told.is_some_and(|told| told.contains(&format!("Use {source} as the source"))), "{line}: {told:?}");
        assert_eq!(reply.text(), told.unwrap());
    }
}

async fn what_is_told_is_the_same_whether_or_not_there_is_such_a_feed(world: &World) {
    let ada = world.account("ada").await;
    world.feed("team", false, ada).await;
    world.feed("open", true, ada).await;
    for path in ["", "/nuget", "/nuget/v3", "/v3/index.json", "/index.json"] {
        let ask = async |feed: &str| {
            let reply = world.ask(&format!("GET /feeds/{feed}{path}"), &[CLIENT]).await;
            (
                reply.status,
                reply.text().replace(feed, "FEED"),
                reply.header("x-nuget-warning").map(|told| told.replace(feed, "FEED")),
            )
        };
        let nowhere = ask("nowhere").await;
        assert_eq!(nowhere.0, 404);
        assert_eq!([ask("team").await, ask("open").await], [nowhere.clone(), nowhere], "{path}");
    }
}

#[actix_web::test]
async fn pages_are_pages_to_browsers() {
    let world = World::published(Engine::Sqlite).await;
    let ada = world.account("ada").await;
    world.feed("nuget", true, ada).await;
    let browser = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0")];
    let reply = world.ask("GET /feeds/nuget", &browser).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let reply = world.ask("GET /nowhere", &browser).await;
    assert_eq!((reply.status, reply.header("x-nuget-warning")), (404, None));
    world.end().await;
}

#[actix_web::test]
async fn a_source_without_the_public_path_is_told_the_right_one() {
    let world = World::published_below("/keys").await;
    for path in ["/v3/index.json", "/keys/", "/keys/nuget", "/keys/api/v2"] {
        let reply = world.ask(&format!("GET {path}"), &[CLIENT]).await;
        let told = reply.header("x-nuget-warning").unwrap_or_default();
        assert_eq!(
            (reply.status, told.contains("Use https://packages.example.com/keys/v3/index.json")),
            (404, true),
            "{path}"
        );
    }
    let bare = world.ask("GET /keys", &[CLIENT]).await;
    assert_eq!((bare.status, bare.header("location")), (308, Some("/keys/")), "which leads to one that tells");
    assert_eq!(world.ask("GET /keys//v3//index.json/", &[]).await.status, 200);
    assert_eq!(world.ask("GET /nowhere", &[]).await.header("x-nuget-warning"), None);
    world.end().await;
}
