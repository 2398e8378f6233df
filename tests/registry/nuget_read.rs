//! What readers find: the service index, feeds public and private, searches, pages of versions, warnings.

use chrono::Duration;
use latchkey::tokens::{Feeds, decision::Role};
use serde_json::Value;

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    the_service_index_is_alike_for_every_feed_name_and_needs_no_key,
    without_a_key_a_private_feed_and_no_feed_answer_alike_and_without_warning,
    a_public_feed_is_read_without_a_key_and_written_only_with_one,
    a_key_sees_nothing_its_patterns_do_not_cover,
    searches_know_prereleases_and_old_clients_and_refuse_odd_numbers,
    packages_are_searched_by_their_owner_where_owners_are_shown,
    a_key_that_ends_soon_says_so_on_every_success_but_not_on_the_index,
}

async fn the_service_index_is_alike_for_every_feed_name_and_needs_no_key(world: &World) {
    let main = world.ask("GET /feeds/main/nuget/v3/index.json", &[]).await;
    let unknown = world.ask("GET /feeds/nowhere/nuget/v3/index.json", &[("X-NuGet-ApiKey", "nonsense")]).await;
    assert_eq!((main.status, unknown.status), (200, 200));
    assert_eq!(main.text().replace("/feeds/main/", "/feeds/nowhere/"), unknown.text());
    let short = world.ask("GET /v3/index.json", &[]).await;
    assert_eq!(main.text().replace("/feeds/main/nuget/v3/", "/v3/"), short.text());
    let types: Vec<Value> =
        short.json()["resources"].as_array().unwrap().iter().map(|found| found["@type"].clone()).collect();
    for wanted in [
        "PackagePublish/2.0.0",
        "SymbolPackagePublish/4.9.0",
        "PackageBaseAddress/3.0.0",
        "RegistrationsBaseUrl",
        "RegistrationsBaseUrl/3.4.0",
        "RegistrationsBaseUrl/3.6.0",
        "SearchQueryService",
        "SearchQueryService/3.5.0",
        "SearchAutocompleteService/3.5.0",
    ] {
        assert!(types.contains(&Value::from(wanted)), "{wanted}");
    }
    for name in ["A", "x", "-a", "a..b", "A-b", "main%00", &"a".repeat(41)] {
        assert_eq!(world.ask(&format!("GET /feeds/{name}/nuget/v3/index.json"), &[]).await.status, 404, "{name}");
    }
}

#[actix_web::test]
async fn links_come_from_the_public_address_with_its_path() {
    let world = World::published_below("/keys").await;
    let index = world.ask("GET /keys/v3/index.json", &[]).await.text();
    assert!(index.contains("\"https://packages.example.com/keys/v3/flat/\"") && !index.contains("elsewhere"));
    assert_eq!(world.ask("GET /v3/index.json", &[]).await.status, 404);
    world.end().await;
}

async fn without_a_key_a_private_feed_and_no_feed_answer_alike_and_without_warning(world: &World) {
    let ada = world.account("ada").await;
    world.feed("team", false, ada).await;
    let mut seen = Vec::new();
    for feed in ["main", "team", "nowhere"] {
        for path in [
            "GET query",
            "GET flat/a/index.json",
            "GET registration/a/index.json",
            "DELETE package/a/1.0.0",
            "PUT package",
        ] {
            let (method, path) = path.split_once(' ').unwrap();
            let line = format!("{method} /feeds/{feed}/nuget/v3/{path}");
            for headers in [vec![], vec![("Authorization", "Basic Og==")]] {
                let reply = world.ask(&line, &headers).await;
                assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"packages.example.com\""), "{line}");
                assert_eq!(reply.told(), (401, "No access token was sent", None), "{line}");
                seen.push(reply.body);
            }
        }
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]));
}

async fn a_public_feed_is_read_without_a_key_and_written_only_with_one(world: &World) {
    let ada = world.account("ada").await;
    world.feed("open", true, ada).await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    world.push_to("/feeds/open/nuget/v3/package", &key, &nupkg("Contoso.Core", "1.0.0")).await;
    for path in [
        "query",
        "flat/contoso.core/index.json",
        "flat/contoso.core/1.0.0/contoso.core.1.0.0.nupkg",
        "registration/contoso.core/index.json",
    ] {
        assert_eq!(world.ask(&format!("GET /feeds/open/nuget/v3/{path}"), &[]).await.status, 200, "{path}");
    }
    assert_eq!(world.ask("GET /feeds/open/nuget/v3/flat/other/index.json", &[]).await.status, 404);
    for line in ["PUT package", "DELETE package/Contoso.Core/1.0.0", "POST package/Contoso.Core/1.0.0"] {
        let line = line.replace(' ', " /feeds/open/nuget/v3/");
        assert_eq!(world.ask(&line, &[]).await.status, 401, "{line}");
    }
    let bo = world.account("bo").await;
    let bo = world.key(bo, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.get("/feeds/open/nuget/v3/query", &bo).await.status, 200);
    let pushed = world.push_to("/feeds/open/nuget/v3/package", &bo, &nupkg("New", "1.0.0")).await;
    assert_eq!(pushed.status, 403, "anonymous reading gives no right to write");
}

