//! What mail servers and processes do to a warning on its way.

use chrono::Duration;
use latchkey::jobs::run_expiry_warnings;

use super::world::World;
use crate::support::{database::Engine, letter::Letter, post_office::Mood, world::on_both_engines};

on_both_engines! {
    threads World::mailing =>
    two_processes_at_once_send_each_warning_once,
    workers_that_claim_at_once_never_share_a_mail,
}

on_both_engines! {
    World::mailing =>
    two_days_without_a_mail_server_delay_every_warning_and_lose_none,
    a_refused_recipient_is_final_and_the_servers_words_are_shown,
    a_message_refused_after_its_dot_is_final,
    temporary_refusals_and_broken_connections_are_tried_again_later,
    a_server_that_hangs_up_after_taking_the_mail_has_taken_it,
    a_mail_claimed_by_a_process_that_died_is_sent_once_when_the_lease_has_ended,
    a_worker_whose_lease_ended_may_not_send_even_if_nobody_else_has_the_mail,
}

on_both_engines! {
    |engine| World::mailing_with(engine, "?tls=none&timeout=3") =>
    a_mail_that_may_have_been_taken_goes_out_again_unchanged,
}

const TEN_DAYS_BEFORE: Duration = Duration::days(20);

async fn with_one_due_token(world: &World) -> latchkey::tokens::AccountId {
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    ada
}

async fn two_processes_at_once_send_each_warning_once(world: &World) {
    for i in 0..12 {
        let account = world.account(&format!("person{i}")).await;
        world.token(account, "CI").await;
    }
    world.pass(TEN_DAYS_BEFORE);
    let (one, other) = (world.another_process().await, world.another_process().await);
    let now = world.clock.now();
    let (first, second) = tokio::join!(run_expiry_warnings(&one, false, now), run_expiry_warnings(&other, false, now));
    assert_eq!(first.unwrap().warned.len() + second.unwrap().warned.len(), 12);
    let mut recipients: Vec<_> = world.post().taken().into_iter().map(|mail| mail.recipient).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((recipients.len(), world.post().taken().len()), (12, 12));
    one.store.close().await;
    other.store.close().await;
}

async fn workers_that_claim_at_once_never_share_a_mail(world: &World) {
    for i in 0..30 {
        let account = world.account(&format!("person{i}")).await;
        world.token(account, "CI").await;
    }
    world.pass(TEN_DAYS_BEFORE);
    world.post().be(Mood::HangingUpAtOnce);
    world.tick().await;
    world.pass(Duration::hours(2));
    let now = world.clock.now();
    let workers = (0..8).map(|_| {
        let store = world.app().store.clone();
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            while let Some(mail) = store.claim_mail(now, now + Duration::minutes(10), None).await.unwrap() {
                claimed.push(mail.id);
            }
            claimed
        })
    });
    let mut claimed: Vec<_> =
        futures_util::future::join_all(workers).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 30);
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 30);
}

async fn two_days_without_a_mail_server_delay_every_warning_and_lose_none(world: &World) {
    for name in ["ada", "bo", "cy"] {
        let account = world.account(name).await;
        world.token(account, "CI").await;
    }
    world.pass(TEN_DAYS_BEFORE - Duration::days(1));
    world.post().be(Mood::HangingUpAtOnce);
    for _ in 0..48 {
        world.pass(Duration::hours(1));
        world.tick().await;
    }
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(2));
    for _ in 0..3 {
        world.tick().await;
    }
    let mut taken = world.post().taken();
    taken.sort_by(|a, b| a.recipient.cmp(&b.recipient));
    let recipients: Vec<_> = taken.iter().map(|mail| mail.recipient.as_str()).collect();
    assert_eq!(recipients, ["ada@example.com", "bo@example.com", "cy@example.com"]);
    assert!(Letter::read(&taken[0].message).text.contains("in 9 days"), "what it says is true when it goes out");
}

async fn a_refused_recipient_is_final_and_the_servers_words_are_shown(world: &World) {
    let ada = with_one_due_token(world).await;
    world.post().be(Mood::RefusingRecipients("550 5.1.1 no such user"));
    let report = world.tick().await;
    assert!(report.to_string().contains("refused: recipient: 550 5.1.1 no such user"), "{report}");
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(3));
    world.tick().await;
    assert!(world.subjects().is_empty());
    let failed = world.app().store.undelivered_warnings(ada, 10).await.unwrap();
    assert_eq!(failed[0].reply, "recipient: 550 5.1.1 no such user");
    assert_eq!(failed[0].recipient, "ada@example.com");
}

