//! The warning of a key that came from an older system, and the mail that only tries the way.

use chrono::Duration;
use latchkey::{
    cli::{legacy, mail},
    tokens::legacy::Policy,
};

use super::world::{PUBLIC_URL, World, folded};
use crate::support::{database::Engine, letter::Letter, post_office::Mood, snapshot::mail_is, world::on_both_engines};

on_both_engines! {
    World::mailing =>
    a_legacy_key_is_warned_of_in_its_own_words,
}

async fn a_legacy_key_is_warned_of_in_its_own_words(world: &World) {
    world.account("ada").await;
    let list = "account,key,created,last_push,name\n\
        ada,5f1d2c3b-89ab-4cde-8f01-23456789abcd,2016-05-01,2026-01-10T11:00:00Z,Old CI\n";
    legacy::import(&world.app(), list.as_bytes(), Some(Policy::Idle)).await.unwrap();
    world.pass(Duration::days(37));
    world.tick().await;
    assert!(world.post().taken().is_empty());
    world.pass(Duration::days(1));
    world.tick().await;
    world.tick().await;
    let taken = world.post().taken();
    assert_eq!(taken.len(), 1);
    let letter = Letter::read(&taken[0].message);
    assert_eq!(letter.header("Subject"), "[Latchkey] Your access token “Old CI” will be retired on 10 Jan 2027");
    for said in [
        "Unless you replace it, whatever uses it will stop working",
        "Sunday, 10 January 2027, 12:00 (Europe/Berlin, UTC+01:00)",
        "cannot be refreshed",
        "puts this off by a year",
        "in the older system",
        "5f1d2c3…",
    ] {
        assert!(folded(&letter.text).contains(said), "{said} is missing in {}", letter.text);
        assert!(folded(&letter.html).contains(said), "{said} is missing in {}", letter.html);
    }
    assert!(letter.text.contains("  Retires    Sunday") && letter.html.contains("<strong>Retires in"));
    let replace =
        |link: &String| link.starts_with(&format!("{PUBLIC_URL}/settings/tokens/")) && link.ends_with("/duplicate");
    assert_eq!(letter.links().iter().filter(|link| replace(link)).count(), 2, "{:?}", letter.links());
    assert!(!letter.text.contains("/refresh") && !letter.html.contains("/refresh"));
}

#[tokio::test]
async fn a_test_mail_says_in_one_line_what_came_of_it() {
    let world = World::mailing_with(Engine::Sqlite, "?tls=none").await;
    let send = async |address: &str| mail::test(&world.app().settings, &world.clock, address).await;
    let way = format!("127.0.0.1:{}", world.post().port);
    let said = send("ada@example.com").await.unwrap();
    assert_eq!(said, format!("The mail to ada@example.com went to {way}: 250 2.0.0 queued"));
    let letter = Letter::read(&world.post().taken()[0].message);
    mail_is("test_mail", &letter);

    for (mood, expected) in [
        (
            Mood::RefusingRecipients("550 5.1.1 nobody here"),
            "refused the mail for good: recipient: 550 5.1.1 nobody here",
        ),
        (Mood::RefusingRecipients("451 4.3.0 later"), "did not take the mail now: recipient: 451 4.3.0 later"),
        (Mood::HangingUpAtOnce, "takes no mail now: connection:"),
    ] {
        world.post().be(mood);
        let said = send("ada@example.com").await.unwrap_err().to_string();
        assert!(said.starts_with(&format!("{way} {expected}")) && !said.contains('\n'), "{said}");
    }
    assert!(send("ada@example.com\r\nBcc: x@example.com").await.is_err());
    assert_eq!(world.post().taken().len(), 1);
}
