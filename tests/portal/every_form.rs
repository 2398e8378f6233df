//! Every form there is, from the table of addresses: what comes after its sender was cut off changes nothing, and what was
//! typed into a form of an ended session is given back. A new form needs a line in `rows`.

mod rows;

use latchkey::{
    audit::Actor,
    routes::{Audience, addresses},
    tokens::decision::Role,
};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use self::rows::{ELSEWHERE, Row, table};
use super::operator::id_of;
use crate::support::{
    database::Contents,
    page::{Form, Page},
    person::Browser,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    what_comes_after_its_sender_was_cut_off_changes_nothing,
    what_was_typed_is_given_back_when_the_session_has_ended,
    a_link_that_ends_while_its_form_arrives_does_nothing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    PasswordChanged,
    EndedFromElsewhere,
    SignedOut,
    Disabled,
    Demoted,
    RoleRemoved,
}

/// Forms that nobody is signed in for, and why they have no row: the last test here is about those with a link.
const WITHOUT_SESSION: [&str; 8] =
    ["/unsubscribe", "/setup", "/sign-up", "/sign-in", "/forgot", "/confirm", "/reset", UPLOAD];
/// Sent with a file in it; it begins its change as the page for one person does.
const UPLOAD: &str = "/operator/accounts/import";

fn every_form_has_a_row(rows: &[Row]) {
    let pages = [Audience::Page, Audience::Operator, Audience::MailProgram];
    let posts = addresses().into_iter().filter(|at| at.method == Method::POST.as_str() && pages.contains(&at.audience));
    let posts: Vec<String> = posts.map(|at| at.path).filter(|path| !WITHOUT_SESSION.contains(&path.as_str())).collect();
    let without: Vec<_> = posts.iter().filter(|path| !rows.iter().any(|row| row.address == **path)).collect();
    assert!(without.is_empty(), "forms without a row in this test: {without:?}");
    let gone: Vec<_> = rows.iter().map(|row| row.address).filter(|at| !posts.iter().any(|path| path == at)).collect();
    assert!(gone.is_empty(), "rows of forms that are not there: {gone:?}");
}

/// Keeps what a cut takes away.
async fn remember(world: &World) {
    for table in [
        "CREATE TABLE kept_sessions AS SELECT * FROM sessions",
        "CREATE TABLE kept_accounts AS SELECT * FROM accounts",
        "CREATE TABLE kept_devices AS SELECT * FROM devices",
    ] {
        world.database.execute(table, &[]).await;
    }
    restore(world).await;
}

/// Gives `ada` back what a cut took away.
async fn restore(world: &World) {
    for sql in [
        "UPDATE accounts SET disabled_at = NULL, operator_since = 1, asked_email = 'ada@new.example',
           asked_email_at = (SELECT MAX(s.seen_at) FROM sessions s),
           session_epoch = (SELECT k.session_epoch FROM kept_accounts k WHERE k.id = accounts.id),
           password_hash = (SELECT k.password_hash FROM kept_accounts k WHERE k.id = accounts.id) WHERE username = 'ada'",
        "DELETE FROM devices WHERE account IN (SELECT id FROM accounts WHERE username = 'ada')",
        "INSERT INTO devices SELECT * FROM kept_devices WHERE account IN (SELECT id FROM accounts WHERE username = 'ada')",
        "DELETE FROM sessions WHERE account IN (SELECT id FROM accounts WHERE username = 'ada')",
        "INSERT INTO sessions SELECT * FROM kept_sessions WHERE account IN (SELECT id FROM accounts WHERE username = 'ada')",
    ] {
        world.database.execute(sql, &[]).await;
    }
    // A new password ends the calendar's address.
    let calendar = "INSERT INTO calendar_links (account, hash, created_at)
         SELECT id, (SELECT hash FROM token_secrets LIMIT 1), created_at FROM accounts WHERE username = 'ada' ON CONFLICT DO NOTHING";
    world.database.execute(calendar, &[]).await;
    world.set_role("team", "ada", Some(Role::Owner)).await;
}

