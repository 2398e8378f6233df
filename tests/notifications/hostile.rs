//! Mail servers that lie, babble or are set up badly: no lie is believed, no babble fills the memory, and whoever looks
//! after the settings is told what to do.

use chrono::Duration;
use latchkey::cli::mail;

use super::{
    tls_server::{Line, TlsServer, authority},
    world::World,
};
use crate::support::{
    database::Engine,
    post_office::{Mood, Oddity, PostOffice, Step},
    world::on_both_engines,
};

on_both_engines! {
    |engine| World::mailing_with(engine, "?tls=none&timeout=2") =>
    a_recipient_at_whom_the_server_falls_silent_holds_up_nobody_and_is_given_up_in_time,
}

/// All that a mail needs, said before TLS by somebody in the middle.
const FORGED: &str =
    "250-x\r\n250 AUTH PLAIN\r\n235 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 forged acceptance\r\n221 bye";

async fn in_the_same_breath(line: Line) -> Option<()> {
    let mut line = line.asked_for_tls().await?;
    line.say(&format!("220 go\r\n{FORGED}")).await?;
    line.protect().await?.listen().await
}

async fn when_tls_has_begun(line: Line) -> Option<()> {
    let mut line = line.asked_for_tls().await?;
    line.say("220 go").await?;
    line.something_came().await?;
    line.say(FORGED).await?;
    line.protect().await?.listen().await
}

async fn before_it_is_asked(mut line: Line) -> Option<()> {
    line.say("220 hello\r\n250-x\r\n250 STARTTLS\r\n220 go").await?;
    line.say(FORGED).await?;
    line.hear().await?;
    line.hear().await?;
    line.protect().await?.listen().await
}

#[tokio::test]
async fn replies_slipped_in_before_tls_are_never_taken_for_the_servers() {
    for (server, words) in [
        (TlsServer::open(in_the_same_breath).await, "went on talking before TLS began"),
        (TlsServer::open(before_it_is_asked).await, "went on talking before TLS began"),
        (TlsServer::open(when_tls_has_begun).await, "STARTTLS: "),
    ] {
        let ca = authority();
        let url = format!("localhost:{}?ca={}&timeout=60", server.port, ca.display());
        for sign_in in ["", "ada:hunter2@"] {
            let world = World::mailing_by(Engine::Sqlite, |_| Some(format!("smtp://{sign_in}{url}"))).await;
            let said =
                mail::test(&world.app().settings, &world.clock, "ada@example.com").await.unwrap_err().to_string();
            assert!(said.contains(" takes no mail now: STARTTLS: ") && said.contains(words), "{said}");
            let ada = world.account("ada").await;
            world.token(ada, "CI").await;
            world.pass(Duration::days(20));
            let report = world.tick().await.to_string();
            assert!(report.contains("will be tried again: STARTTLS: ") && report.ends_with("0 notices"), "{report}");
        }
    }
}

async fn a_line_without_end(mut line: Line) -> Option<()> {
    line.say_for_ever("2").await
}

async fn lines_without_end(mut line: Line) -> Option<()> {
    line.say_for_ever("220-more\r\n").await
}

async fn a_line_without_end_in_tls(line: Line) -> Option<()> {
    line.protect().await?.say_for_ever("2").await
}

async fn lines_without_end_in_tls(line: Line) -> Option<()> {
    line.protect().await?.say_for_ever("220-more\r\n").await
}

async fn lines_without_end_after_starttls(line: Line) -> Option<()> {
    let mut line = line.asked_for_tls().await?;
    line.say("220 go").await?;
    let mut line = line.protect().await?;
    line.hear().await?;
    line.say_for_ever("250-more\r\n").await
}

