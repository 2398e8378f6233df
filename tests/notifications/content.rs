//! What a warning says, where its links lead, and what no name can do to it.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use chrono::Duration;
use latchkey::{
    jobs::cleanup,
    tokens::LastUse,
    usage::{TokenUse, UsageEvent},
};

use super::world::{PUBLIC_URL, World};
use crate::support::{database::Engine, letter::Letter, snapshot::mail_is, world::on_both_engines};

on_both_engines! {
    World::mailing =>
    a_warning_says_which_token_when_where_it_is_used_and_what_to_press,
}

const TEN_DAYS_BEFORE: Duration = Duration::days(20);

fn only_letter(world: &World) -> Letter {
    let taken = world.post().taken();
    assert_eq!(taken.len(), 1);
    Letter::read(&taken[0].message)
}

async fn a_warning_says_which_token_when_where_it_is_used_and_what_to_press(world: &World) {
    let ada = world.account("ada").await;
    let (token, secret) = world.token_with(ada, "CI", "GitHub: contoso/build", Duration::days(30)).await;
    world.pass(Duration::days(3));
    let last = LastUse { at: world.clock.now(), client: "NuGet/6.12".to_owned(), address: "192.0.2.4".to_owned() };
    world.app().usage_buffer.note([TokenUse { token, account: ada, event: UsageEvent::Last(last) }], world.clock.now());
    latchkey::jobs::write_usage(&world.app()).await.unwrap();
    world.pass(Duration::days(17));
    world.tick().await;
    let letter = only_letter(world);
    mail_is("expiry_warning", &letter);
    let (hint, refresh) = (&secret[..7], format!("{PUBLIC_URL}/settings/tokens/{token}/refresh"));
    assert!([&letter.text, &letter.html].iter().all(|part| part.contains(hint) && part.contains(&refresh)));
    assert!(letter.links().iter().all(|link| link.starts_with(&format!("{PUBLIC_URL}/"))), "{:?}", letter.links());
    let raw = &world.post().taken()[0].message;
    assert!(!raw.contains(&secret) && !letter.text.contains(&secret) && !letter.html.contains(&secret));
}

#[tokio::test]
async fn a_token_that_was_never_used_can_be_let_go() {
    let world = World::mailing_with(Engine::Sqlite, "?tls=none").await;
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    world.tick().await;
    let letter = only_letter(&world);
    mail_is("expiry_warning_of_an_unused_token", &letter);
}

#[tokio::test]
async fn the_headers_are_these_and_no_others_whatever_a_token_is_called() {
    let long = "long ".repeat(30);
    for name in [
        "CI",
        "x\r\nBcc: mallory@example.com\r\n\r\nhello",
        "=?utf-8?b?QmNjOg==?= and =?utf-8?q?more?=",
        "🔑🔑🔑 \u{202e}gnp.exe \"quoted\" <ada@example.com>, ,;:",
        "<a href=\"https://evil.example\">press</a>",
        "--=_ boundary",
        long.trim(),
    ] {
        let world = World::mailing_with(Engine::Sqlite, "?tls=none").await;
        let ada = world.account("ada").await;
        world.token_with(ada, name, ".\n..\nFrom here\n.", Duration::days(30)).await;
        world.pass(TEN_DAYS_BEFORE);
        world.tick().await;
        let letter = only_letter(&world);
        let mut names: Vec<_> = letter.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"],
            "{name:?}"
        );
        assert_eq!(letter.header("To"), "ada@example.com");
        assert_eq!(letter.header("From"), "Packages <packages@example.com>");
        assert_eq!(letter.header("Date"), "Sun, 13 Dec 2026 12:20:00 +0000");
        assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
        assert!(letter.header("Message-ID").ends_with("@packages.example.com>"));
        assert!(!letter.html.contains("<a href=\"https://evil"), "{}", letter.html);
        assert!(letter.text.contains("\n             ..\n             From here\n             .\n"), "{}", letter.text);
        let shown = name.replace(char::is_control, " ");
        let words = |text: &str| text.split(' ').collect::<String>().replace('\n', "");
        assert!(words(&letter.text).contains(&words(&shown)), "{shown:?} is not in {}", letter.text);
        if name.contains("=?") {
            assert!(letter.header("Subject").replace('\u{a0}', " ").contains(name), "shown as typed");
        }
    }
}

#[tokio::test]
async fn without_a_mail_server_mails_are_private_files_for_a_week() {
    let world = World::mailing_by(Engine::Sqlite, |_| None).await;
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.pass(TEN_DAYS_BEFORE);
    world.tick().await;
    world.tick().await;
    let files = || -> Vec<PathBuf> {
        fs::read_dir(world.folder().join("mails")).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let [file] = &files()[..] else { panic!("{:?}", files()) };
    assert!(file.file_name().unwrap().to_string_lossy().starts_with("20261213T122000Z-"));
    assert_eq!(file.extension().unwrap(), "eml");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let letter = Letter::read(&fs::read_to_string(file).unwrap());
    assert_eq!(letter.header("Subject"), "[Latchkey] Your access token “CI” expires on 23 Dec 2026");
    world.pass(Duration::days(7));
    cleanup(&world.app()).await.unwrap();
    assert_eq!(files().len(), 1);
    world.pass(Duration::seconds(1));
    cleanup(&world.app()).await.unwrap();
    assert!(files().is_empty());
}