async fn cut_off(world: &World, ada: &Browser, cut: Cut) {
    let (app, now, by) = (world.app(), world.now(), Actor::host("test"));
    let id = app.store.account_named("ada").await.unwrap().unwrap().id;
    let mut tx = app.store.begin().await.unwrap();
    match cut {
        Cut::PasswordChanged => drop(tx.set_password(id, "another", &by, now).await.unwrap()),
        Cut::EndedFromElsewhere => drop(tx.end_other_sessions(id, None).await.unwrap()),
        Cut::Disabled => tx.set_disabled(id, true, &by, now).await.unwrap(),
        Cut::SignedOut | Cut::Demoted | Cut::RoleRemoved => {}
    }
    tx.commit().await.unwrap();
    match cut {
        Cut::SignedOut => {
            let elsewhere = ada.through(world.address());
            elsewhere.submit(elsewhere.get("/guide").await.form("/sign-out")).await;
        }
        Cut::Demoted => drop(app.store.unmake_operator(id, &by, now).await.unwrap()),
        Cut::RoleRemoved => world.set_role("team", "ada", Some(Role::Reader)).await,
        _ => {}
    }
}

/// Sends all of a form but its last byte, does something, and sends the last byte; the status of the answer.
async fn late(world: &World, browser: &Browser, form: &Form, meanwhile: impl AsyncFnOnce()) -> u16 {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
    let cookies: Vec<_> = browser.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\nsec-fetch-site: same-origin\r\ncontent-type: \
         application/x-www-form-urlencoded\r\ncontent-length: {}\r\nx-forwarded-for: 203.0.113.7\r\nuser-agent: \
         Otter/7\r\nconnection: close\r\n\r\n",
        form.action,
        world.address(),
        cookies.join("; "),
        body.len(),
    );
    let mut connection = TcpStream::connect(world.address()).await.unwrap();
    connection.write_all(format!("{head}{}", &body[..body.len() - 1]).as_bytes()).await.unwrap();
    // Long enough for the server to have read the session; were it not, the test would only be kinder.
    tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    meanwhile().await;
    connection.write_all(&body.as_bytes()[body.len() - 1..]).await.unwrap();
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

async fn found(world: &World, mut row: Row) -> Row {
    if row.action.contains("{invitation}") {
        let own =
            "SELECT MAX(i.id) FROM owner_invitations i JOIN accounts a ON a.id = i.inviter WHERE a.username = 'ada'";
        row.action = row.action.replace("{invitation}", &world.database.text(own, &[]).await);
    }
    if row.page.contains("{eve}") {
        row.page = row.page.replace("{eve}", &id_of(world, "eve").await);
        row.action.clone_from(&row.page);
    }
    if row.page.contains("{mail}") {
        let mail = world.database.text("SELECT MIN(id) FROM mails WHERE state = 'pending'", &[]).await;
        row.page = row.page.replace("{mail}", &mail);
        row.action.clone_from(&row.page);
    }
    row
}

async fn what_comes_after_its_sender_was_cut_off_changes_nothing(world: &World) {
    let (ada, rows) = table(world).await;
    let cookies = ada.cookies.borrow().clone();
    for row in rows {
        let row = found(world, row).await;
        ada.cookies.replace(cookies.clone());
        let form = row.form(&ada).await;
        for cut in row.cuts() {
            let mut before = None;
            let status = late(world, &ada, &form, async || {
                cut_off(world, &ada, cut).await;
                before = Some(world.database.contents().await);
            })
            .await;
            // Whoever is signed out already may sign out.
            let refused = [403, 404].contains(&status) || row.action == "/sign-out";
            assert!(refused, "{} {cut:?}: {status}", row.action);
            assert_eq!(Some(world.database.contents().await), before, "{} {cut:?}", row.action);
            restore(world).await;
        }
        let before = world.database.contents().await;
        let done = ada.submit(form).await;
        assert!(done.status < 400, "{}: {} {}", row.action, done.status, done.body);
        assert_eq!(world.database.contents().await != before, row.changes, "{}: the form itself is good", row.action);
        restore(world).await;
    }
}

