//! Keys of an older system at the doors: where they open, when they are looked for, and how an idle one ends.

use chrono::{DateTime, Duration, Utc};
use latchkey::{
    cli::legacy::{Summary, import},
    jobs,
    tokens::legacy::Policy,
    usage::RefusalCursor,
};

use crate::support::{
    nupkg::nupkg,
    wire::{Reply, basic, call, multipart},
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    an_imported_guid_pushes_and_reads_in_either_case,
    it_opens_no_other_door_and_no_other_header,
    a_running_server_takes_new_keys_within_a_second,
    a_push_puts_the_retirement_off_and_an_idle_key_is_told_so_and_ends,
    a_deleted_key_is_not_brought_back_by_the_next_import,
    a_spread_key_ends_on_a_day_of_its_own,
    a_key_in_the_wrong_place_is_kept_nowhere,
}

const GUID: &str = "5f1d2c3b-89ab-4cde-8f01-23456789abcd";
const TEXT: &str = "old_Key-0123456789abcdefghijklmnopqrstuv";

async fn imported(world: &World, list: &str, policy: Option<Policy>) -> Summary {
    import(&world.app(), list.as_bytes(), policy).await.unwrap()
}

fn set(world: &World, time: &str) {
    world.clock.advance(time.parse::<DateTime<Utc>>().unwrap() - world.now());
}

async fn pushes(world: &World, key: &str, version: &str) -> Reply {
    let (kind, body) = multipart(&nupkg("Contoso.Core", version));
    call(world.address(), "PUT /v3/package", &[("X-NuGet-ApiKey", key), ("Content-Type", &kind)], &body).await
}

async fn reads(world: &World, key: &str) -> Reply {
    world.ask("GET /v3/query", &[("Authorization", &basic(key))]).await
}

async fn an_imported_guid_pushes_and_reads_in_either_case(world: &World) {
    world.account("ada").await;
    let summary = imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), None).await;
    assert_eq!(summary, Summary { imported: 1, ..Summary::default() });
    assert_eq!(pushes(world, GUID, "1.0.0").await.told(), (201, "Created", None));
    assert_eq!(pushes(world, &GUID.to_ascii_uppercase(), "1.0.1").await.status, 201);
    assert_eq!(reads(world, GUID).await.status, 200);
    let unlisted = world.ask("DELETE /v3/package/Contoso.Core/1.0.0", &[("X-NuGet-ApiKey", GUID)]).await;
    assert_eq!(unlisted.status, 204);
}

async fn it_opens_no_other_door_and_no_other_header(world: &World) {
    world.account("ada").await;
    imported(world, &format!("account,key,created\nada,{TEXT},2016-05-01\n"), None).await;
    assert_eq!(reads(world, TEXT).await.status, 200);
    assert_eq!(reads(world, &TEXT.to_ascii_uppercase()).await.status, 401, "a text is compared as it stands");
    let bearer = [("Authorization", &*format!("Bearer {TEXT}"))];
    for line in ["GET /v3/query", "GET /api/v1/tokens/current", "GET /api/v1/packages"] {
        assert_eq!(world.ask(line, &bearer).await.status, 401, "{line}");
    }
    let header = [("X-NuGet-ApiKey", TEXT)];
    assert_eq!(world.ask("GET /api/v1/tokens/current", &header).await.status, 401);
}

async fn a_running_server_takes_new_keys_within_a_second(world: &World) {
    world.account("ada").await;
    assert_eq!(pushes(world, GUID, "1.0.0").await.told().1, "No access token was sent");
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), None).await;
    let mut answers = Vec::new();
    while answers.last() != Some(&201) && answers.len() < 100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        answers.push(pushes(world, GUID, "1.0.0").await.status);
    }
    assert_eq!(answers.last(), Some(&201));
}

