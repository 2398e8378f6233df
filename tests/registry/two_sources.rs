//! A restore asks every source for every id, and takes what one of them has. What this feed lacks it says quietly; what it
//! has and the key does not cover it refuses, because behind a 404 the client would look for the name among strangers.

use std::net::TcpListener;

use chrono::Duration;
use latchkey::{
    cli::legacy::import,
    serve,
    tokens::{AccountId, Feeds, Token, decision::Reason},
    usage::{RefusalCursor, RefusalOfToken, day_of},
};

use crate::support::{
    nupkg::nupkg,
    published::start,
    wire::{Reply, basic, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    what_the_feed_lacks_is_not_there_quietly_for_every_key,
    what_the_feed_has_and_the_key_does_not_cover_is_refused_with_the_reason,
    such_a_refusal_is_noted_once_for_a_key_a_package_and_an_hour_on_all_nodes,
    a_package_of_which_every_version_was_removed_is_not_there,
    a_feed_may_pass_on_what_a_key_does_not_cover,
    on_a_public_feed_a_key_hides_nothing_that_is_open_without_one,
    whoever_wants_to_change_what_is_not_there_is_told,
}

const LEGACY: &str = "5f1d2c3b-89ab-4cde-8f01-23456789abcd";

/// Every way in which a client looks a package up.
fn look_ups(id: &str) -> [String; 6] {
    [
        format!("flat/{id}/index.json"),
        format!("flat/{id}/1.0.0/{id}.1.0.0.nupkg"),
        format!("flat/{id}/1.0.0/{id}.nuspec"),
        format!("registration/{id}/index.json"),
        format!("registration/{id}/page/1.0.0/1.0.0.json"),
        format!("registration/{id}/1.0.0.json"),
    ]
}

async fn ask(world: &World, path: &str, password: &str) -> Reply {
    world.ask(&format!("GET /v3/{path}"), &[("Authorization", &basic(password))]).await
}

async fn written(world: &World) {
    world.app().usage_buffer.write(&world.store()).await.unwrap();
}

async fn refusals(world: &World, account: AccountId) -> Vec<RefusalOfToken> {
    world.store().refusals_of_account(account, &RefusalCursor::newest(), 5_000).await.unwrap()
}

/// Uses and refusals of a token, and the packages it was used for.
async fn noted(world: &World, token: &Token) -> (i64, i64, Vec<String>) {
    written(world).await;
    let days = world.store().days_of(token.id, day_of(start())).await.unwrap();
    let (uses, refused) = days.iter().fold((0, 0), |sum, day| (sum.0 + day.uses, sum.1 + day.refusals));
    let work = world.store().work_of(token, start()).await.unwrap().work;
    (uses, refused, work.into_iter().map(|work| work.package).collect())
}

async fn what_the_feed_lacks_is_not_there_quietly_for_every_key(world: &World) {
    let ada = world.account("ada").await;
    let list = format!("account,key,created\nada,{LEGACY},2016-05-01\n");
    import(&world.app(), list.as_bytes(), None).await.unwrap();
    let some = world.key(ada, "nuget:pull", "Contoso.*").await;
    let all = world.key(ada, "nuget:pull nuget:push nuget:delete", "*").await;
    let ends_soon = world.key_for(ada, "nuget:pull", "Contoso.*", Feeds::All, Some(Duration::hours(30))).await;
    assert_eq!(world.push(&all, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    world.clock.advance(Duration::hours(10));
    for password in [&some.text, &all.text, &ends_soon.text, LEGACY] {
        for path in look_ups("newtonsoft.json") {
            let reply = ask(world, &path, password).await;
            assert_eq!(reply.told(), (404, "Not found", None), "{path}");
            assert_eq!(reply.header("www-authenticate"), None);
        }
        let found = ask(world, "autocomplete?id=Newtonsoft.Json", password).await;
        assert_eq!((found.status, found.json()["totalHits"].clone()), (200, 0.into()));
        assert_eq!(ask(world, "flat/contoso.core/index.json", password).await.status, 200);
    }
    let covered = ask(world, "flat/contoso.core/9.0.0/contoso.core.9.0.0.nupkg", &some.text).await;
    assert_eq!(covered.told(), (404, "Not found", None), "a version that is not there");
    assert_eq!(noted(world, &some.token).await, (2, 0, vec!["contoso.core".to_owned()]));
    let (_, refused, packages) = noted(world, &all.token).await;
    assert_eq!(refused, 0);
    assert!(!packages.iter().any(|name| name.contains("newtonsoft")), "{packages:?}");
    assert!(refusals(world, ada).await.is_empty());
}

async fn what_the_feed_has_and_the_key_does_not_cover_is_refused_with_the_reason(world: &World) {
    let ada = world.account("ada").await;
    let all = world.key(ada, "nuget:push nuget:delete", "*").await;
    for (id, version) in [("Fabrikam.Core", "1.0.0"), ("Fabrikam.Hidden", "1.0.0")] {
        assert_eq!(world.push(&all, &nupkg(id, version)).await.status, 201);
    }
    let unlisted = world.ask("DELETE /v3/package/Fabrikam.Hidden/1.0.0", &[("X-NuGet-ApiKey", &all.text)]).await;
    assert_eq!(unlisted.status, 204);
    let some = world.key(ada, "nuget:pull", "Contoso.*").await;
    let hint = some.token.hint.as_deref().unwrap();
    for id in ["fabrikam.core", "Fabrikam.Core", "fabrikam.hidden"] {
        let sentence = format!(
            "{hint} may read NuGet packages matching Contoso.*; {id} is not among them. Edit its patterns to add it."
        );
        for path in look_ups(id) {
            let reply = ask(world, &path, &some.text).await;
            let told = (403, "This access token does not cover the package", Some(sentence.as_str()));
            assert_eq!(reply.told(), told, "{path}");
        }
    }
    assert_eq!(ask(world, "autocomplete?id=Fabrikam.Core", &some.text).await.status, 403);
}

async fn such_a_refusal_is_noted_once_for_a_key_a_package_and_an_hour_on_all_nodes(world: &World) {
    let ada = world.account("ada").await;
    let all = world.key(ada, "nuget:push", "*").await;
    for id in ["Fabrikam.Core", "Fabrikam.Web"] {
        assert_eq!(world.push(&all, &nupkg(id, "1.0.0")).await.status, 201);
    }
    let some = world.key(ada, "nuget:pull", "Contoso.*").await;
    for client in ["NuGet .NET Core MSBuild Task/6.12.0", "NuGet Command Line/6.9.1"] {
        for path in look_ups("fabrikam.core") {
            let headers = [("Authorization", &*basic(&some.text)), ("User-Agent", client)];
            assert_eq!(world.ask(&format!("GET /v3/{path}"), &headers).await.status, 403);
        }
    }
    assert_eq!(noted(world, &some.token).await, (0, 1, vec![]));
    let node = world.another_process().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let server = serve::run(node.clone(), listener).unwrap();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    let line = "GET /v3/flat/FABRIKAM.CORE/index.json";
    assert_eq!(call(at, line, &[("Authorization", &basic(&some.text))], b"").await.status, 403);
    node.usage_buffer.write(&node.store).await.unwrap();
    assert_eq!(noted(world, &some.token).await.1, 1, "the other node sees that it was noted");
    handle.stop(false).await;
    node.store.close().await;
    assert_eq!(ask(world, "flat/fabrikam.web/index.json", &some.text).await.status, 403);
    assert_eq!(noted(world, &some.token).await.1, 2, "another package");
    world.clock.advance(Duration::hours(1));
    assert_eq!(ask(world, "flat/fabrikam.core/index.json", &some.text).await.status, 403);
    assert_eq!(noted(world, &some.token).await.1, 3, "another hour");
    let kept = refusals(world, ada).await;
    let times: i64 = kept.iter().map(|kept| kept.line.times).sum();
    assert!(kept.iter().all(|kept| kept.line.reason == Reason::PackageNotCovered));
    assert_eq!(times, 3);
}

async fn a_package_of_which_every_version_was_removed_is_not_there(world: &World) {
    let ada = world.account("ada").await;
    let all = world.key(ada, "nuget:push", "*").await;
    assert_eq!(world.push(&all, &nupkg("Fabrikam.Core", "1.0.0")).await.status, 201);
    world.sql("UPDATE versions SET removed_at = 1").await;
    world.sql("UPDATE packages SET listed_versions = 0, unlisted_versions = 0").await;
    for patterns in ["Contoso.*", "*"] {
        let key = world.key(ada, "nuget:pull", patterns).await;
        let reply = ask(world, "flat/fabrikam.core/index.json", &key.text).await;
        assert_eq!(reply.told(), (404, "Not found", None), "{patterns}");
    }
}

async fn a_feed_may_pass_on_what_a_key_does_not_cover(world: &World) {
    let ada = world.account("ada").await;
    let all = world.key(ada, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.push(&all, &nupkg("Fabrikam.Core", "1.0.0")).await.status, 201);
    let some = world.key(ada, "nuget:pull", "Contoso.*").await;
    let main = world.store().feed("main", None).await.unwrap().unwrap().feed;
    for (passes_on, status) in [(true, 404), (false, 403)] {
        let mut tx = world.tx().await;
        let by = latchkey::audit::Actor::host("test");
        tx.set_passes_on(&main, passes_on, &by, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        for path in look_ups("fabrikam.core") {
            let reply = ask(world, &path, &some.text).await;
            assert_eq!((reply.status, reply.header("x-nuget-warning").is_some()), (status, status == 403), "{path}");
        }
        assert_eq!(ask(world, "flat/fabrikam.core/index.json", &all.text).await.status, 200);
    }
    assert_eq!(noted(world, &some.token).await.1, 1, "only what was refused is noted");
}

async fn on_a_public_feed_a_key_hides_nothing_that_is_open_without_one(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    world.feed("open", true, ada).await;
    let all = world.key(ada, "nuget:push", "*").await;
    assert_eq!(world.push_to("/feeds/open/nuget/v3/package", &all, &nupkg("Fabrikam.Core", "1.0.0")).await.status, 201);
    let narrow = world.key(bo, "nuget:pull", "Contoso.*").await;
    let pushes = world.key_for(bo, "nuget:push", "Contoso.*", Feeds::Some(vec![]), None).await;
    for key in [&narrow, &pushes] {
        let found = world.get("/feeds/open/nuget/v3/query", key).await.json();
        assert_eq!(found["totalHits"], 1);
        for path in look_ups("fabrikam.core") {
            assert_eq!(world.get(&format!("/feeds/open/nuget/v3/{path}"), key).await.status, 200, "{path}");
        }
        let absent = world.get("/feeds/open/nuget/v3/flat/newtonsoft.json/index.json", key).await;
        assert_eq!(absent.told(), (404, "Not found", None));
    }
    world.revoke(narrow.token.id).await;
    assert_eq!(world.get("/feeds/open/nuget/v3/query", &narrow).await.status, 401, "a dead key opens nothing");
}

async fn whoever_wants_to_change_what_is_not_there_is_told(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:push nuget:delete", "*").await;
    let told = Some("There is nothing here, or this key cannot see it.");
    let unlisted = world.ask("DELETE /v3/package/Contoso.Core/1.0.0", &[("X-NuGet-ApiKey", &key.text)]).await;
    assert_eq!((unlisted.status, unlisted.header("x-nuget-warning")), (404, told));
    let pushed = world.push_to("/feeds/nowhere/nuget/v3/package", &key, &nupkg("Contoso.Core", "1.0.0")).await;
    assert_eq!((pushed.status, pushed.header("x-nuget-warning")), (404, told));
}