async fn a_message_refused_after_its_dot_is_final(world: &World) {
    let ada = with_one_due_token(world).await;
    world.post().be(Mood::RefusingMessages("554 5.7.1 looks like spam"));
    world.tick().await;
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(3));
    world.tick().await;
    assert!(world.subjects().is_empty());
    let failed = world.app().store.undelivered_warnings(ada, 10).await.unwrap();
    assert_eq!(failed[0].reply, "message: 554 5.7.1 looks like spam");
}

async fn temporary_refusals_and_broken_connections_are_tried_again_later(world: &World) {
    let ada = with_one_due_token(world).await;
    for mood in [
        Mood::RefusingRecipients("451 4.3.0 try again later"),
        Mood::RefusingMessages("452 4.2.2 mailbox full"),
        Mood::HangingUpInData,
        Mood::HangingUpAtOnce,
    ] {
        world.post().be(mood);
        world.tick().await;
        world.tick().await;
        world.pass(Duration::minutes(30));
    }
    assert!(world.subjects().is_empty());
    let attempts = world.post().commands().iter().filter(|line| line.starts_with("RCPT")).count();
    assert_eq!(attempts, 3, "one attempt a time, not one a tick");
    assert!(world.app().store.undelivered_warnings(ada, 10).await.unwrap().is_empty());
    world.post().be(Mood::Accepting);
    world.tick().await;
    assert_eq!(world.subjects().len(), 1);
}

async fn a_mail_that_may_have_been_taken_goes_out_again_unchanged(world: &World) {
    with_one_due_token(world).await;
    world.post().be(Mood::SilentAfterTheDot);
    while world.post().taken().is_empty() {
        let report = world.tick().await.to_string();
        assert!(report.contains("will be tried again: the mail server took longer than 3s"), "{report}");
        world.pass(Duration::hours(2));
    }
    world.post().be(Mood::Accepting);
    world.tick().await;
    let taken = world.post().taken();
    assert_eq!(taken.len(), 2, "the gap that no sender can close");
    assert_eq!(taken[0].message, taken[1].message);
    world.pass(Duration::hours(2));
    world.tick().await;
    assert_eq!(world.post().taken().len(), 2);
}

async fn a_server_that_hangs_up_after_taking_the_mail_has_taken_it(world: &World) {
    with_one_due_token(world).await;
    world.post().be(Mood::TakingThenHangingUp);
    world.tick().await;
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(2));
    world.tick().await;
    assert_eq!(world.subjects().len(), 1);
}

async fn a_mail_claimed_by_a_process_that_died_is_sent_once_when_the_lease_has_ended(world: &World) {
    with_one_due_token(world).await;
    world.post().be(Mood::HangingUpAtOnce);
    world.tick().await;
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(2));
    let now = world.clock.now();
    let frozen = world.app().store.claim_mail(now, now + Duration::minutes(10), None).await.unwrap().unwrap();
    world.pass(Duration::minutes(9));
    world.tick().await;
    assert!(world.subjects().is_empty(), "claimed");
    world.pass(Duration::minutes(1));
    world.tick().await;
    assert_eq!(world.subjects().len(), 1);

    let mut tx = world.app().store.begin().await.unwrap();
    let holds = tx.fix_content(&frozen, "late", world.clock.now()).await.unwrap();
    assert!(!holds, "a worker that wakes up after its lease sends nothing");
}

async fn a_worker_whose_lease_ended_may_not_send_even_if_nobody_else_has_the_mail(world: &World) {
    with_one_due_token(world).await;
    world.post().be(Mood::HangingUpAtOnce);
    world.tick().await;
    world.pass(Duration::hours(2));
    let now = world.clock.now();
    let frozen = world.app().store.claim_mail(now, now + Duration::minutes(10), None).await.unwrap().unwrap();
    world.pass(Duration::minutes(10));
    let mut tx = world.app().store.begin().await.unwrap();
    assert!(!tx.fix_content(&frozen, "late", world.clock.now()).await.unwrap());
}

#[tokio::test]
async fn nothing_is_said_in_plain_text_to_a_server_without_starttls() {
    let world =
        World::mailing_by(Engine::Sqlite, |port| Some(format!("smtp://ada:hunter2@127.0.0.1:{port}?timeout=30"))).await;
    with_one_due_token(&world).await;
    let report = world.tick().await;
    assert!(report.to_string().contains("STARTTLS: the mail server does not offer STARTTLS"), "{report}");
    assert!(world.post().commands().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"));
}
