//! Sessions: how long they last, what ends them, and that nobody gets into one from outside. Passwords beside them.

use chrono::Duration;
use latchkey::{
    accounts::{SessionDevice, StoredSession},
    audit::Actor,
    random,
    tokens::SessionId,
};

use crate::support::{
    person::proven,
    world::{World, on_both_engines, password_of},
};

const NEW: &str = "seven quiet lanterns drift";

on_both_engines! {
    a_session_ends_after_half_an_hour_without_use,
    a_session_ends_after_twelve_hours_whatever_happens,
    signing_in_gives_a_new_session,
    a_cookie_that_was_tampered_with_is_no_session,
    anonymous_visits_leave_nothing_in_the_database,
    changing_the_password_ends_other_sessions_and_keeps_tokens,
    a_sign_in_under_way_while_the_password_changes_gives_no_session,
    a_bad_new_password_changes_nothing,
    guessing_the_present_password_is_limited,
    cookies_are_for_this_host_only_behind_https,
    what_was_done_is_said_once_to_whoever_did_it,
}

async fn a_session_ends_after_half_an_hour_without_use(world: &World) {
    let ada = world.ada().await;
    world.pass(Duration::minutes(30));
    assert!(ada.is_signed_in().await);
    world.pass(Duration::minutes(30) + Duration::seconds(1));
    assert!(!ada.is_signed_in().await);
    assert!(!ada.is_signed_in().await);
}

async fn a_session_ends_after_twelve_hours_whatever_happens(world: &World) {
    let ada = world.ada().await;
    for _ in 0..36 {
        assert!(ada.is_signed_in().await);
        world.pass(Duration::minutes(20));
    }
    assert!(ada.is_signed_in().await);
    world.pass(Duration::minutes(1));
    assert!(!ada.is_signed_in().await);
}

async fn signing_in_gives_a_new_session(world: &World) {
    world.ada().await;
    let bo = world.bo().await;
    let cy = world.browser();
    cy.cookies.replace(bo.cookies.borrow().clone()); // somebody planted a session they know
    let known = cy.cookies.borrow()["latchkey-session"].clone();
    let form = world.browser();
    let sign_in = form.get("/sign-in").await.form("/sign-in");
    form.cookies.borrow_mut().insert("latchkey-session".to_owned(), known.clone());
    let stale = form.submit(sign_in.set("username", "ada").set("password", &password_of("ada"))).await;
    assert_eq!(stale.status, 403, "a form belongs to the session it was shown in");
    form.cookies.borrow_mut().remove("latchkey-session");
    assert_eq!(form.sign_in("ada", &password_of("ada")).await.status, 303);
    assert_ne!(form.cookies.borrow()["latchkey-session"], known);
    assert_eq!(bo.get("/settings/tokens").await.texts("button.me span:last-child"), ["bo"]);
    let hashes = world.database.texts("SELECT id_hash FROM sessions", &[]).await;
    assert!(hashes.iter().all(|hash| hash.len() == 64), "{hashes:?}");
}

async fn a_cookie_that_was_tampered_with_is_no_session(world: &World) {
    let ada = world.ada().await;
    let good = ada.cookies.borrow()["latchkey-session"].clone();
    let changed = |at: usize| {
        let mut cookie = good.clone().into_bytes();
        cookie[at] = if cookie[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(cookie).unwrap()
    };
    for bad in [
        changed(0),
        changed(good.len() / 2),
        changed(good.len() - 2),
        good[..good.len() - 1].to_owned(),
        String::from("x"),
        "x".repeat(3000),
    ] {
        ada.cookies.borrow_mut().insert("latchkey-session".to_owned(), bad.clone());
        assert_eq!(ada.get("/settings/tokens").await.status, 303, "{bad}");
    }
    ada.cookies.borrow_mut().insert("latchkey-session".to_owned(), good);
    assert!(ada.is_signed_in().await);
}

async fn anonymous_visits_leave_nothing_in_the_database(world: &World) {
    let before = world.database.contents().await;
    for path in ["/", "/sign-in", "/sign-up", "/settings/tokens", "/nothing", "/healthz", "/readyz", "/setup?link=x"] {
        world.browser().get(path).await;
    }
    let cy = world.browser();
    cy.get("/").await;
    assert_eq!(cy.cookies.borrow().keys().collect::<Vec<_>>(), ["latchkey-visit"]);
    assert_eq!(world.database.contents().await, before);
}

async fn changing_the_password_ends_other_sessions_and_keeps_tokens(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let elsewhere = world.sign_in("ada").await;
    let stolen = ada.through(world.address());
    let page = ada.fill("/settings/password", |form| form.set("current", &password_of("ada")).set("new", NEW)).await;
    assert_eq!((page.status, page.location()), (303, "/settings/password"));
    assert!(ada.is_signed_in().await && !elsewhere.is_signed_in().await && !stolen.is_signed_in().await);
    assert_eq!(world.refusal(&key.secret).await, None);
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 422);
    assert_eq!(world.browser().sign_in("ada", NEW).await.status, 303);
    let events = world.database.events_of("ada").await;
    assert_eq!(
        events,
        ["account created", "token created", "signed in", "password changed", "sign-in failed", "signed in"]
    );
}

