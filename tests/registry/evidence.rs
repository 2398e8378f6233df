//! What keys do is counted exactly, in memory first, and added up in the rows.

use std::sync::Arc;

use chrono::Duration;
use latchkey::{
    auth::{Capacity, UsageBuffer},
    tokens::{AccountId, Kind, Permission, Verb, decision::Reason},
    usage::{
        CLIENT_USES_KEPT, ClientUse, PERMISSION_USES_KEPT, PermissionUse, REFUSALS_KEPT, RefusalCursor, RefusalOfToken,
        TokenUse, UsageEvent, day_of,
    },
};

use crate::support::{
    accounts::Key,
    database::Engine,
    nupkg::nupkg,
    published::start,
    wire::basic,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    uses_and_refusals_are_counted_once_each_and_only_when_written,
    a_request_that_was_refused_is_no_last_use,
    work_names_the_least_permission_that_would_have_done,
    equal_refusals_are_one_line_with_a_count,
    unknown_keys_leave_nothing_and_no_key_is_written_anywhere,
    late_uses_tell_how_often_an_old_key_came_back_since_the_last_refresh,
    two_nodes_add_up_and_what_cannot_be_written_is_kept,
    rows_and_memory_are_bounded_and_say_so,
    what_is_older_than_ninety_days_goes,
}

const CLIENT: (&str, &str) = ("User-Agent", "NuGet Command Line/5.8.0");
const ALL: &str = "nuget:pull nuget:push nuget:delete api:read";

async fn search(world: &World, key: &Key) -> u16 {
    world.ask("GET /v3/query", &[("Authorization", &basic(&key.text)), CLIENT]).await.status
}

async fn written(world: &World) {
    world.app().usage_buffer.write(&world.store()).await.unwrap();
}

/// Uses and refusals that are written.
async fn counted(world: &World, key: &Key) -> (i64, i64) {
    let days = world.store().days_of(key.token.id, day_of(start())).await.unwrap();
    days.iter().fold((0, 0), |sum, day| (sum.0 + day.uses, sum.1 + day.refusals))
}

async fn refusals(world: &World, account: AccountId) -> Vec<RefusalOfToken> {
    world.store().refusals_of_account(account, &RefusalCursor::newest(), 5_000).await.unwrap()
}

async fn uses_and_refusals_are_counted_once_each_and_only_when_written(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "Contoso.*").await;
    for _ in 0..3 {
        assert_eq!(search(world, &key).await, 200);
    }
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 201);
    assert_eq!(world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await.status, 409);
    assert_eq!(world.push(&key, &nupkg("Fabrikam.Core", "1.0.0")).await.status, 403);
    assert_eq!(counted(world, &key).await, (0, 0), "nothing is written on the request path");
    written(world).await;
    written(world).await;
    assert_eq!(counted(world, &key).await, (5, 1));
    world.clock.advance(Duration::days(1));
    search(world, &key).await;
    written(world).await;
    let days = world.store().days_of(key.token.id, day_of(start()) + 1).await.unwrap();
    assert_eq!((days.len(), days[0].uses), (1, 1));
    let token = world.store().token(key.token.id).await.unwrap().unwrap();
    let last = token.last_use.unwrap();
    assert_eq!((last.at.timestamp(), last.client.as_str()), (world.now().timestamp(), CLIENT.1));
    let places = world.store().places_of(key.token.id, 10).await.unwrap();
    let places: Vec<_> =
        places.iter().map(|place| (place.client.as_str(), place.address.as_str(), place.uses)).collect();
    assert_eq!(places, [(CLIENT.1, "127.0.0.1", 4), ("", "127.0.0.1", 2)]);
}

async fn a_request_that_was_refused_is_no_last_use(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "Contoso.*").await;
    assert_eq!(world.push(&key, &nupkg("Fabrikam.Core", "1.0.0")).await.status, 403);
    written(world).await;
    let token = world.store().token(key.token.id).await.unwrap().unwrap();
    assert_eq!((token.last_use, refusals(world, ada).await.len()), (None, 1));
}

