//! What goes by itself when it has outlived its use, and what stays.

use chrono::Duration;
use latchkey::jobs::{cleanup, run_expiry_warnings};

use crate::support::{
    post_office::Mood,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    a_revoked_token_goes_after_thirty_days_and_its_record_stays,
    ended_sessions_and_links_go,
    the_record_goes_at_the_end_of_its_term,
    the_record_stays_where_it_has_no_term,
    what_a_mail_is_still_to_tell_of_stays_until_it_is_told,
    old_mails_go_with_their_notices_and_nothing_is_mailed_again,
    more_than_a_batch_goes_at_once,
}

const WARNINGS: &str = "SELECT COUNT(*) FROM notices WHERE kind = 'warning'";

async fn rows(world: &World, sql: &'static str) -> i64 {
    world.database.number(sql, &[]).await
}

async fn a_revoked_token_goes_after_thirty_days_and_its_record_stays(world: &World) {
    let ada = world.ada().await;
    let (revoked, live) = (ada.key(world, "Revoked").await, ada.key(world, "Live").await);
    ada.must(&revoked.id, "revoke").await;
    world.pass(Duration::days(30));
    cleanup(&world.app()).await.unwrap();
    assert_eq!(rows(world, "SELECT COUNT(*) FROM tokens WHERE revoked_at IS NOT NULL").await, 1);
    world.pass(Duration::seconds(1));
    assert!(cleanup(&world.app()).await.unwrap().starts_with("1 revoked tokens"));
    assert_eq!(rows(world, "SELECT COUNT(*) FROM tokens WHERE revoked_at IS NOT NULL").await, 0);
    assert_eq!(rows(world, "SELECT COUNT(*) FROM token_secrets").await, 1, "that of the live one");
    let events = "SELECT COUNT(*) FROM events WHERE token = $1";
    assert_eq!(world.database.number(events, &[&revoked.id]).await, 2);
    assert_eq!(world.refusal(&live.secret).await, None);
}

async fn ended_sessions_and_links_go(world: &World) {
    world.ada().await;
    latchkey::serve::setup_link(&world.app()).await.unwrap();
    world.pass(Duration::days(1));
    world.bo().await;
    cleanup(&world.app()).await.unwrap();
    assert_eq!(rows(world, "SELECT COUNT(*) FROM sessions").await, 1, "bo's");
    assert_eq!(rows(world, "SELECT COUNT(*) FROM links").await, 1, "it works for a week");
    world.pass(Duration::days(14));
    cleanup(&world.app()).await.unwrap();
    assert_eq!(rows(world, "SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(rows(world, "SELECT COUNT(*) FROM links").await, 0);
}

async fn the_record_goes_at_the_end_of_its_term(world: &World) {
    world.restart_with(&[("event-days", "100")]).await;
    world.ada().await;
    world.pass(Duration::days(60));
    world.bo().await;
    world.pass(Duration::days(41));
    cleanup(&world.app()).await.unwrap();
    assert!(world.database.events_of("ada").await.is_empty());
    assert!(!world.database.events_of("bo").await.is_empty());
}

async fn the_record_stays_where_it_has_no_term(world: &World) {
    world.restart_with(&[("event-days", "0")]).await;
    world.ada().await;
    world.pass(Duration::days(10_000));
    cleanup(&world.app()).await.unwrap();
    assert!(!world.database.events_of("ada").await.is_empty());
}

async fn what_a_mail_is_still_to_tell_of_stays_until_it_is_told(world: &World) {
    world.ada().await;
    world.restart_with_mail_server().await;
    world.restart_with(&[("event-days", "1")]).await;
    world.post_office_is(Mood::HangingUpAtOnce);
    let ada = world.sign_in("ada").await;
    let new = "seven quiet lanterns drift";
    ada.fill("/settings/password", |form| form.set("current", &password_of("ada")).set("new", new)).await;
    world.mails().await;
    let bo = world.browser();
    bo.sign_in("ada", new).await;
    world.pass(Duration::days(40));
    cleanup(&world.app()).await.unwrap();
    let left = world.database.events_of("ada").await;
    assert_eq!(left, ["signed in", "password changed", "signed in"], "bound to a mail or not, but no more than that");
    world.post_office_is(Mood::Accepting);
    let mut told: Vec<_> = world.mails().await.iter().map(|mail| mail.header("Subject")).collect();
    told.sort();
    assert_eq!(
        told,
        ["[Latchkey] Somebody signed in from a new device", "[Latchkey] Your password was changed, and one more thing"]
    );
    cleanup(&world.app()).await.unwrap();
    assert!(world.database.events_of("ada").await.is_empty());
}

async fn old_mails_go_with_their_notices_and_nothing_is_mailed_again(world: &World) {
    let ada = world.ada().await;
    ada.key_for(world, "CI", "30").await;
    let cancelled = ada.key_for(world, "Off", "30").await;
    ada.must(&cancelled.id, "revoke").await;
    world.pass(Duration::days(20));
    run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    let counts = async || (rows(world, "SELECT COUNT(*) FROM mails").await, rows(world, WARNINGS).await);
    assert_eq!(counts().await, (1, 2));
    world.pass(Duration::days(11));
    run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    world.pass(Duration::days(78));
    cleanup(&world.app()).await.unwrap();
    assert_eq!(counts().await, (2, 2));
    world.pass(Duration::days(2));
    cleanup(&world.app()).await.unwrap();
    assert_eq!(counts().await, (1, 0), "the mail that it has expired is younger");
    world.pass(Duration::days(11));
    cleanup(&world.app()).await.unwrap();
    assert_eq!(counts().await, (0, 0));
    let report = run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    assert!(report.warned.is_empty(), "{report}");
}

async fn more_than_a_batch_goes_at_once(world: &World) {
    for at in 0..70 {
        let sql = "INSERT INTO attempts (subject, window_at, count) VALUES ($1, 1, 1)";
        world.database.execute(sql, &[&format!("somebody {at}")]).await;
    }
    assert_eq!(cleanup(&world.app()).await.unwrap(), "70 counts of mails");
    assert_eq!(cleanup(&world.app()).await.unwrap(), "");
}
