//! A host of the release of November 2026 is carried over: what it recorded in sentences is shown as before, while it is
//! rewritten as facts and afterwards, and no rule forgets what it knew.

use chrono::{DateTime, Duration, Utc};
use latchkey::{
    jobs::{cleanup, rewrite_events},
    tokens::EventId,
};
use tokio::sync::watch;

use crate::support::{
    database::Engine,
    person::Browser,
    world::{BEGINNING, World, on_both_engines, password_of},
};

/// The last migration of that release.
const LAST: i64 = 20_261_124_000_900;
const ADA: &str = "0190a000-0000-7000-8000-00000000000a";
const BO: &str = "0190a000-0000-7000-8000-00000000000b";
const TOKEN: &str = "0190a000-0000-7000-8000-0000000000aa";

/// When, in hours before the beginning; the sentence; what it is about; and the detail.
const EVENTS: [(i64, &str, About, &str); 22] = [
    (1_440, "account created", About::Ada, ""),
    (1_440, "token created", About::Token, ""),
    (
        1_400,
        "legacy key retired",
        About::Token,
        "No package was pushed with it for a year, or none since it was imported. It ended at 2027-01-01 10:00 UTC.",
    ),
    (1_300, "account deleted", About::Bo, "Bo"),
    (700, "token refreshed", About::Token, ""),
    (600, "expiry warning sent", About::Token, "The token expires at 2027-02-03 09:00 UTC."),
    (120, "token edited", About::Token, "name, packages"),
    (70, "token edited", About::Token, "note"),
    (69, "token deactivated", About::Token, "until 2027-02-28 10:00 UTC"),
    (68, "token deactivated", About::Token, "until the cows come home"),
    (67, "token reactivated", About::Token, "by itself"),
    (66, "version published", About::Version, "Contoso.Core 1.0.0 in main"),
    (65, "package removed", About::Package, "Contoso.Core, 2 versions, in main"),
    (64, "package owner added", About::Package, "Contoso.Core in main"),
    (63, "member changed", About::Feed, "writer"),
    (62, "everybody's role changed", About::Feed, "none"),
    (61, "session ended", About::Ada, "Firefox 140 on Windows, from 203.0.113.9"),
    (60, "session ended", About::Ada, "2 other sessions"),
    (59, "address changed", About::Ada, "From a@example.com to ada@example.com."),
    (58, "mail dropped", About::Ada, "Sign-up to cy@example.com"),
    (57, "profile polished", About::Ada, "twice"),
    (56, "signed in", About::Ada, ""),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Ada,
    Bo,
    Token,
    Feed,
    Package,
    Version,
}

on_both_engines! {
    carried_over =>
    the_record_reads_the_same_before_and_after_it_is_rewritten,
    a_widening_is_not_forgotten_with_the_events,
}

async fn carried_over(engine: Engine) -> World {
    let world = World::empty(engine).await;
    world.database.migrate_to(LAST).await;
    fill(&world).await;
    world.restart_with(&[("event-days", "3")]).await;
    world
}

fn ago(hours: i64) -> DateTime<Utc> {
    BEGINNING.parse::<DateTime<Utc>>().unwrap() - Duration::hours(hours)
}

/// Rows as that release wrote them.
async fn fill(world: &World) {
    let since = ago(1_440).timestamp().to_string();
    world
        .database
        .execute(
            "INSERT INTO accounts (id, kind, username, username_key, email, email_key, time_zone, operator_since, session_epoch, created_at)
             VALUES ($1, 'person', 'ada', 'ada', 'ada@example.com', 'ada@example.com', 'UTC', CAST($2 AS BIGINT), 0, CAST($2 AS BIGINT))",
            &[ADA, &since],
        )
        .await;
    world
        .database
        .execute(
            "INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, version)
             VALUES ($1, $2, 'personal', 'CI', 'ci', '', 'nuget:pull nuget:push', $3, '*', 'lk_Ab3d', CAST($4 AS BIGINT), CAST($4 AS BIGINT), 3)",
            &[TOKEN, ADA, "Contoso.*\nFabrikam.*", &since],
        )
        .await;
    let known = "INSERT INTO installation (name, value) VALUES ('uses watched since', $1)";
    world.database.execute(known, &[&since]).await;
    let work = "INSERT INTO token_work (id, token, permission, feed, package, last_at, uses)
         VALUES ('work', $1, 'nuget:push', '', 'Contoso.Core', CAST($2 AS BIGINT), 1)";
    world.database.execute(work, &[TOKEN, &ago(1).timestamp().to_string()]).await;
    for (hours, sentence, about, detail) in EVENTS {
        add_event(world, ago(hours), sentence, about, detail).await;
    }
}