#[tokio::test]
async fn a_reply_without_end_is_not_heard_to_the_end() {
    let ca = authority();
    for (server, scheme, options) in [
        (TlsServer::open(a_line_without_end).await, "smtp", "tls=none"),
        (TlsServer::open(lines_without_end).await, "smtp", "tls=none"),
        (TlsServer::open(a_line_without_end).await, "smtp", "timeout=300"),
        (TlsServer::open(a_line_without_end_in_tls).await, "smtps", &*format!("ca={}", ca.display())),
        (TlsServer::open(lines_without_end_in_tls).await, "smtps", &*format!("ca={}", ca.display())),
        (TlsServer::open(lines_without_end_after_starttls).await, "smtp", &*format!("ca={}", ca.display())),
    ] {
        let world =
            World::mailing_by(Engine::Sqlite, |_| Some(format!("{scheme}://localhost:{}?{options}", server.port)))
                .await;
        let said = mail::test(&world.app().settings, &world.clock, "ada@example.com").await.unwrap_err().to_string();
        assert!(said.ends_with(": the mail server's reply is too long"), "{scheme} {options}: {said}");
        server.conversations_over(1).await;
    }
}

async fn tls_at_once(line: Line) -> Option<()> {
    line.protect().await?.converse(true, "535 5.7.8 no such password", "250 ok").await
}

async fn tls_asked_for(line: Line) -> Option<()> {
    let mut line = line.asked_for_tls().await?;
    line.say("220 go").await?;
    line.protect().await?.converse(false, "535 5.7.8 no such password", "530 5.7.0 sign in first").await
}

async fn no_tls(mut line: Line) -> Option<()> {
    line.converse(true, "235 ok", "530 5.7.0 sign in first").await
}

async fn hanging_up(_: Line) -> Option<()> {
    None
}

async fn silent(mut line: Line) -> Option<()> {
    line.listen().await
}

#[tokio::test]
async fn what_can_be_set_right_is_said_after_the_servers_words() {
    let ca = authority().display().to_string();
    let at_once = TlsServer::open(tls_at_once).await.kept();
    let asked_for = TlsServer::open(tls_asked_for).await.kept();
    let none = TlsServer::open(no_tls).await.kept();
    let hangs_up = TlsServer::open(hanging_up).await.kept();
    let says_nothing = TlsServer::open(silent).await.kept();
    let unknown = "invalid peer certificate: UnknownIssuer. This machine does not know who signed the server's certificate: end LATCHKEY_SMTP_URL in ?ca=FILE";
    for (url, verdict, words) in [
        (format!("smtps://localhost:{at_once}"), "with these settings: connection: ", unknown),
        (format!("smtp://localhost:{asked_for}"), "with these settings: STARTTLS: ", unknown),
        (
            format!("smtp://localhost:{none}"),
            "with these settings: STARTTLS: ",
            "does not offer STARTTLS. In LATCHKEY_SMTP_URL use smtps:// with a port that begins with TLS, or end it in ?tls=none for a relay on this machine",
        ),
        (
            format!("smtps://localhost:{none}?ca={ca}"),
            "with these settings: connection: ",
            "This port does not begin with TLS: in LATCHKEY_SMTP_URL use smtp:// instead of smtps://",
        ),
        (
            format!("smtp://localhost:{hangs_up}"),
            "now: connection: ",
            "hung up without a greeting. This may be a port that begins with TLS: then use smtps:// in LATCHKEY_SMTP_URL",
        ),
        (
            format!("smtp://localhost:{at_once}?timeout=2"),
            "now: ",
            "said nothing. This may be a port that begins with TLS: then use smtps:// in LATCHKEY_SMTP_URL",
        ),
        (format!("smtp://localhost:{says_nothing}?timeout=2"), "now: ", "said nothing. This may be a port"),
        (
            format!("smtp://localhost:{asked_for}?ca={ca}"),
            "with these settings: sender: 530 5.7.0 sign in first. ",
            "put user:password@ before its name in LATCHKEY_SMTP_URL",
        ),
        (
            format!("smtp://localhost:{none}?tls=none"),
            "with these settings: sender: 530 5.7.0 sign in first. ",
            "write smtp://user:password@… into LATCHKEY_SMTP_URL and leave out ?tls=none",
        ),
        (
            format!("smtps://ada:hunter2@localhost:{at_once}?ca={ca}"),
            "with these settings: sign-in: 535 5.7.8 no such password. ",
            "The mail server did not accept the user name and password in LATCHKEY_SMTP_URL",
        ),
        (
            format!("smtp://ada:hunter2@localhost:{asked_for}?ca={ca}"),
            "with these settings: sign-in: 535 5.7.8 no such password. ",
            "The mail server did not accept the user name and password in LATCHKEY_SMTP_URL",
        ),
    ] {
        let world = World::mailing_by(Engine::Sqlite, |_| Some(url.clone())).await;
        let said = mail::test(&world.app().settings, &world.clock, "ada@example.com").await.unwrap_err().to_string();
        assert!(said.contains(&format!(" takes no mail {verdict}")) && said.contains(words), "{url}: {said}");
        assert!(!said.contains("hunter2") && !said.contains("internal client error"), "{said}");
    }
}

