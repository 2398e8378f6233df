//! Whatever a mail server says at whichever step, a mail is sent once, or refused for good with the server's words.

use std::{
    process::{Command, Output},
    time::Duration as Pause,
};

use chrono::Duration;
use futures_util::future::join_all;
use latchkey::cli::mail;

use super::world::{PUBLIC_URL, World};

/// What comes of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Again,
    Refused,
}
use crate::support::{
    database::Engine,
    folder::Folder,
    post_office::{
        Mood,
        Oddity::{self, *},
        PostOffice, Step,
    },
    world::on_both_engines,
};
use Then::{Again, Refused};

on_both_engines! {
    |engine| World::mailing_with(engine, "?tls=none&timeout=20") =>
    whatever_a_server_answers_a_mail_is_sent_once_or_refused_for_good,
}

on_both_engines! {
    World::mailing =>
    what_a_server_takes_no_more_of_this_hour_follows_later_the_first_to_end_first,
}

/// What the server does, what comes of it, and words that tell it.
const ODD: [(Step, Oddity, Then, &str); 38] = [
    (Step::Connection, Saying("421 4.3.2 shutting down"), Again, "connection: 421 4.3.2 shutting down"),
    (Step::Connection, Saying("554 5.3.2 no mail here"), Again, "connection: 554 5.3.2 no mail here"),
    (
        Step::Connection,
        Saying("SSH-2.0-OpenSSH_9.2"),
        Again,
        "connection: not the reply of a mail server: SSH-2.0-OpenSSH_9.2",
    ),
    (Step::Connection, Saying(""), Again, "connection: not the reply of a mail server: "),
    (Step::Connection, LongLine, Again, "connection: the mail server's reply is too long"),
    (Step::Connection, HangingUp, Again, "connection: the mail server hung up without a greeting"),
    (Step::Hello, Saying("421 4.3.2 shutting down"), Again, "connection: 421 4.3.2 shutting down"),
    (Step::Hello, Saying("550 5.7.1 who are you"), Again, "connection: 550 5.7.1 who are you"),
    (Step::Hello, Saying("999 what"), Again, "connection: not the reply of a mail server: 999 what"),
    (Step::Hello, ManyLines, Again, "connection: the mail server's reply is too long"),
    (Step::Hello, HangingUp, Again, "connection: "),
    (Step::Sender, Saying("421 4.3.2 shutting down"), Again, "sender: 421 4.3.2 shutting down"),
    (Step::Sender, Saying("451 4.4.0 no name service"), Again, "sender: 451 4.4.0 no name service"),
    (Step::Sender, Saying("550 5.7.1 not from you"), Again, "sender: 550 5.7.1 not from you"),
    (Step::Sender, HangingUp, Again, "sender: "),
    (Step::Recipient, Saying("421 4.3.2 shutting down"), Again, "recipient: 421 4.3.2 shutting down"),
    (Step::Recipient, Saying("450 4.2.0 greylisted"), Again, "recipient: 450 4.2.0 greylisted"),
    (Step::Recipient, Saying("451 4.3.0 later"), Again, "recipient: 451 4.3.0 later"),
    (Step::Recipient, Saying("452 4.2.2 mailbox full"), Again, "recipient: 452 4.2.2 mailbox full"),
    (Step::Recipient, Saying("354 go on"), Again, "recipient: unexpected reply 354 go on"),
    (Step::Recipient, Saying("550 5.1.1 nobody here"), Refused, "recipient: 550 5.1.1 nobody here"),
    (Step::Recipient, Saying("551 5.1.6 moved away"), Refused, "recipient: 551 5.1.6 moved away"),
    (Step::Recipient, Saying("553 5.1.3 no such form"), Refused, "recipient: 553 5.1.3 no such form"),
    (Step::Recipient, Saying("550-5.7.1 two\r\n550 5.7.1 lines"), Refused, "recipient: 550 5.7.1 two"),
    (Step::Recipient, LongLine, Again, "recipient: the mail server's reply is too long"),
    (Step::Recipient, HangingUp, Again, "recipient: "),
    (Step::Data, Saying("421 4.3.2 shutting down"), Again, "data: 421 4.3.2 shutting down"),
    (Step::Data, Saying("250 2.0.0 fine"), Again, "data: unexpected reply 250 2.0.0 fine"),
    (Step::Data, Saying("554 5.5.1 nobody to send to"), Again, "data: 554 5.5.1 nobody to send to"),
    (Step::Data, HangingUp, Again, "data: "),
    (Step::Message, Saying("421 4.3.2 shutting down"), Again, "message: 421 4.3.2 shutting down"),
    (Step::Message, Saying("450 4.7.1 greylisted"), Again, "message: 450 4.7.1 greylisted"),
    (Step::Message, Saying("451 4.3.0 no room"), Again, "message: 451 4.3.0 no room"),
    (Step::Message, Saying("452 4.2.2 mailbox full"), Again, "message: 452 4.2.2 mailbox full"),
    (Step::Message, Saying("554 5.7.1 looks like spam"), Refused, "message: 554 5.7.1 looks like spam"),
    (Step::Message, Saying("\u{1}\u{2}\u{fffd}"), Again, "message: not the reply of a mail server: "),
    (Step::Message, ManyLines, Again, "message: the mail server's reply is too long"),
    (Step::Message, HangingUp, Again, "message: "),
];

