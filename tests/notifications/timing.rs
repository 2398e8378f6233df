//! When a warning is sent, and when it is not.

use chrono::Duration;
use latchkey::{
    jobs::{self, run_expiry_warnings},
    notifications::end_notice::EndNotice,
    tokens::LastUse,
    usage::{TokenUse, UsageEvent},
};

use super::world::{World, start};
use crate::support::world::on_both_engines;

on_both_engines! {
    World::mailing =>
    an_owner_is_warned_once_over_ticks_and_restarts,
    two_tokens_due_in_one_hour_share_a_mail_and_a_later_one_has_its_own,
    a_token_that_is_revoked_deactivated_or_deleted_before_its_mail_goes_out_is_not_warned_about,
    what_is_left_of_a_mail_goes_out_without_the_revoked_token,
    bringing_the_end_forward_moves_the_warning,
    an_end_moved_while_the_mail_waits_is_told_once_with_the_new_date,
    a_refresh_that_keeps_the_end_warns_no_second_time_and_one_that_restarts_warns_of_the_new_end,
    a_disabled_account_gets_no_mail_until_it_is_enabled_again,
    who_could_not_be_warned_in_time_hears_once_that_the_token_has_expired,
    a_warning_that_may_have_been_taken_is_not_sent_again_once_the_token_has_expired,
    every_token_that_expires_is_told_of_once_and_those_of_one_hour_share_a_mail,
    a_dry_run_names_who_would_be_mailed_and_changes_nothing,
    the_jobs_send_what_is_due_at_their_start_and_write_last_uses_when_they_stop,
}

const TEN_DAYS_BEFORE: Duration = Duration::days(20);

async fn sent_events(world: &World, token: latchkey::tokens::TokenId) -> usize {
    let events = world.app().store.events_of_token(token, 100).await.unwrap();
    events.iter().filter(|event| event.kind.code() == "mail.warning_sent").count()
}

async fn an_owner_is_warned_once_over_ticks_and_restarts(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE - Duration::minutes(21));
    world.tick().await;
    assert!(world.subjects().is_empty(), "not before the hour");
    world.pass(Duration::minutes(21));
    let report = world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “CI” expires on 23 Dec 2026"]);
    assert_eq!(report.to_string().lines().last(), Some("1 notice"));
    world.tick().await;
    world.restart().await;
    for _ in 0..9 {
        world.pass(Duration::days(1));
        world.tick().await;
    }
    assert_eq!(world.subjects().len(), 1);
    assert_eq!(sent_events(world, token).await, 1);
}

async fn two_tokens_due_in_one_hour_share_a_mail_and_a_later_one_has_its_own(world: &World) {
    let ada = world.account("ada").await;
    let bo = world.account("bo").await;
    world.token(ada, "CI").await;
    world.token(ada, "Laptop").await;
    world.token(bo, "Nightly").await;
    world.pass(Duration::hours(3));
    world.token(ada, "Docs").await;
    world.pass(TEN_DAYS_BEFORE);
    world.tick().await;
    let mut subjects = world.subjects();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "[Latchkey] 2 of your access tokens expire soon, the first on 23 Dec 2026",
            "[Latchkey] Your access token “Docs” expires on 23 Dec 2026",
            "[Latchkey] Your access token “Nightly” expires on 23 Dec 2026",
        ]
    );
}

async fn a_token_that_is_revoked_deactivated_or_deleted_before_its_mail_goes_out_is_not_warned_about(world: &World) {
    let ada = world.account("ada").await;
    let revoked = world.token(ada, "revoked").await;
    let deactivated = world.token(ada, "deactivated").await;
    let deleted = world.token(ada, "deleted").await;
    world.pass(TEN_DAYS_BEFORE);
    world.post().be(crate::support::post_office::Mood::HangingUpAtOnce);
    world.tick().await;
    world.revoke(revoked).await;
    world.deactivate(deactivated).await;
    world.delete(deleted).await;
    world.post().be(crate::support::post_office::Mood::Accepting);
    world.pass(Duration::hours(2));
    world.tick().await;
    assert!(world.subjects().is_empty());
    for (token, reason) in [
        (revoked, "the token was revoked"),
        (deactivated, "the token is deactivated"),
        (deleted, "the token was deleted"),
    ] {
        let cancelled = world.app().store.cancelled_notices(token, EndNotice::Warning).await.unwrap();
        assert_eq!(cancelled, [(start() + Duration::days(30), reason.to_owned())]);
    }
    world.reactivate(deactivated).await;
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “deactivated” expires on 23 Dec 2026"]);
}

async fn what_is_left_of_a_mail_goes_out_without_the_revoked_token(world: &World) {
    let ada = world.account("ada").await;
    let revoked = world.token(ada, "CI").await;
    world.token(ada, "Laptop").await;
    world.pass(TEN_DAYS_BEFORE);
    world.post().be(crate::support::post_office::Mood::HangingUpAtOnce);
    world.tick().await;
    world.revoke(revoked).await;
    world.post().be(crate::support::post_office::Mood::Accepting);
    world.pass(Duration::hours(2));
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “Laptop” expires on 23 Dec 2026"]);
}

async fn bringing_the_end_forward_moves_the_warning(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.bring_forward(token, start() + Duration::days(20)).await;
    world.pass(Duration::days(10));
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “CI” expires on 13 Dec 2026"]);
    world.pass(Duration::days(20));
    world.tick().await;
    assert_eq!(world.subjects()[1..], ["[Latchkey] Your access token “CI” has expired"]);
    world.pass(Duration::days(1));
    world.tick().await;
    assert_eq!(world.subjects().len(), 2, "nothing is said of the old end");
}