async fn good_at_once(line: Line) -> Option<()> {
    line.protect().await?.converse(true, "235 welcome", "250 ok").await
}

async fn good_when_asked(line: Line) -> Option<()> {
    let mut line = line.asked_for_tls().await?;
    line.say("220 go").await?;
    line.protect().await?.converse(false, "235 welcome", "250 ok").await
}

#[tokio::test]
async fn both_kinds_of_tls_take_a_mail_with_and_without_a_sign_in() {
    let ca = authority().display().to_string();
    let at_once = TlsServer::open(good_at_once).await.kept();
    let asked_for = TlsServer::open(good_when_asked).await.kept();
    for url in [
        format!("smtps://localhost:{at_once}?ca={ca}"),
        format!("smtps://ada:hunter2@localhost:{at_once}?ca={ca}"),
        format!("smtp://localhost:{asked_for}?ca={ca}"),
        format!("smtp://ada:hunter2@localhost:{asked_for}?ca={ca}"),
    ] {
        let world = World::mailing_by(Engine::Sqlite, |_| Some(url.clone())).await;
        let said = mail::test(&world.app().settings, &world.clock, "ada@example.com").await.unwrap();
        assert!(said.ends_with(": 250 2.0.0 queued"), "{url}: {said}");
    }
}

#[tokio::test]
async fn replies_are_shown_without_what_would_garble_them() {
    let post = PostOffice::open().await;
    let world = World::mailing_by(Engine::Sqlite, |_| Some(format!("smtp://127.0.0.1:{}?tls=none", post.port))).await;
    post.be(Mood::RefusingRecipients("550 no\u{202e}gnp.exe\u{200b}\u{1b}[31m\u{2066}!"));
    let said = mail::test(&world.app().settings, &world.clock, "ada@example.com").await.unwrap_err().to_string();
    assert!(said.ends_with("recipient: 550 no gnp.exe  [31m !"), "{said:?}");
}

async fn a_recipient_at_whom_the_server_falls_silent_holds_up_nobody_and_is_given_up_in_time(world: &World) {
    let slow = world.account("slow").await;
    world.token(slow, "CI").await;
    for name in ["ada", "bo"] {
        let account = world.account(name).await;
        world.token_with(account, "CI", "", Duration::days(30) + Duration::hours(1)).await;
    }
    // Nobody was warned; all are told that it has ended.
    world.pass(Duration::days(30) + Duration::hours(2));
    world.post().be(Mood::SilentTo("slow@example.com"));
    while world.post().taken().len() < 2 {
        world.tick().await;
        world.pass(Duration::hours(2));
    }
    assert!(world.app().store.undelivered_warnings(slow, 10).await.unwrap().is_empty(), "not yet");
    world.pass(Duration::days(1));
    world.tick().await;
    let failed = world.app().store.undelivered_warnings(slow, 10).await.unwrap();
    assert_eq!((failed.len(), failed[0].reply.as_str()), (1, "the mail server took longer than 2s"));
    let recipients: Vec<_> = world.post().taken().into_iter().map(|mail| mail.recipient).collect();
    assert_eq!(recipients.len(), 2, "{recipients:?}");
}

#[tokio::test]
async fn a_server_that_falls_silent_twice_in_a_row_is_left_alone_until_the_next_tick() {
    let world = World::mailing_with(Engine::Sqlite, "?tls=none&timeout=2").await;
    for name in ["ada", "bo", "cy", "di"] {
        let account = world.account(name).await;
        world.token(account, "CI").await;
    }
    world.pass(Duration::days(20));
    world.post().be(Mood::Odd(Step::Recipient, Oddity::Silence));
    let report = world.tick().await;
    assert!(report.warned.len() <= 2, "{report}");
    world.post().be(Mood::Accepting);
    while world.post().taken().len() < 4 {
        world.pass(Duration::hours(2));
        world.tick().await;
    }
}
