//! The warning that a token's owner is owed follows the token: made with it, moved, cancelled and restored.

use chrono::Duration;

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    a_token_with_an_end_owes_one_warning_in_the_hour_of_its_time,
    a_token_without_warning_owes_none,
    a_new_end_moves_the_warning,
    switching_off_cancels_the_warning_and_switching_on_restores_it,
    ending_a_token_cancels_its_warning,
}

/// When the warnings that are owed about a token are due, in seconds.
async fn mail_content(world: &World, id: &str) -> Vec<i64> {
    let sql = "SELECT CAST(due_at AS TEXT) FROM notices WHERE subject = $1 AND kind = 'warning' AND cancelled_at IS NULL ORDER BY due_at";
    world.database.texts(sql, &[id]).await.iter().map(|due| due.parse().unwrap()).collect()
}

async fn rows(world: &World, id: &str) -> i64 {
    world.database.number("SELECT COUNT(*) FROM notices WHERE subject = $1 AND kind = 'warning'", &[id]).await
}

async fn a_token_with_an_end_owes_one_warning_in_the_hour_of_its_time(world: &World) {
    let ada = world.ada().await;
    world.pass(Duration::minutes(10) + Duration::seconds(59));
    let key = ada.key(world, "CI").await;
    let hour: chrono::DateTime<chrono::Utc> = "2027-05-20T09:00:00Z".parse().unwrap();
    assert_eq!(mail_content(world, &key.id).await, [hour.timestamp()]);
    let row = "SELECT occasion FROM notices WHERE subject = $1 AND kind = 'warning'";
    let end = world.database.text("SELECT CAST(expires_at AS TEXT) FROM tokens WHERE id = $1", &[&key.id]).await;
    assert_eq!(world.database.text(row, &[&key.id]).await, end);
    ada.act(&key.id, "edit", |form| form.set("name", "Build")).await;
    assert_eq!(
        (mail_content(world, &key.id).await.len(), rows(world, &key.id).await),
        (1, 1),
        "nothing about the end changed"
    );
}

async fn a_token_without_warning_owes_none(world: &World) {
    let ada = world.ada().await;
    for days in ["1", "never"] {
        let key = ada.key_for(world, days, days).await;
        assert_eq!(rows(world, &key.id).await, 0, "{days}");
    }
}

async fn a_new_end_moves_the_warning(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let begun = world.now();
    assert_eq!(ada.act(&key.id, "edit", |form| form.set("expires", "30")).await.status, 303);
    assert_eq!(mail_content(world, &key.id).await, [(begun + Duration::days(20)).timestamp()]);
    world.pass(Duration::hours(1));
    let ada = world.sign_in("ada").await;
    assert_eq!(ada.refresh(&key.id, "restart").await.status, 200);
    let due = begun + Duration::hours(1) + Duration::days(80);
    assert_eq!(mail_content(world, &key.id).await, [due.timestamp()]);
    assert_eq!(rows(world, &key.id).await, 3, "the others are cancelled, not forgotten");
}

async fn switching_off_cancels_the_warning_and_switching_on_restores_it(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let before = mail_content(world, &key.id).await;
    ada.must(&key.id, "deactivate").await;
    assert!(mail_content(world, &key.id).await.is_empty());
    ada.must(&key.id, "reactivate").await;
    assert_eq!((mail_content(world, &key.id).await, rows(world, &key.id).await), (before, 1));
}

async fn ending_a_token_cancels_its_warning(world: &World) {
    let ada = world.ada().await;
    for verb in ["revoke", "delete"] {
        let key = ada.key(world, verb).await;
        ada.must(&key.id, verb).await;
        assert!(mail_content(world, &key.id).await.is_empty(), "{verb}");
    }
    let late = ada.key(world, "Late").await;
    ada.must(&late.id, "deactivate").await;
    world.pass(Duration::days(91));
    let ada = world.sign_in("ada").await;
    ada.must(&late.id, "reactivate").await;
    assert!(mail_content(world, &late.id).await.is_empty(), "a token that ended meanwhile is warned of no more");
    assert_eq!(ada.refresh(&late.id, "restart").await.status, 200);
    assert_eq!(mail_content(world, &late.id).await.len(), 1);
}