async fn a_sign_in_under_way_while_the_password_changes_gives_no_session(world: &World) {
    world.ada().await;
    let (app, now) = (world.app(), world.now());
    let checked = app.store.account_named("ada").await.unwrap().unwrap();
    let session =
        |epoch| StoredSession { account: checked.id, epoch, state: "{}".to_owned(), created_at: now, seen_at: now };
    let mut tx = app.store.begin().await.unwrap();
    let epoch = tx.set_password(checked.id, "changed", &Actor::host("test"), now).await.unwrap();
    let device = || SessionDevice {
        name: SessionId::generate(now, &mut random::system()),
        client: String::new(),
        address: String::new(),
    };
    tx.add_session(b"late", &session(checked.session_epoch), &device()).await.unwrap();
    tx.add_session(b"new", &session(epoch), &device()).await.unwrap();
    tx.raise_password(checked.id, checked.password_hash.as_deref().unwrap(), "raised").await.unwrap();
    tx.commit().await.unwrap();
    assert!(app.store.session(b"late").await.unwrap().is_none() && app.store.session(b"new").await.unwrap().is_some());
    let now = app.store.account(checked.id).await.unwrap().unwrap();
    assert_eq!(now.password_hash.as_deref(), Some("changed"));
}

async fn a_bad_new_password_changes_nothing(world: &World) {
    let ada = world.ada().await;
    let before = world.database.text("SELECT password_hash FROM accounts", &[]).await;
    for (current, new, field) in [
        ("wrong", NEW, "current"),
        (&password_of("ada"), "short", "new"),
        (&password_of("ada"), &password_of("ada"), "new"),
        (&password_of("ada"), "ada@example.com ada@example.com", "new"),
    ] {
        let page = ada.fill("/settings/password", |form| form.set("current", current).set("new", new)).await;
        assert_eq!((page.status, page.problem(field).is_empty()), (422, false), "{new}");
    }
    assert_eq!(world.database.text("SELECT password_hash FROM accounts", &[]).await, before);
    assert_eq!(world.database.events_of("ada").await, ["account created"]);
}

async fn guessing_the_present_password_is_limited(world: &World) {
    let ada = world.ada().await;
    for _ in 0..10 {
        ada.fill("/settings/password", |form| form.set("current", "a guess").set("new", NEW)).await;
    }
    let page = ada.fill("/settings/password", |form| form.set("current", &password_of("ada")).set("new", NEW)).await;
    assert!(page.problem("current").starts_with("Too many attempts."), "{}", page.body);
    let wait: i64 = page.header("retry-after").parse().unwrap();
    assert_eq!((page.status, (1..=300).contains(&wait)), (429, true), "{wait}");
    world.pass(Duration::minutes(16));
    for _ in 0..11 {
        ada.create("CI", |form| form.set("proof_password", "a guess")).await;
    }
    let page = ada.create("CI", |form| proven(form, "ada")).await;
    assert_eq!((page.status, page.problem("proof_password").is_empty()), (429, false), "a proof is a guess too");
    assert!(!page.header("retry-after").is_empty());
    world.pass(Duration::minutes(6));
    let page = ada.create("CI", |form| proven(form, "ada")).await;
    assert_eq!(page.status, 200);
}

async fn cookies_are_for_this_host_only_behind_https(world: &World) {
    world.restart_with(&[("public-url", "https://packages.example.com/keys")]).await;
    let ada = world.browser();
    let form =
        ada.get("/keys/sign-up").await.form("/keys/sign-up").set("username", "ada").set("email", "ada@example.com");
    let page = ada.submit(form.set("password", &password_of("ada"))).await;
    assert_eq!((page.status, page.location()), (303, "/keys/settings/tokens"));
    let page = ada.get("/keys/settings/tokens").await;
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    ada.submit(page.form("/keys/sign-out")).await;
    let page = ada.get("/keys/sign-in").await;
    let page = ada.submit(page.form("/keys/sign-in").set("username", "ada").set("password", &password_of("ada"))).await;
    let cookies = page.cookies();
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-latchkey-"), "{cookie}");
        for part in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

async fn what_was_done_is_said_once_to_whoever_did_it(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    for word in ["all-revoked", "revoked", "password-changed"] {
        let page = ada.get(&format!("/settings/tokens?done={word}")).await;
        assert_eq!((page.status, page.texts(".banner").len()), (200, 0), "an address says nothing: {word}");
    }
    let done = ada.fill("/settings/profile", |form| form.set("zone", "Europe/Vienna")).await;
    let told = ada.cookies.borrow()["latchkey-done"].clone();
    assert_eq!(done.location(), "/settings/profile");
    assert_eq!(ada.get("/settings/profile").await.texts(".banner.ok").len(), 1);
    assert_eq!(ada.get("/settings/profile").await.texts(".banner.ok").len(), 0, "once");
    let cookie = |browser: &crate::support::person::Browser, value: &str| {
        browser.cookies.borrow_mut().insert("latchkey-done".to_owned(), value.to_owned())
    };
    cookie(&bo, &told);
    assert_eq!(bo.get("/settings/profile").await.texts(".banner").len(), 0, "it is another session's");
    cookie(&ada, &told.replace("time-zone-saved", "password-changed"));
    assert_eq!(ada.get("/settings/profile").await.texts(".banner").len(), 0, "it is not what we wrote");
}
