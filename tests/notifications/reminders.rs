//! Reminders for those who asked for them, what goes out first, and how fast.

use chrono::Duration;
use latchkey::{
    audit::Actor,
    notifications::{Reminders, end_notice::EndNotice},
    tokens::AccountId,
};

use super::world::{PUBLIC_URL, World};
use crate::support::{letter::Letter, post_office::Mood, snapshot::mail_is, world::on_both_engines};

on_both_engines! {
    World::mailing =>
    who_asked_for_reminders_gets_them_beside_the_warning_and_short_lives_have_none,
    only_reminders_can_be_stopped_from_the_mail_program_and_the_link_is_kept_nowhere,
    a_reminder_that_is_switched_off_or_overtaken_by_the_warning_is_not_sent,
    a_minute_holds_so_many_mails_on_all_nodes_together_and_the_most_urgent_go_first,
    a_mailbox_that_stays_full_is_given_up_a_day_after_the_end_and_an_outage_does_not_count,
}

async fn wants(world: &World, account: AccountId, thirty_days: bool, one_day: bool) {
    let wanted = Reminders { thirty_days, one_day };
    world.app().store.set_reminders(account, wanted, &Actor::host("test"), world.clock.now()).await.unwrap();
}

/// Days that went by when each mail went out, with its subject.
async fn live_for(world: &World, days: i64) -> Vec<(i64, String)> {
    let mut told = Vec::new();
    for day in 0..days {
        world.tick().await;
        told.extend(world.subjects()[told.len()..].iter().map(|subject| (day, subject.replace("[Latchkey] ", ""))));
        world.pass(Duration::days(1));
    }
    told
}

