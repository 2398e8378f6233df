//! Every form there is, from the table of addresses: what comes after its sender was cut off changes nothing, and what was
//! typed into a form of an ended session is given back. A new form needs a line here.

use chrono::Duration;
use latchkey::{
    audit::Actor,
    routes::{Audience, addresses},
    tokens::{Kind, Permission, Verb, decision::Role},
};
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{narrow_token::worked, operator::id_of};
use crate::support::{
    database::Contents,
    page::{Form, Page},
    person::{Browser, newest_token},
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    what_comes_after_its_sender_was_cut_off_changes_nothing,
    what_was_typed_is_given_back_when_the_session_has_ended,
    a_link_that_ends_while_its_form_arrives_does_nothing,
}

/// A form, and what its sender must be.
struct Row {
    /// Its address in the table of routes.
    address: &'static str,
    /// The page that shows it.
    page: String,
    /// Where it is sent to.
    action: String,
    /// What is typed into it.
    typed: Vec<(&'static str, String)>,
    sender: Sender,
    /// Whether the database is another after it was sent.
    changes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sender {
    Anybody,
    Operator,
    /// An owner of the feed `team`.
    Owner,
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

/// Asks `ada`, on behalf of `bo`, to own a feed too; the invitation.
async fn invited(world: &World, feed: &str) -> String {
    let app = world.app();
    let named = async |username: &str| app.store.account_named(username).await.unwrap().unwrap().id;
    let (ada, bo) = (named("ada").await, named("bo").await);
    let feed = app.store.feed(feed, Some(bo)).await.unwrap().unwrap().feed;
    let mut tx = app.store.begin().await.unwrap();
    tx.invite_owner((&feed, None), (ada, bo), &Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let asked = "SELECT i.id FROM owner_invitations i JOIN feeds f ON f.id = i.feed WHERE f.name = $1";
    world.database.text(asked, &[&feed.name]).await
}

/// Forms that nobody is signed in for, and why they have no row: the last test here is about those with a link.
const WITHOUT_SESSION: [&str; 8] =
    ["/unsubscribe", "/setup", "/sign-up", "/sign-in", "/forgot", "/confirm", "/reset", UPLOAD];
/// Sent with a file in it; it begins its change as the page for one person does.
const UPLOAD: &str = "/operator/accounts/import";

fn row(address: &'static str, page: &str, typed: &[(&'static str, &str)]) -> Row {
    let typed = typed.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let page = page.to_owned();
    Row { address, action: page.clone(), page, typed, sender: Sender::Anybody, changes: true }
}

impl Row {
    fn on(self, page: &str) -> Self {
        Self { page: page.to_owned(), ..self }
    }

    fn by(self, sender: Sender) -> Self {
        Self { sender, ..self }
    }

    fn changing_nothing(self) -> Self {
        Self { changes: false, ..self }
    }

    async fn form(&self, browser: &Browser) -> Form {
        let page = browser.get(&self.page).await;
        let shown = if self.action.ends_with("/preview") { "/settings/tokens" } else { &self.action };
        let form = Form { action: self.action.clone(), ..page.form(shown) };
        self.typed.iter().fold(form, |form, (name, value)| form.set(name, value))
    }

    fn cuts(&self) -> Vec<Cut> {
        let mut cuts = vec![Cut::PasswordChanged, Cut::EndedFromElsewhere, Cut::SignedOut, Cut::Disabled];
        cuts.extend((self.sender == Sender::Operator).then_some(Cut::Demoted));
        cuts.extend((self.sender == Sender::Owner).then_some(Cut::RoleRemoved));
        cuts
    }
}

/// `ada` runs the host, owns the feed `team` and has a token for everything that can be done with one; the rows in an
/// order in which none is in another's way.
async fn table(world: &World) -> (Browser, Vec<Row>) {
    let publisher = world.publisher("ada").await;
    for username in ["bo", "cy", "dee", "olga"] {
        world.sign_up(username).await;
    }
    world.make_operator("ada").await;
    world.make_operator("olga").await;
    world.add_feed("team", "ada", false).await;
    for version in ["1.0.0", "1.1.0"] {
        publisher.pushes("team", "Contoso.Core", version).await;
    }
    world.set_role("team", "bo", Some(Role::Writer)).await;
    world.set_role("team", "olga", Some(Role::Owner)).await; // so that ada can stop being one
    let owner = "INSERT INTO package_owners (package, account, since)
         SELECT p.id, a.id, 1 FROM packages p, accounts a WHERE p.name = 'Contoso.Core' AND a.username = 'cy'";
    world.database.execute(owner, &[]).await;
    let browser = &publisher.browser;
    for name in ["edit", "refresh", "pause", "revoke", "delete", "try", "several", "end", "off"] {
        browser.key(world, name).await;
    }
    let address = "INSERT INTO symbols_addresses (token, hash, created_at)
         SELECT t.id, s.hash, 1 FROM tokens t JOIN token_secrets s ON s.token = t.id WHERE t.name = 'several'";
    world.database.execute(address, &[]).await;
    browser.key_for(world, "over", "1").await;
    browser.key_for(world, "over too", "1").await;
    browser.key_for(world, "over three", "1").await;
    let wide = browser.key_with(world, "wide", |form| form.set("patterns", "*")).await;
    world.database.execute("UPDATE tokens SET deactivated_at = 1 WHERE name = 'off'", &[]).await;
    world.pass(Duration::days(30));
    worked(world, &wide, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core"]).await;
    let (ada, other) = (world.sign_in("ada").await, world.browser().from(ELSEWHERE));
    other.sign_in("ada", &password_of("ada")).await;
    let session = world.database.text("SELECT name FROM sessions WHERE address = $1", &[ELSEWHERE]).await;
    let mut ids = Vec::new();
    for username in ["bo", "cy", "dee", "olga"] {
        ids.push(id_of(world, username).await);
    }
    let device = "SELECT MIN(id) FROM devices WHERE address = $1";
    let device = format!("/settings/devices/{}/forget", world.database.text(device, &[ELSEWHERE]).await);
    let mut invitations = Vec::new();
    for feed in ["pals", "mates"] {
        world.add_feed(feed, "bo", false).await;
        invitations.push(format!("/settings/invitations/{}", invited(world, feed).await));
    }
    let mut token = std::collections::BTreeMap::new();
    for name in ["edit", "refresh", "pause", "revoke", "delete", "try", "several", "end", "off", "over", "wide"] {
        token.insert(name, format!("/settings/tokens/{}", newest_token(world, name).await));
    }
    let (at, id) = (|name: &str, verb: &str| format!("{}/{verb}", token[name]), |path: &str| path[17..].to_owned());
    let package = "/feeds/team/packages/nuget/Contoso.Core";
    let account = |who: usize, verb: &str| format!("/operator/accounts/{}/{verb}", ids[who]);
    use Sender::{Operator, Owner};
    let several = id(&token["several"]);
    let rows = vec![
        // Account
        row("/settings/profile", "/settings/profile", &[("zone", "Europe/Vienna")]),
        row("/settings/profile/confirm", "/settings/profile/confirm", &[]).on("/settings/profile"),
        row(
            "/settings/profile/address",
            "/settings/profile/address",
            &[("email", "ada@elsewhere.example"), ("password", &password_of("ada"))],
        )
        .on("/settings/profile"),
        row("/settings/npm-login/{feed}/{code}", &format!("/settings/npm-login/main/{}", "0".repeat(64)), &[]),
        row("/settings/profile/address/withdraw", "/settings/profile/address/withdraw", &[]).on("/settings/profile"),
        row("/settings/notifications", "/settings/notifications", &[("thirty_days", "yes")]),
        row("/settings/calendar", "/settings/calendar", &[]),
        row("/settings/calendar/end", "/settings/calendar/end", &[]).on("/settings/calendar"),
        // Tokens
        row(
            "/settings/tokens",
            "/settings/tokens",
            &[("name", "New & <b>"), ("note", "In the vault."), ("preset", "read"), ("patterns", "Contoso.*")],
        )
        .on("/settings/tokens/new"),
        row("/settings/tokens/preview", "/settings/tokens/preview", &[("patterns", "Contoso.*")])
            .on("/settings/tokens/new")
            .changing_nothing(),
        row("/settings/tokens/{id}/dismiss", &at("over", "dismiss"), &[]).on("/settings/tokens"),
        row("/settings/tokens/dismiss", "/settings/tokens/dismiss", &[]).on("/settings/tokens"),
        row("/settings/tokens/{id}/try", &at("try", "try"), &[("package", "Contoso.Core")])
            .on(&token["try"])
            .changing_nothing(),
        row("/settings/tokens/{id}/add", &at("try", "add"), &[])
            .on(&format!("{}/add?pattern=Fabrikam.Core", token["try"])),
        row("/settings/tokens/{id}/narrow", &at("wide", "narrow"), &[]),
        row("/settings/tokens/{id}/edit", &at("edit", "edit"), &[("name", "Edited"), ("patterns", "Fabrikam.*")]),
        row("/settings/tokens/{id}/refresh", &at("refresh", "refresh"), &[("lifetime", "restart")]),
        row("/settings/tokens/{id}/symbols", &at("try", "symbols"), &[]),
        row("/settings/tokens/{id}/symbols/end", &at("several", "symbols/end"), &[]).on(&at("several", "symbols")),
        row("/settings/tokens/{id}/deactivate", &at("pause", "deactivate"), &[("until", "1h")]),
        row("/settings/tokens/{id}/reactivate", &at("off", "reactivate"), &[]),
        row("/settings/tokens/{id}/revoke", &at("revoke", "revoke"), &[]),
        row("/settings/tokens/{id}/delete", &at("delete", "delete"), &[]),
        row("/settings/tokens/selected", "/settings/tokens/selected", &[])
            .on(&format!("/settings/tokens/selected?step=revoke&token={several}")),
        row("/settings/tokens/freeze", "/settings/tokens/freeze", &[]),
        row("/settings/tokens/unfreeze", "/settings/tokens/unfreeze", &[]),
        // Feeds and packages
        row("/feeds/{feed}/access", "/feeds/team/access", &[("readers", "public")]).by(Owner),
        row("/feeds/{feed}/members", "/feeds/team/members", &[("username", "cy"), ("role", "writer")]).by(Owner),
        row("/feeds/{feed}/members/{account}", &format!("/feeds/team/members/{}", ids[1]), &[("role", "owner")])
            .by(Owner),
        row("/feeds/{feed}/invitations/{id}/withdraw", "/feeds/team/invitations/{invitation}/withdraw", &[])
            .on("/feeds/team/members")
            .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners",
            &format!("{package}/-/owners"),
            &[("username", "bo")],
        )
        .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/invitations/{invitation}/withdraw",
            &format!("{package}/-/invitations/{{invitation}}/withdraw"),
            &[],
        )
        .on(&format!("{package}/-/owners"))
        .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/owners/{account}",
            &format!("{package}/-/owners/{}", ids[1]),
            &[],
        )
        .by(Owner),
        row("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/unlist", &format!("{package}/-/1.0.0/unlist"), &[])
            .by(Owner),
        row("/feeds/{feed}/packages/{kind:nuget}/{id}/-/{version}/relist", &format!("{package}/-/1.0.0/relist"), &[])
            .by(Owner),
        row(
            "/feeds/{feed}/packages/{kind:nuget|npm}/{id:@[^/%]+/[^/]+|[^/]+}/-/{version}/remove",
            &format!("{package}/-/1.1.0/remove"),
            &[],
        )
        .by(Operator),
        row("/settings/invitations/{id}/accept", &format!("{}/accept", invitations[0]), &[])
            .on("/settings/invitations"),
        row("/settings/invitations/{id}/decline", &format!("{}/decline", invitations[1]), &[])
            .on("/settings/invitations"),
        // The host
        row("/operator/feeds", "/operator/feeds", &[("name", "empty"), ("owner", "ada")])
            .on("/operator/feeds/new")
            .by(Operator),
        row("/operator/feeds/{feed}/delete", "/operator/feeds/empty/delete", &[]).by(Operator),
        row("/operator/mail/{id}/{verb:retry|drop}", "/operator/mail/{mail}/drop", &[]).by(Operator),
        row("/operator/tokens/find", "/operator/tokens/find", &[("key", "lk_Ab3d")]).by(Operator).changing_nothing(),
        row("/operator/tokens/selected", "/operator/tokens/selected", &[])
            .on(&format!("/operator/tokens/selected?step=deactivate&token={}", id(&token["edit"])))
            .by(Operator),
        row("/operator/tokens/{id}/deactivate", &format!("/operator/tokens/{}/deactivate", id(&token["end"])), &[])
            .by(Operator),
        row("/operator/tokens/{id}/revoke", &format!("/operator/tokens/{}/revoke", id(&token["end"])), &[])
            .by(Operator),
        row("/operator/accounts/{id}/password", &account(0, "password"), &[]).by(Operator),
        row("/operator/accounts/new", "/operator/accounts/new", &[("username", "eve"), ("email", "eve@example.com")])
            .by(Operator),
        row(
            "/operator/accounts/invitations/{id}/{verb:resend|withdraw}",
            "/operator/accounts/invitations/{eve}/resend",
            &[],
        )
        .by(Operator),
        row(STANDING, &account(0, "disable"), &[]).by(Operator),
        row(STANDING, &account(0, "enable"), &[]).by(Operator),
        row(STANDING, &account(1, "make-operator"), &[]).by(Operator),
        row(STANDING, &account(1, "unmake-operator"), &[]).by(Operator),
        row("/operator/accounts/{id}/delete", &account(2, "delete"), &[("username", "dee")]).by(Operator),
        // What ends sessions
        row("/settings/devices/{id}/forget", &device, &[]).on("/settings/sessions"),
        row("/settings/sessions/{name}/end", &format!("/settings/sessions/{session}/end"), &[])
            .on("/settings/sessions"),
        row("/settings/sessions/end-others", "/settings/sessions/end-others", &[]).on("/settings/sessions"),
        row(
            "/settings/password",
            "/settings/password",
            &[("current", &password_of("ada")), ("new", "seven quiet lanterns drift")],
        ),
        row("/sign-out", "/sign-out", &[]).on("/settings/tokens"),
    ];
    every_form_has_a_row(&rows);
    remember(world).await;
    (ada, rows)
}

/// Where `ada` is signed in too.
const ELSEWHERE: &str = "198.51.100.9";
const STANDING: &str = "/operator/accounts/{id}/{verb:disable|enable|make-operator|unmake-operator}";

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
    let again = page.form(&row.action);
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
        let good = again.form(&row.action);
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