async fn work_names_the_least_permission_that_would_have_done(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    search(world, &key).await;
    world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await;
    world.push(&key, &nupkg("Contoso.Core", "1.1.0")).await;
    world.push(&key, &nupkg("Contoso.Core", "1.2.0")).await;
    world.push(&key, b"no package").await;
    world.ask("DELETE /v3/package/contoso.core/1.0.0", &[("X-NuGet-ApiKey", &key.text)]).await;
    world.get("/v3/flat/contoso.core/index.json", &key).await;
    world.get("/api/v1/tokens/current", &key).await;
    world.get("/api/v1/packages", &key).await;
    world.get("/api/v1/tokens/current/can?action=nuget:push&package=Contoso.Other", &key).await;
    written(world).await;
    let watched = world.store().work_of(&key.token, start()).await.unwrap();
    let main = world.store().feed("main", None).await.unwrap().unwrap().feed.id;
    let mut work: Vec<_> = watched
        .work
        .iter()
        .map(|work| (work.permission.scope(), work.feed, work.package.as_str(), work.uses))
        .collect();
    work.sort();
    assert_eq!(
        work,
        [
            ("nuget:delete", Some(main), "contoso.core", 1),
            ("nuget:pull", None, "", 1),
            ("nuget:pull", Some(main), "", 1),
            ("nuget:pull", Some(main), "contoso.core", 1),
            ("nuget:push", Some(main), "", 1),
            ("nuget:push", Some(main), "Contoso.Core", 1),
            ("nuget:push-version", Some(main), "Contoso.Core", 2),
        ]
    );
    assert_eq!((watched.since, watched.overflowed), (key.token.created_at, false));
    assert_eq!(counted(world, &key).await, (9, 0), "a question is no use");
}

async fn equal_refusals_are_one_line_with_a_count(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let key = world.key(ada, "nuget:pull nuget:push", "Contoso.*").await;
    for version in ["1.0.0", "1.0.1"] {
        world.push(&key, &nupkg("Fabrikam.Core", version)).await;
        world.clock.advance(Duration::minutes(1));
    }
    written(world).await;
    world.push(&key, &nupkg("Fabrikam.Core", "1.0.2")).await;
    world.ask("DELETE /v3/package/Contoso.Core/1.0.0", &[("X-NuGet-ApiKey", &key.text), CLIENT]).await;
    written(world).await;
    let lines = refusals(world, ada).await;
    let told: Vec<_> = lines
        .iter()
        .map(|kept| {
            let line = &kept.line;
            (line.reason, line.action.unwrap().scope(), line.feed.as_str(), line.package.as_str(), line.times)
        })
        .collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(Reason::PermissionMissing, "nuget:delete", "main", "Contoso.Core", 1)), "{told:?}");
    assert!(told.contains(&(Reason::PackageNotCovered, "nuget:push", "main", "Fabrikam.Core", 3)), "{told:?}");
    let merged = lines.iter().find(|kept| kept.line.times == 3).unwrap();
    assert_eq!((merged.line.last_at - merged.line.first_at).num_minutes(), 2);
    assert!(refusals(world, bo).await.is_empty());
    let strange = world.store().refusals_of_token(bo, key.token.id, &RefusalCursor::newest(), 10).await.unwrap();
    assert!(strange.is_empty(), "refusals of another account's token are not found");
    let first = world.store().refusals_of_token(ada, key.token.id, &RefusalCursor::newest(), 1).await.unwrap();
    let mark = RefusalCursor::parse(&first[0].mark.to_text()).unwrap();
    let second = world.store().refusals_of_token(ada, key.token.id, &mark, 10).await.unwrap();
    assert_eq!((first[0].mark.clone(), second[0].mark.clone()), (lines[0].mark.clone(), lines[1].mark.clone()));
}