/// What a person sees again of what they typed.
fn kept(form: &Form) -> Vec<(String, String)> {
    let secret = ["csrf", "password", "current", "new", "key"];
    let mut kept: Vec<_> = form.fields.iter().filter(|(name, _)| !secret.contains(&name.as_str())).cloned().collect();
    kept.sort();
    kept
}

fn shows_again(row: &Row, form: &Form, page: &Page, how: &str) {
    assert_eq!(
        (page.status, !page.texts(".banner.warn").is_empty()),
        (200, true),
        "{how} {}: {}",
        row.action,
        page.body
    );
    let again = row.form_on(page);
    if !row.typed.is_empty() {
        assert_eq!(kept(&again), kept(form), "{how} {}", row.action);
    }
    for (name, _) in &row.typed {
        if ["password", "current", "new", "key"].contains(name) {
            assert_eq!(again.value(name), "", "{how} {}: {name}", row.action);
        }
    }
}

/// What is stored but for what sessions remember, which is written down in any order.
fn but_sessions(mut contents: Contents) -> Contents {
    contents.remove("sessions");
    contents
}

async fn what_was_typed_is_given_back_when_the_session_has_ended(world: &World) {
    let (ada, rows) = table(world).await;
    let cookies = ada.cookies.borrow().clone();
    for row in rows {
        let row = found(world, row).await;
        ada.cookies.replace(cookies.clone());
        let form = row.form(&ada).await;
        let before = world.database.contents().await;
        let back = ada.submit(form.clone().set("csrf", "of another session")).await;
        if row.action.ends_with("/preview") {
            assert_eq!(back.status, 403, "a script asks, and its form is still there");
            continue;
        }
        assert_eq!(back.status, 303, "{}", row.action);
        shows_again(&row, &form, &ada.get(back.location()).await, "renewed");
        assert_eq!(but_sessions(world.database.contents().await), but_sessions(before), "{}", row.action);

        let end =
            "DELETE FROM sessions WHERE account = (SELECT id FROM accounts WHERE username = 'ada') AND address <> $1";
        world.database.execute(end, &[ELSEWHERE]).await;
        let before = world.database.contents().await;
        let sign_in = ada.submit(form.clone()).await;
        assert_eq!((sign_in.status, sign_in.heading().as_str()), (403, "Sign in"), "{}", row.action);
        assert_eq!(world.database.contents().await, before, "nothing is kept for strangers: {}", row.action);
        let sign_in = sign_in.form("/sign-in").set("username", "ada");
        let wrong = ada.submit(sign_in.set("password", "a wrong one")).await;
        let again = ada.submit(wrong.form("/sign-in").set("password", &password_of("ada"))).await;
        assert_eq!(again.status, 303, "{}", row.action);
        let again = ada.get(again.location()).await;
        shows_again(&row, &form, &again, "signed in");
        let shown = world
            .database
            .text("SELECT state FROM sessions WHERE address <> $1 ORDER BY seen_at DESC LIMIT 1", &[ELSEWHERE])
            .await;
        assert!(!shown.contains("late_form"), "shown, and so forgotten: {shown}");
        assert_ne!(again.form_value(), form.value("csrf"));
        let good = row.form_on(&again);
        let good = row.typed.iter().fold(good, |good, (name, value)| good.set(name, value));
        let before = world.database.contents().await;
        let done = ada.submit(good).await;
        assert!(done.status < 400, "{}: {} {}", row.action, done.status, done.body);
        assert_eq!(world.database.contents().await != before, row.changes, "{}: one press more is enough", row.action);
        restore(world).await;
    }
}

async fn a_link_that_ends_while_its_form_arrives_does_nothing(world: &World) {
    world.ada().await;
    let cy = world.browser();
    let link = world.password_link("ada").await;
    let form = cy.get(&link).await.form("/reset").set("password", "seven quiet lanterns drift");
    let mut before = None;
    let status = late(world, &cy, &form, async || {
        world.password_link("ada").await;
        before = Some(world.database.contents().await);
    })
    .await;
    assert_eq!(status, 410);
    let after = world.database.contents().await;
    assert_eq!(after["accounts"], before.unwrap()["accounts"]);
}