async fn a_push_puts_the_retirement_off_and_an_idle_key_is_told_so_and_ends(world: &World) {
    world.account("ada").await;
    let list = format!("account,key,created,last_push\nada,{GUID},2016-05-01,2026-10-01\n");
    imported(world, &list, Some(Policy::Idle)).await;
    set(world, "2027-09-24T23:59:58Z");
    let told = "5f1d2c3 will be retired on 2027-10-01 00:00 UTC, in 6 days: push a package with it before, or replace it under Settings, Access Tokens.";
    assert_eq!(reads(world, GUID).await.header("x-nuget-warning"), Some(told));
    assert_eq!(pushes(world, GUID, "1.0.0").await.told(), (201, "Created", None));
    assert_eq!(reads(world, GUID).await.header("x-nuget-warning"), None);

    set(world, "2028-09-23T23:59:57Z");
    assert_eq!(reads(world, GUID).await.status, 200);
    set(world, "2028-09-23T23:59:58Z");
    for job_has_run in [false, true] {
        let refused = pushes(world, GUID, "1.0.1").await;
        assert_eq!((refused.status, refused.phrase.as_str()), (403, "This legacy key was retired"), "{job_has_run}");
        assert!(refused.text().contains("retired on 2028-09-23 23:59 UTC"), "{}", refused.text());
        assert_eq!(reads(world, GUID).await.status, 401);
        jobs::retire_legacy_keys(&world.app()).await.unwrap();
    }
}

async fn a_deleted_key_is_not_brought_back_by_the_next_import(world: &World) {
    let ada = world.account("ada").await;
    let list = format!("account,key,created\nada,{GUID},2016-05-01\n");
    imported(world, &list, None).await;
    let tokens = world.store().tokens_made_before(ada, None, 10).await.unwrap();
    let token = tokens.iter().find(|token| token.hint.as_deref() == Some("5f1d2c3")).unwrap();
    world.store().delete_token(token, &latchkey::audit::Actor::host("test"), world.now()).await.unwrap();
    assert_eq!(imported(world, &list, None).await, Summary { before: 1, ..Summary::default() });
    assert_eq!(reads(world, GUID).await.told().1, "Not a valid access token");
}

async fn a_spread_key_ends_on_a_day_of_its_own(world: &World) {
    world.account("ada").await;
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), Some(Policy::Spread)).await;
    world.clock.advance(Duration::days(89));
    assert_eq!(reads(world, GUID).await.status, 200);
    world.clock.advance(Duration::days(22));
    let refused = reads(world, GUID).await;
    assert_eq!((refused.status, refused.phrase.as_str()), (401, "This access token has expired"));
    assert!(refused.text().ends_with("Replace it by a new token under Settings, Access Tokens."), "{}", refused.text());
}

async fn a_key_in_the_wrong_place_is_kept_nowhere(world: &World) {
    let ada = world.account("ada").await;
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), None).await;
    assert_eq!(reads(world, GUID).await.status, 200);
    let narrow = world.key(ada, "nuget:push nuget:pull nuget:delete", "Contoso.*").await;
    let client = format!("nuget {GUID}");
    for key in [GUID, &narrow.text] {
        let basic = basic(key);
        let headers = [("Authorization", basic.as_str()), ("User-Agent", client.as_str())];
        world.ask("GET /v3/query", &headers).await;
        world.ask(&format!("GET /v3/flat/{GUID}/index.json"), &headers).await;
    }
    let delete = format!("DELETE /v3/package/{GUID}/1.0.0");
    let reply = world.ask(&delete, &[("X-NuGet-ApiKey", narrow.text.as_str())]).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(!reply.head().contains(GUID) && !reply.text().contains(GUID), "{}", reply.text());
    jobs::write_usage(&world.app()).await.unwrap();
    let refused = world.store().refusals_of_account(ada, &RefusalCursor::newest(), 10).await.unwrap();
    assert!(!refused.is_empty() && !format!("{refused:?}").contains(GUID), "{refused:?}");
    let places = world.store().places_of(narrow.token.id, 10).await.unwrap();
    assert!(!places.is_empty() && !format!("{places:?}").contains(GUID), "{places:?}");
}