async fn who_asked_for_reminders_gets_them_beside_the_warning_and_short_lives_have_none(world: &World) {
    let (ada, bo) = (world.account("ada").await, world.account("bo").await);
    wants(world, ada, true, true).await;
    world.token_with(ada, "CI", "", Duration::days(90)).await;
    world.token_with(ada, "Short", "", Duration::days(8)).await;
    world.token_with(bo, "Quiet", "", Duration::days(90)).await;
    let told = live_for(world, 92).await;
    let expected = [
        (7, "Your access token “Short” expires on 1 Dec 2026"),
        (8, "Your access token “Short” has expired"),
        (60, "Reminder: your access token “CI” expires on 21 Feb 2027"),
        (80, "Your access token “CI” expires on 21 Feb 2027"),
        (80, "Your access token “Quiet” expires on 21 Feb 2027"),
        (89, "Reminder: your access token “CI” expires on 21 Feb 2027"),
        (90, "Your access token “CI” has expired"),
        (90, "Your access token “Quiet” has expired"),
    ];
    let taken = world.post().taken();
    for (number, name) in [(1, "expired"), (2, "reminder_30_days"), (5, "reminder_1_day")] {
        mail_is(name, &Letter::read(&taken[number].message));
    }
    let mut told: Vec<_> = told.iter().map(|(day, subject)| (*day, subject.as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, expected);
}

async fn only_reminders_can_be_stopped_from_the_mail_program_and_the_link_is_kept_nowhere(world: &World) {
    let ada = world.account("ada").await;
    wants(world, ada, true, false).await;
    world.token_with(ada, "CI", "", Duration::days(90)).await;
    world.pass(Duration::days(60));
    world.post().be(Mood::RefusingMessages("452 4.2.2 mailbox full"));
    world.tick().await;
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(2));
    world.tick().await;
    let reminder = Letter::read(&world.post().taken()[0].message);
    let link = reminder.header("List-Unsubscribe");
    let start = format!("<{PUBLIC_URL}/unsubscribe?link=");
    assert!(link.starts_with(&start) && link.ends_with('>'), "{link}");
    assert_eq!(reminder.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let secret = link.trim_start_matches(&start).trim_end_matches('>').to_owned();
    assert!(!reminder.text.contains(&secret) && !reminder.html.contains(&secret));
    assert!(reminder.text.contains(&format!("Stop these reminders:\n{PUBLIC_URL}/settings/notifications")));
    assert!(
        world
            .app()
            .store
            .link(&latchkey::accounts::one_time_link::hash(&secret), world.clock.now())
            .await
            .unwrap()
            .is_some()
    );
    world.pass(Duration::days(21));
    world.tick().await;
    world.pass(Duration::days(10));
    world.tick().await;
    for mail in &world.post().taken()[1..] {
        let letter = Letter::read(&mail.message);
        assert!(letter.headers.iter().all(|(name, _)| !name.starts_with("List-")), "{}", letter.header("Subject"));
    }
    assert_eq!(world.post().taken().len(), 3);
}

async fn a_reminder_that_is_switched_off_or_overtaken_by_the_warning_is_not_sent(world: &World) {
    let ada = world.account("ada").await;
    wants(world, ada, true, true).await;
    let token = world.token_with(ada, "CI", "", Duration::days(90)).await.0;
    world.pass(Duration::days(60));
    world.post().be(Mood::HangingUpAtOnce);
    world.tick().await;
    world.pass(Duration::days(21));
    world.post().be(Mood::Accepting);
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “CI” expires on 21 Feb 2027"]);
    let cancelled = world.app().store.cancelled_notices(token, EndNotice::Reminder30).await.unwrap();
    assert_eq!(cancelled[0].1, "the warning was due before the reminder could be sent");
    wants(world, ada, true, false).await;
    world.pass(Duration::days(8));
    world.tick().await;
    assert_eq!(world.subjects().len(), 1, "a day before, nothing is asked for any more");
    world.bring_forward(token, world.clock.now() + Duration::hours(12)).await;
    world.tick().await;
    assert!(!world.subjects().iter().any(|subject| subject.contains("Reminder")), "none right after a change");
}

async fn a_minute_holds_so_many_mails_on_all_nodes_together_and_the_most_urgent_go_first(world: &World) {
    for (name, days) in [("late", 40), ("early", 30), ("middle", 35)] {
        let account = world.account(name).await;
        world.token_with(account, name, "", Duration::days(days)).await;
    }
    world.post().be(Mood::HangingUpAtOnce);
    for days in [20, 5, 5] {
        world.pass(Duration::days(days) - Duration::hours(1));
        world.tick().await;
        world.pass(Duration::hours(1));
    }
    world.tick().await;
    world.pass(Duration::hours(2));
    let (store, now) = (&world.app().store, world.clock.now());
    let other = world.another_process().await;
    let mut claimed = Vec::new();
    for store in [store, &other.store, store] {
        let mail = store.claim_mail(now, now + Duration::minutes(10), Some(2)).await.unwrap();
        claimed.push(mail.map(|mail| mail.recipient));
    }
    let named = |name: &str| Some(format!("{name}@example.com"));
    assert_eq!(claimed, [named("early"), named("middle"), None]);
    let next = now + Duration::minutes(1);
    let mail = store.claim_mail(next, next + Duration::minutes(10), Some(2)).await.unwrap();
    assert_eq!(mail.map(|mail| mail.recipient), named("late"));
    other.store.close().await;
}

async fn a_mailbox_that_stays_full_is_given_up_a_day_after_the_end_and_an_outage_does_not_count(world: &World) {
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.pass(Duration::days(20));
    world.post().be(Mood::RefusingRecipients("452 4.2.2 mailbox full"));
    for _ in 0..10 {
        world.tick().await;
        world.pass(Duration::days(1));
    }
    assert!(world.app().store.undelivered_warnings(ada, 10).await.unwrap().is_empty());
    for _ in 0..30 {
        world.tick().await;
        world.pass(Duration::hours(1));
    }
    let failed = world.app().store.undelivered_warnings(ada, 10).await.unwrap();
    assert_eq!((failed.len(), failed[0].reply.as_str()), (1, "recipient: 452 4.2.2 mailbox full"));
    world.token(ada, "Laptop").await;
    world.post().be(Mood::HangingUpAtOnce);
    for _ in 0..40 {
        world.tick().await;
        world.pass(Duration::days(1));
    }
    world.post().be(Mood::RefusingRecipients("451 4.7.1 come back in five minutes"));
    world.tick().await;
    world.pass(Duration::hours(2));
    world.post().be(Mood::Accepting);
    world.tick().await;
    assert_eq!(world.subjects(), ["[Latchkey] Your access token “Laptop” has expired"]);
    assert!(world.app().store.undelivered_warnings(ada, 10).await.unwrap().is_empty(), "mails get through again");
}