async fn whatever_a_server_answers_a_mail_is_sent_once_or_refused_for_good(world: &World) {
    for (number, (step, oddity, then, words)) in ODD.into_iter().enumerate() {
        let case = format!("{step:?}, {oddity:?}");
        let owner = world.account(&format!("owner-{number}")).await;
        due_at_once(world, owner).await;
        world.post().be(Mood::Odd(step, oddity));
        let report = world.tick().await.to_string();
        let said = if then == Refused { "refused: " } else { "will be tried again: " };
        assert!(report.contains(&format!("{said}{words}")), "{case}: {report}");
        assert!(report.len() < 700, "{case}: {} characters", report.len());
        assert_eq!(world.tick().await.to_string(), "0 notices", "{case}: not at once again");
        world.post().be(Mood::Accepting);
        world.pass(Duration::hours(2));
        let before = world.post().taken().len();
        world.tick().await;
        world.pass(Duration::hours(2));
        world.tick().await;
        let taken = world.post().taken().len() - before;
        assert_eq!(taken, usize::from(then == Again), "{case}");
        let failed = world.app().store.undelivered_warnings(owner, 10).await.unwrap();
        assert_eq!(failed.len(), usize::from(then == Refused), "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_at_any_step_is_left_after_a_while_and_tried_again() {
    let steps = [Step::Connection, Step::Hello, Step::Sender, Step::Recipient, Step::Data, Step::Message];
    let silent = steps.map(|step| (step, Silence));
    let dripping = [Step::Connection, Step::Recipient, Step::Message].map(|step| (step, Dripping));
    join_all(silent.into_iter().chain(dripping).map(async |(step, oddity)| {
        let case = format!("{step:?}, {oddity:?}");
        // Time for a busy machine to come as far as the step; more than one attempt if that was not enough.
        let world = World::mailing_with(Engine::Sqlite, "?tls=none&timeout=2").await;
        let owner = world.account("ada").await;
        due_at_once(&world, owner).await;
        world.post().be(Mood::Odd(step, oddity));
        let report = world.tick().await.to_string();
        assert!(report.contains("will be tried again: the mail server took longer than 2s"), "{case}: {report}");
        world.post().be(Mood::Accepting);
        while world.post().taken().is_empty() {
            world.pass(Duration::hours(2));
            world.tick().await;
        }
        world.pass(Duration::hours(2));
        world.tick().await;
        assert_eq!(world.post().taken().len(), 1, "{case}");
    }))
    .await;
}

#[tokio::test]
async fn a_server_that_takes_its_time_gets_a_mail_once() {
    let world = World::mailing_with(Engine::Sqlite, "?tls=none&timeout=60").await;
    let owner = world.account("ada").await;
    due_at_once(&world, owner).await;
    world.post().be(Mood::Odd(Step::Message, Slow(Pause::from_secs(1))));
    assert_eq!(world.tick().await.warned.len(), 1);
    world.pass(Duration::hours(2));
    world.tick().await;
    assert_eq!(world.post().taken().len(), 1);
}

async fn what_a_server_takes_no_more_of_this_hour_follows_later_the_first_to_end_first(world: &World) {
    for number in (0..12).rev() {
        let owner = world.account(&format!("owner-{number:02}")).await;
        world.token_with(owner, "CI", "", Duration::days(30) + Duration::hours(number)).await;
    }
    world.pass(Duration::days(21));
    world.post().be(Mood::TakingAtMost(5));
    for _ in 0..4 {
        world.tick().await;
        world.pass(Duration::minutes(10));
    }
    assert_eq!(world.post().taken().len(), 5);
    world.post().be(Mood::Accepting);
    world.pass(Duration::hours(2));
    world.tick().await;
    let recipients: Vec<_> = world.post().taken().into_iter().map(|mail| mail.recipient).collect();
    let expected: Vec<_> = (0..12).map(|number| format!("owner-{number:02}@example.com")).collect();
    assert_eq!(recipients, expected);
}

#[tokio::test]
async fn where_there_is_no_server_warnings_wait() {
    for (url, words) in [
        ("smtp://127.0.0.1:1?tls=none", "connection: Connection refused"),
        ("smtps://127.0.0.1:1", "connection: Connection refused"),
        ("smtp://nowhere.invalid?tls=none&timeout=30", "connection: "),
    ] {
        let world = World::mailing_by(Engine::Sqlite, |_| Some(url.to_owned())).await;
        let owner = world.account("ada").await;
        due_at_once(&world, owner).await;
        let report = world.tick().await.to_string();
        assert!(report.contains(&format!("will be tried again: {words}")), "{url}: {report}");
        assert!(world.app().store.undelivered_warnings(owner, 10).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_test_mail_that_is_not_taken_says_why_in_one_sentence() {
    let world = World::mailing_with(Engine::Sqlite, "?tls=none&timeout=20").await;
    let way = format!("127.0.0.1:{}", world.post().port);
    for (step, oddity, then, words) in ODD {
        world.post().be(Mood::Odd(step, oddity));
        let said = mail::test(&world.app().settings, &world.clock, "ada@example.com").await.unwrap_err().to_string();
        let verdict = match (then, step) {
            (Refused, _) => "refused the mail for good",
            (Again, Step::Connection | Step::Hello) => "takes no mail now",
            (Again, _) => "did not take the mail now",
        };
        assert!(said.starts_with(&format!("{way} {verdict}: {words}")), "{step:?}, {oddity:?}: {said}");
        assert!(!said.contains('\n') && said.len() < 700, "{said}");
    }
}

#[tokio::test]
async fn the_command_that_sends_a_test_mail_fails_in_one_line_too() {
    let post = PostOffice::open().await;
    let folder = Folder::new();
    let open = format!("smtp://127.0.0.1:{}?tls=none", post.port);
    let sends = async |url: &str, mood| {
        post.be(mood);
        let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
        command.args(["mail", "test", "ada@example.com"]).env_clear().env("LATCHKEY_DATA_DIR", folder.path());
        command.env("LATCHKEY_PUBLIC_URL", PUBLIC_URL).env("LATCHKEY_SMTP_URL", url);
        let Output { status, stdout, stderr } =
            tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
    };
    let (code, said, complaint) = sends(&open, Mood::Accepting).await;
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    assert!(said.starts_with("The mail to ada@example.com went to 127.0.0.1:") && said.lines().count() == 1, "{said}");
    let refused = Mood::RefusingRecipients("550 5.1.1 nobody here");
    for (url, mood, words) in [
        (open.as_str(), refused, "refused the mail for good: recipient: 550 5.1.1 nobody here"),
        (&open, Mood::HangingUpAtOnce, "takes no mail now: connection: "),
        (&open.replace("?tls=none", ""), Mood::Accepting, "takes no mail with these settings: STARTTLS: "),
        ("smtp://127.0.0.1:1?tls=none", Mood::Accepting, "takes no mail now: connection: Connection refused"),
        ("http://127.0.0.1", Mood::Accepting, "LATCHKEY_SMTP_URL must look like smtps://"),
    ] {
        let (code, said, complaint) = sends(url, mood).await;
        assert_eq!((code, said.as_str()), (Some(2), ""), "{url}: {complaint}");
        assert!(complaint.starts_with("latchkey: ") && complaint.contains(words), "{url}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

/// A token whose owner is to be warned now.
async fn due_at_once(world: &World, owner: latchkey::tokens::AccountId) {
    world.token_with(owner, "CI", "", Duration::days(10) + Duration::minutes(1)).await;
}
