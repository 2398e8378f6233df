//! Setting a new password by a link that works once.

use chrono::Duration;
use reqwest::Method;

use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    a_handed_over_link_sets_the_password_once_and_ends_every_session,
    a_link_used_in_two_tabs_at_once_works_in_one,
    looking_at_a_link_uses_nothing_up,
    a_link_that_is_not_good_is_answered_alike_whatever_is_wrong_with_it,
    an_easy_password_is_refused_and_the_link_stays_good,
    a_new_password_ends_the_links_that_were_made_before,
}

const NEW: &str = "seven quiet lanterns drift";

async fn a_handed_over_link_sets_the_password_once_and_ends_every_session(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let link = world.password_link("ada").await;
    let cy = world.browser();
    let page = cy.get(&link).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Set a new password"));
    let form = page.form("/reset").set("password", NEW);
    let done = cy.submit(form.clone()).await;
    assert_eq!((done.status, done.location()), (303, "/sign-in"));
    assert!(!cy.is_signed_in().await, "a link never signs in");
    assert!(!ada.is_signed_in().await);
    assert_eq!(world.refusal(&key.secret).await, None, "tokens keep working");
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 422);
    assert_eq!(cy.sign_in("ada", NEW).await.status, 303);
    assert_eq!((cy.submit(form).await.status, cy.get(&link).await.status), (410, 410));
    let again = world.browser();
    let stale = again.get("/sign-in").await.form("/sign-in").value("csrf").to_owned();
    let secret = link.split_once('=').unwrap().1;
    let page = again.post("/reset", &[("csrf", stale.as_str()), ("link", secret), ("password", NEW)]).await;
    assert_eq!(page.status, 410);
    let events = world.database.events_of("ada").await;
    let expected =
        ["account created", "token created", "password link made", "password changed", "sign-in failed", "signed in"];
    assert_eq!(events, expected);
    let hashes = world.database.text("SELECT hash FROM links", &[]).await;
    assert_eq!((hashes.len(), hashes.contains(secret)), (64, false));
}

async fn a_link_used_in_two_tabs_at_once_works_in_one(world: &World) {
    world.ada().await;
    let link = world.password_link("ada").await;
    let cy = world.browser();
    let form = cy.get(&link).await.form("/reset");
    let one = cy.submit(form.clone().set("password", NEW));
    let two = cy.submit(form.clone().set("password", "another lantern in the reeds"));
    let (one, two) = futures_util::join!(one, two);
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [303, 410]);
    let changed = "SELECT COUNT(*) FROM events WHERE verb = 'account.password_changed'";
    assert_eq!(world.database.number(changed, &[]).await, 1);
}

async fn looking_at_a_link_uses_nothing_up(world: &World) {
    world.ada().await;
    let link = world.password_link("ada").await;
    let before = world.database.contents().await;
    let scanner = world.browser();
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        scanner.send(scanner.bare_request(method, &link)).await;
    }
    assert_eq!(world.database.contents().await, before);
    world.pass(Duration::hours(24) - Duration::seconds(1));
    assert_eq!(scanner.get(&link).await.status, 200);
    world.pass(Duration::seconds(1));
    assert_eq!(scanner.get(&link).await.status, 410);
}

async fn a_link_that_is_not_good_is_answered_alike_whatever_is_wrong_with_it(world: &World) {
    world.ada().await;
    world.bo().await;
    let first = world.password_link("ada").await;
    let replaced = world.password_link("ada").await;
    let newest = world.password_link("ada").await;
    let disabled = world.password_link("bo").await;
    world.set_disabled("bo", true).await;
    let setup = latchkey::serve::setup_link(&world.app()).await.unwrap();
    let setup = format!("/reset?{}", setup.split_once('?').unwrap().1);
    let cy = world.browser();
    let form = cy.get(&newest).await.form("/reset").set("password", NEW);
    let changed = format!("{}x", &newest[..newest.len() - 1]);
    let long = format!("/reset?link={}", "x".repeat(4000));
    let (upper, cut) = (newest.to_uppercase().replace("/RESET?LINK", "/reset?link"), &newest[..newest.len() - 1]);
    let mut answers = Vec::new();
    for link in [
        &first,
        &replaced,
        &disabled,
        &setup,
        &changed,
        &upper,
        cut,
        &long,
        "/reset?link=",
        "/reset",
        "/reset?link=%00",
    ] {
        let page = cy.get(link).await;
        assert_eq!(page.status, 410, "{link}");
        let secret = link.split_once('=').map_or("", |(_, secret)| secret);
        let sent = cy.submit(form.clone().set("link", secret)).await;
        assert_eq!(sent.status, 410, "{link}");
        answers.push((page.header_names(), page.without_tags(), sent.without_tags()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    for _ in answers.len()..20 {
        assert_eq!(cy.submit(form.clone().set("link", "x")).await.status, 410);
    }
    let page = cy.submit(form.clone().set("link", "x")).await;
    assert_eq!((page.status, page.header("retry-after").is_empty()), (429, false), "the limiter counts");
    assert_eq!(cy.submit(form).await.status, 303, "a good link is no guess");
}

async fn an_easy_password_is_refused_and_the_link_stays_good(world: &World) {
    world.ada().await;
    let link = world.password_link("ada").await;
    let cy = world.browser();
    for bad in ["short", "ada@example.com ada@example.com", "passwordpassword"] {
        let page = cy.fill(&link, |form| form.set("password", bad)).await;
        assert_eq!((page.status, page.problem("password").is_empty()), (422, false), "{bad}");
        assert_eq!(page.form("/reset").value("password"), "");
    }
    assert_eq!(cy.fill(&link, |form| form.set("password", NEW)).await.status, 303);
}

async fn a_new_password_ends_the_links_that_were_made_before(world: &World) {
    let ada = world.ada().await;
    let link = world.password_link("ada").await;
    ada.fill("/settings/password", |form| form.set("current", &password_of("ada")).set("new", NEW)).await;
    assert_eq!(world.browser().get(&link).await.status, 410);
}
