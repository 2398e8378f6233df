//! A token that is switched off for a while is on again to the second, without anybody's help; the job only records it.

use chrono::{DateTime, Duration, Utc};
use latchkey::{
    audit::Actor,
    jobs::end_pauses,
    tokens::{State, state::state},
};

use crate::support::{
    accounts::Key,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    the_door_opens_at_the_second_without_the_job,
    its_end_is_recorded_once_by_however_many_nodes,
    a_pause_can_be_ended_early_prolonged_and_overtaken_by_a_revocation,
}

const MINUTES: i64 = 15;

async fn pause(world: &World, key: &Key) -> DateTime<Utc> {
    world.clock.advance(Duration::seconds(1));
    let until = world.now() + Duration::minutes(MINUTES);
    world.store().pause_token(&key.token, Some(until), &Actor::host("test"), world.now()).await.unwrap();
    until
}

async fn verbs(world: &World, key: &Key) -> Vec<String> {
    let events = world.store().events_of_token(key.token.id, 100).await.unwrap();
    events.into_iter().rev().map(|event| event.kind.label().to_owned()).collect()
}

/// Moves the clock so that a request, which takes a moment of its own, is made at this second.
fn be_at(world: &World, at: DateTime<Utc>) {
    world.clock.advance(at - world.now() - Duration::milliseconds(1));
}

async fn the_door_opens_at_the_second_without_the_job(world: &World) {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull", "*").await;
    let until = pause(world, &key).await;
    for (seconds, status) in [(-1, 401), (0, 200), (1, 200)] {
        be_at(world, until + Duration::seconds(seconds));
        let reply = world.get("/v3/query", &key).await;
        assert_eq!(reply.status, status, "{seconds} s");
        if status == 401 {
            let said = reply.header("x-nuget-warning").unwrap();
            assert!(said.contains("is deactivated until 2026-11-23 14:15 UTC"), "{said}");
        }
    }
    assert_eq!(verbs(world, &key).await, ["token created", "token deactivated"]);
}

async fn its_end_is_recorded_once_by_however_many_nodes(world: &World) {
    let ada = world.account("ada").await;
    let mut keys = Vec::new();
    for _ in 0..60 {
        keys.push(world.key(ada, "nuget:pull", "*").await);
    }
    for key in &keys {
        pause(world, key).await;
    }
    end_pauses(&world.app()).await.unwrap();
    assert_eq!(verbs(world, &keys[0]).await, ["token created", "token deactivated"], "not before its time");
    world.clock.advance(Duration::minutes(MINUTES));
    let other = world.another_process().await;
    let one = world.app();
    let (one, two) = tokio::join!(end_pauses(&one), end_pauses(&other));
    one.unwrap();
    two.unwrap();
    end_pauses(&world.app()).await.unwrap();
    for key in &keys {
        assert_eq!(verbs(world, key).await, ["token created", "token deactivated", "token reactivated"]);
        let token = world.store().token(key.token.id).await.unwrap().unwrap();
        assert_eq!((token.deactivated_at, token.reactivate_at), (None, None));
    }
}

async fn a_pause_can_be_ended_early_prolonged_and_overtaken_by_a_revocation(world: &World) {
    let ada = world.account("ada").await;
    let (by, store) = (Actor::host("test"), &world.store());
    let now_of = async |key: &Key| store.token(key.token.id).await.unwrap().unwrap();

    let early = world.key(ada, "nuget:pull", "*").await;
    pause(world, &early).await;
    world.clock.advance(Duration::seconds(1));
    store.reactivate_token(&now_of(&early).await, &by, world.now()).await.unwrap();
    assert_eq!(state(&now_of(&early).await, world.now()), State::Active);

    let longer = world.key(ada, "nuget:pull", "*").await;
    pause(world, &longer).await;
    let since = now_of(&longer).await.deactivated_at;
    world.clock.advance(Duration::minutes(1));
    store.deactivate_token(&longer.token, &by, world.now()).await.unwrap();

    let gone = world.key(ada, "nuget:pull", "*").await;
    pause(world, &gone).await;
    world.clock.advance(Duration::seconds(1));
    world.revoke(gone.token.id).await;

    let again = world.key(ada, "nuget:pull", "*").await;
    pause(world, &again).await;
    world.clock.advance(Duration::days(1));
    store.deactivate_token(&again.token, &by, world.now()).await.unwrap();
    end_pauses(&world.app()).await.unwrap();

    assert_eq!((now_of(&longer).await.deactivated_at, now_of(&longer).await.reactivate_at), (since, None));
    assert_eq!(state(&now_of(&longer).await, world.now()), State::Deactivated);
    assert_eq!(verbs(world, &gone).await, ["token created", "token deactivated", "token revoked"]);
    assert_eq!(
        verbs(world, &again).await,
        ["token created", "token deactivated", "token reactivated", "token deactivated"],
        "the first pause is told, although no job came by"
    );
    assert_eq!(verbs(world, &early).await, ["token created", "token deactivated", "token reactivated"]);
}