async fn unknown_keys_leave_nothing_and_no_key_is_written_anywhere(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    let unknown = latchkey::tokens::Secret::generate(&mut latchkey::random::system());
    for text in [unknown.reveal(), "nonsense"] {
        let status = world.ask("GET /v3/query", &[("Authorization", &basic(text))]).await.status;
        assert_eq!(status, 401);
    }
    let deleted = world.key(ada, ALL, "*").await;
    search(world, &deleted).await;
    world.store().delete_token(&deleted.token, &latchkey::audit::Actor::host("test"), world.now()).await.unwrap();
    assert_eq!(search(world, &deleted).await, 401);
    search(world, &key).await;
    written(world).await;
    assert!(refusals(world, ada).await.is_empty());
    assert!(world.store().days_of(deleted.token.id, 0).await.unwrap().is_empty(), "it went with its token");
    assert_eq!(counted(world, &key).await, (1, 0), "what is gone does not keep the others from being written");
}

async fn late_uses_tell_how_often_an_old_key_came_back_since_the_last_refresh(world: &World) {
    let ada = world.account("ada").await;
    let oldest = world.key(ada, ALL, "*").await;
    world.clock.advance(Duration::hours(1));
    let old = refreshed(world, &oldest).await;
    for _ in 0..2 {
        search(world, &oldest).await;
    }
    world.clock.advance(Duration::hours(1));
    let new = refreshed(world, &old).await;
    assert_eq!(late(world, &new).await, [], "what an older key did before the last refresh is past");
    for _ in 0..3 {
        search(world, &old).await;
        world.get("/v3/flat/a/index.json", &old).await;
    }
    search(world, &new).await;
    assert_eq!(late(world, &new).await, [(Reason::Replaced, 6)]);
    world.revoke(new.token.id).await;
    world.clock.advance(Duration::seconds(1));
    search(world, &new).await;
    search(world, &old).await;
    assert_eq!(late(world, &new).await, [(Reason::Replaced, 7), (Reason::Revoked, 1)]);
}

async fn refreshed(world: &World, key: &Key) -> Key {
    let token = latchkey::tokens::lifecycle::refresh(&key.token, false, world.now(), None).unwrap();
    let renewed = world
        .refreshed(&Key { token: latchkey::tokens::Token { version: key.token.version, ..token }, ..key.clone() })
        .await;
    Key { token: world.store().token(key.token.id).await.unwrap().unwrap(), ..renewed }
}

async fn late(world: &World, key: &Key) -> Vec<(Reason, i64)> {
    written(world).await;
    let token = world.store().token(key.token.id).await.unwrap().unwrap();
    let mut uses: Vec<_> =
        world.store().late_uses(&token).await.unwrap().iter().map(|uses| (uses.reason, uses.times)).collect();
    uses.sort();
    uses
}

async fn two_nodes_add_up_and_what_cannot_be_written_is_kept(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "Contoso.*").await;
    let other = UsageBuffer::default();
    for node in [&*world.app().usage_buffer, &other] {
        node.note(notes(&key, 10, "Contoso.Core"), world.now());
    }
    world.sql("ALTER TABLE token_places RENAME TO elsewhere").await;
    assert!(other.write(&world.store()).await.is_err());
    world.sql("ALTER TABLE elsewhere RENAME TO token_places").await;
    other.note(notes(&key, 1, "Contoso.Core"), world.now());
    let (store, buffer) = (world.store(), Arc::clone(&world.app().usage_buffer));
    let (one, two) = tokio::join!(other.write(&store), buffer.write(&store));
    one.unwrap();
    two.unwrap();
    assert_eq!(counted(world, &key).await, (21, 0));
    assert_eq!(world.store().places_of(key.token.id, 10).await.unwrap()[0].uses, 21);
    let watched = world.store().work_of(&key.token, start()).await.unwrap();
    assert_eq!((watched.work.len(), watched.work[0].uses), (1, 21));
}

fn notes(key: &Key, times: usize, package: &str) -> Vec<TokenUse> {
    let at = start();
    let work = PermissionUse {
        permission: Permission::of(Kind::NuGet, Verb::Pull),
        feed: None,
        package: package.to_owned(),
        last_at: at,
        uses: 1,
    };
    let place =
        ClientUse { client: "dotnet".to_owned(), address: "192.0.2.7".to_owned(), first_at: at, last_at: at, uses: 1 };
    let events = [
        UsageEvent::DailyUse { day: day_of(at), refused: false, times: 1 },
        UsageEvent::ClientUse(place),
        UsageEvent::PermissionUse(work),
    ];
    let notes = events.map(|event| TokenUse { token: key.token.id, account: key.token.account, event });
    std::iter::repeat_n(notes, times).flatten().collect()
}