async fn add_event(world: &World, at: DateTime<Utc>, sentence: &str, about: About, detail: &str) {
    let id = EventId::generate(at, &mut latchkey::random::system()).to_string();
    let of = |is: &[About], value: &'static str| if is.contains(&about) { value } else { "" };
    world
        .database
        .execute(
            "INSERT INTO events (id, at, verb, account, actor, token, hint, feed, package, version, address, client, detail)
             VALUES ($1, CAST($2 AS BIGINT), $3, $4, $4, NULLIF($5, ''), NULLIF($6, ''), NULLIF($7, ''), NULLIF($8, ''), NULLIF($9, ''), '203.0.113.7', '', $10)",
            &[
                &id,
                &at.timestamp().to_string(),
                sentence,
                if about == About::Bo { BO } else { ADA },
                of(&[About::Token], TOKEN),
                of(&[About::Token], "lk_Ab3d"),
                of(&[About::Feed, About::Package, About::Version], "main"),
                of(&[About::Package, About::Version], "Contoso.Core"),
                of(&[About::Version], "1.0.0"),
                detail,
            ],
        )
        .await;
}

/// Ada, who sets a password by a link and signs in.
async fn ada(world: &World) -> Browser {
    let browser = world.browser();
    let link = world.password_link("ada").await;
    let page = browser.fill(&link, |form| form.set("password", &password_of("ada"))).await;
    assert_eq!(page.status, 303, "{}", page.body);
    if !browser.is_signed_in().await {
        assert_eq!(browser.sign_in("ada", &password_of("ada")).await.status, 303);
    }
    browser
}

/// All that pages show of the record, except what this test itself did.
async fn shown(ada: &Browser) -> Vec<(String, Vec<String>)> {
    let mut shown = Vec::new();
    for path in [
        "/operator/events?to=2027-02-28".to_owned(),
        "/operator/events?to=2027-02-28&what=tokens".to_owned(),
        "/operator/events?to=2027-02-28&what=packages&account=ada".to_owned(),
        "/operator/events?to=2027-02-28&account=Bo".to_owned(),
        format!("/operator/events?to=2027-02-28&token={TOKEN}"),
        format!("/settings/tokens/{TOKEN}/record"),
        format!("/settings/tokens/{TOKEN}"),
    ] {
        let page = ada.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        let mut lines = page.texts(".events tbody tr");
        lines.extend(page.texts(".history tbody tr"));
        lines.extend(page.texts("svg title"));
        shown.push((path, lines));
    }
    shown
}

async fn the_record_reads_the_same_before_and_after_it_is_rewritten(world: &World) {
    let ada = ada(world).await;
    let before = shown(&ada).await;
    assert_eq!(before[0].1.len(), EVENTS.len(), "{before:#?}");
    assert_eq!(before[1].1.len(), 8, "{before:#?}");
    let all = before.iter().flat_map(|(_, lines)| lines).cloned().collect::<Vec<_>>().join("\n");
    for said in [
        "name, packages",
        "until 28 Feb 2027, 10:00 UTC",
        "until the cows come home",
        "by itself",
        "Contoso.Core 1.0.0 in main",
        "2 versions",
        "writer in main",
        "Firefox 140 on Windows, from 203.0.113.9",
        "2 other sessions",
        "from a@example.com to ada@example.com",
        "Sign-up to cy@example.com",
        "profile polished: twice",
    ] {
        assert!(all.contains(said), "{said}: {all}");
    }
    let last = "SELECT CAST(signed_in_at AS TEXT) FROM accounts WHERE id = $1";
    let at = world.database.text(last, &[ADA]).await;
    assert!(at >= ago(56).timestamp().to_string(), "{at}");

    let (_stop, stopped) = watch::channel(false);
    let did = rewrite_events(&world.app(), &stopped).await.unwrap();
    assert!(did.ends_with("rewritten"), "{did}");
    assert_eq!(shown(&ada).await, before);
    let old = "SELECT verb || ': ' || detail FROM events WHERE verb NOT LIKE '%.%'";
    assert_eq!(world.database.texts(old, &[]).await, ["profile polished: twice"], "what nobody can read stays");
    let marks = "SELECT COUNT(*) FROM installation WHERE name = 'events in sentences'";
    assert_eq!(world.database.number(marks, &[]).await, 0);
    assert_eq!(rewrite_events(&world.app(), &stopped).await.unwrap(), "", "there is nothing left to do");

    add_event(world, world.now(), "token refreshed", About::Token, "").await;
    rewrite_events(&world.app(), &stopped).await.unwrap();
    assert_eq!(
        world.database.texts(old, &[]).await.len(),
        1,
        "what a node of that release wrote since is rewritten too"
    );
}

async fn a_widening_is_not_forgotten_with_the_events(world: &World) {
    cleanup(&world.app()).await.unwrap();
    let left = "SELECT COUNT(*) FROM events WHERE verb = 'token edited' AND detail LIKE '%packages%'";
    assert_eq!(world.database.number(left, &[]).await, 0, "three days are kept");
    let (page, browser) = (format!("/settings/tokens/{TOKEN}"), ada(world).await);
    assert!(browser.get(&page).await.texts(".advice").is_empty(), "a pattern was added five days ago");
    world.pass(Duration::days(24));
    let browser = world.sign_in("ada").await;
    assert!(browser.get(&page).await.texts(".advice").is_empty(), "29 days ago");
    world.pass(Duration::days(1));
    let browser = world.sign_in("ada").await;
    let advice = browser.get(&page).await.texts(".advice p");
    assert!(advice.is_empty() || advice[0].contains("Contoso.Core"), "{advice:?}");
    assert_eq!(advice.len(), 1, "thirty days ago");
}