async fn an_end_moved_while_the_mail_waits_is_told_once_with_the_new_date(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    world.post().be(crate::support::post_office::Mood::HangingUpAtOnce);
    world.tick().await;
    world.bring_forward(token, start() + Duration::days(25)).await;
    world.post().be(crate::support::post_office::Mood::Accepting);
    world.pass(Duration::hours(2));
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “CI” expires on 18 Dec 2026"]);
}

async fn a_refresh_that_keeps_the_end_warns_no_second_time_and_one_that_restarts_warns_of_the_new_end(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    world.tick().await;
    world.refresh(token, false).await;
    world.pass(Duration::days(9));
    world.tick().await;
    assert_eq!(world.subjects().len(), 1);
    world.refresh(token, true).await;
    world.pass(Duration::days(10));
    world.tick().await;
    assert_eq!(world.subjects().len(), 1);
    world.pass(Duration::days(10));
    world.tick().await;
    assert_eq!(world.subjects().len(), 2);
    assert_eq!(world.subjects()[1], "[Latchkey] Your access token “CI” expires on 21 Jan 2027");
}

async fn a_disabled_account_gets_no_mail_until_it_is_enabled_again(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.set_account_disabled(ada, true).await;
    world.pass(TEN_DAYS_BEFORE);
    world.tick().await;
    assert!(world.subjects().is_empty());
    let cancelled = world.app().store.cancelled_notices(token, EndNotice::Warning).await.unwrap();
    assert_eq!(cancelled[0].1, "the account is disabled");
    world.set_account_disabled(ada, false).await;
    world.tick().await;
    assert_eq!(world.subjects().len(), 1);
}

async fn who_could_not_be_warned_in_time_hears_once_that_the_token_has_expired(world: &World) {
    let ada = world.account("ada").await;
    let never_bound = world.token(ada, "CI").await;
    world.pass(Duration::days(31));
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “CI” has expired"]);
    let bound = world.token(ada, "Laptop").await;
    world.pass(TEN_DAYS_BEFORE);
    world.post().be(crate::support::post_office::Mood::HangingUpAtOnce);
    for _ in 0..12 {
        world.tick().await;
        world.pass(Duration::days(1));
    }
    world.post().be(crate::support::post_office::Mood::Accepting);
    for _ in 0..5 {
        world.tick().await;
        world.pass(Duration::hours(1));
    }
    assert_eq!(world.subjects()[1..], ["[Latchkey] Your access token “Laptop” has expired"]);
    for token in [never_bound, bound] {
        let cancelled = world.app().store.cancelled_notices(token, EndNotice::Warning).await.unwrap();
        assert_eq!(cancelled[0].1, "the token expired before a warning could be sent");
    }
}

async fn a_warning_that_may_have_been_taken_is_not_sent_again_once_the_token_has_expired(world: &World) {
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    world.post().be(crate::support::post_office::Mood::RefusingMessages("452 4.2.2 mailbox full"));
    world.tick().await;
    world.pass(Duration::days(11));
    world.post().be(crate::support::post_office::Mood::Accepting);
    world.tick().await;
    world.pass(Duration::hours(2));
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “CI” has expired"]);
}

async fn every_token_that_expires_is_told_of_once_and_those_of_one_hour_share_a_mail(world: &World) {
    let ada = world.account("ada").await;
    world.token_with(ada, "Day", "", Duration::hours(20)).await;
    world.token_with(ada, "Week", "", Duration::days(7)).await;
    world.pass(Duration::minutes(10));
    world.token_with(ada, "Other", "", Duration::days(7)).await;
    let off = world.token_with(ada, "Off", "", Duration::days(7)).await.0;
    let gone = world.token_with(ada, "Gone", "", Duration::days(7)).await.0;
    let (later, _) = world.token_with(ada, "Later", "", Duration::days(7)).await;
    world.pass(Duration::days(6) - Duration::hours(1));
    world.tick().await;
    world.deactivate(off).await;
    world.revoke(gone).await;
    world.refresh(later, true).await;
    let before = world.subjects().len();
    world.pass(Duration::days(1) + Duration::hours(2));
    world.tick().await;
    world.reactivate(off).await;
    for _ in 0..3 {
        world.tick().await;
        world.pass(Duration::hours(1));
    }
    assert!(world.subjects()[..before].contains(&"[Latchkey] Your access token “Day” has expired".to_owned()));
    assert_eq!(world.subjects()[before..], ["[Latchkey] 2 of your access tokens have expired"]);
}

async fn a_dry_run_names_who_would_be_mailed_and_changes_nothing(world: &World) {
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    let revoked = world.token(ada, "Old").await;
    world.revoke(revoked).await;
    let due = start() + TEN_DAYS_BEFORE;
    for _ in 0..2 {
        let report = run_expiry_warnings(&world.app(), true, due).await.unwrap();
        let lines = report.to_string();
        assert!(lines.starts_with("ada <ada@example.com>: lk_"), "{lines}");
        assert!(lines.ends_with("\"CI\" expires 2026-12-23T12:20:00Z: would be mailed\n1 notice"), "{lines}");
    }
    assert!(world.subjects().is_empty());
}

async fn the_jobs_send_what_is_due_at_their_start_and_write_last_uses_when_they_stop(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    let jobs = jobs::spawn(world.app().into_inner(), jobs::Pace::default());
    let warnings = || world.subjects().iter().filter(|subject| subject.contains("expires on")).count();
    while warnings() == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let last = LastUse { at: world.clock.now(), client: "NuGet/6.12".to_owned(), address: "192.0.2.7".to_owned() };
    world
        .app()
        .usage_buffer
        .note([TokenUse { token, account: ada, event: UsageEvent::Last(last.clone()) }], world.clock.now());
    jobs.stop().await;
    assert_eq!(world.read(token).await.last_use, Some(last));
    assert_eq!(warnings(), 1);
}