async fn rows_and_memory_are_bounded_and_say_so(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "Contoso.*").await;
    world.clock.advance(Duration::days(1));
    for number in 0..=PERMISSION_USES_KEPT {
        world.app().usage_buffer.note(notes(&key, 1, &format!("Contoso.P{number}")), world.now());
    }
    for number in 0..CLIENT_USES_KEPT + 5 {
        let address = format!("192.0.2.{number}");
        let place = ClientUse { client: String::new(), address, first_at: start(), last_at: world.now(), uses: 1 };
        world
            .app()
            .usage_buffer
            .note([TokenUse { token: key.token.id, account: ada, event: UsageEvent::ClientUse(place) }], world.now());
    }
    written(world).await;
    let watched = world.store().work_of(&key.token, start()).await.unwrap();
    assert_eq!((watched.work.len() as i64, watched.overflowed), (PERMISSION_USES_KEPT, true));
    assert!(watched.since > start(), "what was left out is known to be left out");
    assert_eq!(world.store().places_of(key.token.id, 1_000).await.unwrap().len() as i64, CLIENT_USES_KEPT);

    let many = (REFUSALS_KEPT as usize + 10, REFUSALS_KEPT as usize);
    for number in 0..many.0 {
        world.ask(&format!("DELETE /v3/package/Fabrikam.P{number}/1.0.0"), &[("X-NuGet-ApiKey", &key.text)]).await;
    }
    written(world).await;
    assert_eq!(refusals(world, ada).await.len(), many.1);
    assert_eq!(counted(world, &key).await.1, many.0 as i64, "the count of the day is whole");

    let small = UsageBuffer::with_room(Capacity { all: 4, token: 3 });
    let other = world.key(ada, "nuget:pull", "*").await;
    for number in 0..5 {
        small.note(notes(&key, 1, &format!("Contoso.Q{number}")), world.now());
    }
    small.note(notes(&other, 1, "Contoso.Core"), world.now());
    small.note(notes(&world.key(ada, "nuget:pull", "*").await, 1, "Contoso.Core"), world.now());
    small.write(&world.store()).await.unwrap();
    let watched = world.store().work_of(&other.token, start()).await.unwrap();
    assert_eq!(watched.since.timestamp(), world.now().timestamp(), "too much at once is told too");
    assert_eq!(counted(world, &key).await.0, PERMISSION_USES_KEPT + 1 + 5);
}

async fn what_is_older_than_ninety_days_goes(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key_for(ada, "nuget:pull", "Contoso.*", latchkey::tokens::Feeds::All, None).await;
    search(world, &key).await;
    world.push(&key, &nupkg("Contoso.Core", "1.0.0")).await;
    written(world).await;
    for (days, left) in [(90, 1), (1, 0)] {
        world.clock.advance(Duration::days(days));
        latchkey::jobs::cleanup(&world.app()).await.unwrap();
        assert_eq!(refusals(world, ada).await.len(), left);
        assert_eq!(world.store().days_of(key.token.id, 0).await.unwrap().len(), left);
        assert_eq!(world.store().places_of(key.token.id, 9).await.unwrap().len(), left);
        assert_eq!(world.store().work_of(&key.token, start()).await.unwrap().work.len(), left);
    }
}

#[actix_web::test]
async fn an_account_reads_its_own_evidence_without_waiting_for_the_job() {
    let world = World::published(Engine::Sqlite).await;
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    let (hers, his) = (world.key(ada, ALL, "*").await, world.key(bo, ALL, "*").await);
    search(&world, &hers).await;
    search(&world, &his).await;
    let evidence = Arc::clone(&world.app().usage_buffer);
    evidence.write_for(&world.store(), ada).await.unwrap();
    assert_eq!((counted(&world, &hers).await, counted(&world, &his).await), ((1, 0), (0, 0)));
    written(&world).await;
    assert_eq!((counted(&world, &hers).await, counted(&world, &his).await), ((1, 0), (1, 0)));
    world.end().await;
}