async fn a_key_sees_nothing_its_patterns_do_not_cover(world: &World) {
    let ada = world.account("ada").await;
    let all = world.key(ada, "nuget:pull nuget:push", "*").await;
    for id in ["Contoso.Core", "Contoso.Web", "Fabrikam.Core"] {
        assert_eq!(world.push(&all, &nupkg(id, "1.0.0")).await.status, 201);
    }
    let some = world.key(ada, "nuget:pull", "contoso.*").await;
    let ids = async |path: &str| {
        let found = world.get(path, &some).await.json();
        let names = found["data"].as_array().unwrap().iter().map(|hit| hit.get("id").unwrap_or(hit).clone());
        (found["totalHits"].clone(), names.collect::<Vec<_>>())
    };
    assert_eq!(ids("/v3/query?q=core").await, (1.into(), vec!["Contoso.Core".into()]));
    assert_eq!(ids("/v3/query?skip=1&take=1").await, (2.into(), vec!["Contoso.Web".into()]));
    assert_eq!(ids("/v3/autocomplete?q=c").await.1, ["Contoso.Core", "Contoso.Web"]);
    assert_eq!(ids("/v3/query?q=packageid:contoso.web").await.1, ["Contoso.Web"]);
    for path in [
        "flat/fabrikam.core/index.json",
        "flat/fabrikam.core/1.0.0/fabrikam.core.1.0.0.nupkg",
        "registration/fabrikam.core/index.json",
        "registration/fabrikam.core/1.0.0.json",
        "autocomplete?id=Fabrikam.Core",
    ] {
        let reply = world.get(&format!("/v3/{path}"), &some).await;
        assert_eq!(
            (reply.status, reply.phrase.as_str()),
            (403, "This access token does not cover the package"),
            "{path}"
        );
    }
    let main = world.store().feed("main", None).await.unwrap().unwrap().feed.id;
    let team = world.feed("team", false, ada).await;
    let elsewhere = world.key_for(ada, "nuget:pull", "*", Feeds::Some(vec![team]), None).await;
    assert_eq!(world.get("/v3/query", &elsewhere).await.status, 403);
    let here = world.key_for(ada, "nuget:pull", "*", Feeds::Some(vec![main]), None).await;
    assert_eq!(world.get("/v3/query", &here).await.status, 200);
}

async fn searches_know_prereleases_and_old_clients_and_refuse_odd_numbers(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    for (id, version) in
        [("A", "1.0.0"), ("A", "2.0.0-beta"), ("B", "1.0.0-rc.1"), ("C", "1.0.0+seven"), ("D_D", "1.0.0")]
    {
        assert_eq!(world.push(&key, &nupkg(id, version)).await.status, 201, "{id}");
    }
    let hits = async |query: &str| {
        let found = world.get(&format!("/v3/query?{query}"), &key).await.json();
        let hits = found["data"].as_array().unwrap().iter();
        hits.map(|hit| format!("{} {}", hit["id"].as_str().unwrap(), hit["version"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(hits("semVerLevel=2.0.0").await, ["A 1.0.0", "C 1.0.0+seven", "D_D 1.0.0"]);
    assert_eq!(hits("").await, ["A 1.0.0", "D_D 1.0.0"]);
    assert_eq!(hits("prerelease=true&semVerLevel=2.0.0&q=counts%20ada").await.len(), 4);
    assert_eq!(hits("prerelease=true").await, ["A 2.0.0-beta", "D_D 1.0.0"]);
    assert_eq!(hits("q=D_D").await, ["D_D 1.0.0"]);
    assert_eq!(hits("q=%25").await.len() + hits("q=Z_Z").await.len() + hits("q='").await.len(), 0);
    let versions = world.get("/v3/autocomplete?id=a&prerelease=true", &key).await.json()["data"].clone();
    assert_eq!(versions, serde_json::json!(["1.0.0", "2.0.0-beta"]));
    for query in ["take=10000", "take=99999999999999999999"] {
        let all = world.get(&format!("/v3/autocomplete/?q=&{query}"), &key).await.json();
        assert_eq!(all["data"].as_array().unwrap().len(), 2, "as Paket asks: {query}");
        assert_eq!(hits(query).await.len(), 2, "{query}");
    }
    for query in ["skip=3001", "skip=99999999999999999999"] {
        assert_eq!(hits(query).await.len(), 0, "{query}");
    }
    assert_eq!(hits("q=%22d_d%22%20d*").await, ["D_D 1.0.0"]);
    for query in ["take=-1", "take=x", "take=+1", "prerelease=maybe", "semVerLevel=3", "q=a&q=b", "take=1&take=1"] {
        let reply = world.get(&format!("/v3/query?{query}"), &key).await;
        assert_eq!((reply.status, reply.text().is_empty()), (400, false), "{query}");
    }
}

async fn packages_are_searched_by_their_owner_where_owners_are_shown(world: &World) {
    let (ada, bo) = (world.account("Ada").await, world.account("bo").await);
    let open = world.feed("open", true, ada).await;
    world.member(("open", open), bo, Role::Writer).await;
    let rights = "nuget:pull nuget:push";
    let (hers, his) = (world.key(ada, rights, "*").await, world.key(bo, rights, "*").await);
    for (key, id) in [(&hers, "Contoso.Core"), (&hers, "Contoso.Web"), (&his, "Fabrikam.Core")] {
        let pushed = world.push_to("/feeds/open/nuget/v3/package", key, &nupkg(id, "1.0.0")).await;
        assert_eq!(pushed.status, 201, "{id}");
    }
    let found = async |query: &str, key: Option<&Key>| {
        let bearer = key.map(|key| format!("Bearer {}", key.text)).unwrap_or_default();
        let headers: &[(&str, &str)] = if key.is_some() { &[("Authorization", bearer.as_str())] } else { &[] };
        let reply = world.ask(&format!("GET /feeds/open/nuget/v3/query?q={query}"), headers).await;
        let hits = if reply.status == 200 { reply.json()["data"].clone() } else { Value::Array(Vec::new()) };
        let names = hits.as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned());
        (reply.status, names.collect::<Vec<_>>())
    };
    let core = |names: &[&str]| (200, names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(found("owner:ada", Some(&his)).await, core(&["Contoso.Core", "Contoso.Web"]));
    assert_eq!(found("core%20Owner:ADA", Some(&his)).await, core(&["Contoso.Core"]));
    assert_eq!(found("owner:bo%20owner:BO", Some(&hers)).await, core(&["Fabrikam.Core"]));
    assert_eq!(found("owner:nobody", Some(&hers)).await, core(&[]));
    assert_eq!(found("owner:", Some(&hers)).await.1.len(), 3);
    assert_eq!(found("owner:ada%20owner:bo", Some(&hers)).await.0, 400);
    assert_eq!(found("owner:ada", None).await, core(&[]), "strangers are not told who owns what");
}

#[actix_web::test]
async fn many_versions_come_in_pages_in_the_order_of_versions() {
    let world = World::published(Engine::Sqlite).await;
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    for n in (0..66).rev() {
        assert_eq!(world.push(&key, &nupkg("Many", &format!("1.0.{n}"))).await.status, 201);
    }
    let index = world.get("/v3/registration/many/index.json", &key).await.json();
    let page = |n: usize| {
        (index["items"][n]["lower"].clone(), index["items"][n]["upper"].clone(), index["items"][n]["count"].clone())
    };
    assert_eq!(page(0), ("1.0.0".into(), "1.0.63".into(), 64.into()));
    assert_eq!(page(1), ("1.0.64".into(), "1.0.65".into(), 2.into()));
    assert!(index["items"][0].get("items").is_none());
    let address = index["items"][1]["@id"].as_str().unwrap().strip_prefix("https://packages.example.com").unwrap();
    let second = world.get(address, &key).await.json();
    assert_eq!(second["items"][1]["catalogEntry"]["version"], "1.0.65");
    assert_eq!(world.get("/v3/registration/many/page/2.0.0/3.0.0.json", &key).await.status, 404);
    world.end().await;
}

async fn a_key_that_ends_soon_says_so_on_every_success_but_not_on_the_index(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    world.push(&key, &nupkg("A", "1.0.0")).await;
    assert_eq!(world.get("/v3/query", &key).await.header("x-nuget-warning"), None);
    world.clock.advance(Duration::hours(80 * 24 + 1));
    let hint = key.token.hint.as_deref().unwrap();
    let sentence =
        format!("{hint} expires on 2027-02-21 14:00 UTC, in 10 days: refresh it under Settings, Access Tokens.");
    assert_eq!(world.push(&key, &nupkg("A", "1.0.1")).await.header("x-nuget-warning"), Some(sentence.as_str()));
    for path in ["query", "flat/a/index.json", "flat/a/1.0.0/a.1.0.0.nupkg", "registration/a/index.json"] {
        let reply = world.get(&format!("/v3/{path}"), &key).await;
        assert_eq!(reply.told(), (200, "OK", Some(sentence.as_str())), "{path}");
    }
    let header = [("X-NuGet-ApiKey", key.text.as_str())];
    let unlisted = world.ask("DELETE /v3/package/A/1.0.0", &header).await;
    assert_eq!(unlisted.told(), (204, "No Content", Some(sentence.as_str())));
    assert_eq!(world.ask("GET /v3/index.json", &header).await.header("x-nuget-warning"), None);
}
