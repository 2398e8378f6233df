//! Asking for a new password by mail: no answer tells whether there is an account, and the mail reaches its owner alone.

use chrono::Duration;

use crate::support::{
    page::Page,
    person::Browser,
    snapshot::mail_is,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    a_mailed_link_sets_the_password_and_the_owner_is_told,
    known_unknown_and_disabled_addresses_are_answered_alike,
    a_mailed_link_works_for_half_an_hour_from_when_it_is_sent,
    a_newer_mail_ends_the_link_before_it_and_no_link_of_an_operator,
    an_address_gets_five_mails_a_day_and_no_answer_says_so,
    one_source_asks_twenty_times_an_hour,
    a_mail_that_goes_out_again_is_the_same_mail,
}

const NEW: &str = "seven quiet lanterns drift";

async fn asks(browser: &Browser, email: &str) -> Page {
    browser.fill("/forgot", |form| form.set("email", email)).await
}

async fn a_mailed_link_sets_the_password_and_the_owner_is_told(world: &World) {
    let ada = world.ada().await;
    let cy = world.browser();
    let link = cy.get("/sign-in").await.attributes("main a[href='/forgot']", "href");
    assert_eq!(link.len(), 1, "signing in leads there");
    let page = asks(&cy, "Ada@Example.com").await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Ask the operator for the link"));
    let mail = world.mail().await;
    mail_is("password_reset", &mail);
    let link = mail.link(world);
    let secret = link.split_once('=').unwrap().1;
    for row in world.database.contents().await.into_values().flatten() {
        assert!(!row.contains(secret), "the link is in the database: {row}");
    }
    let done = cy.fill(&link, |form| form.set("password", NEW)).await;
    assert_eq!((done.status, done.location()), (303, "/sign-in"));
    assert!(!cy.is_signed_in().await && !ada.is_signed_in().await);
    assert_eq!(cy.get(&link).await.status, 410);
    let told = world.mail().await;
    mail_is("password_changed", &told);
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 422);
    assert_eq!(world.browser().sign_in("ada", NEW).await.status, 303);
    let events = world.database.events_of("ada").await;
    assert_eq!(events[..3], ["account created", "password reset mailed", "password changed"]);
}

async fn known_unknown_and_disabled_addresses_are_answered_alike(world: &World) {
    world.ada().await;
    world.bo().await;
    world.set_disabled("bo", true).await;
    assert_eq!(world.mail().await.header("To"), "bo@example.com", "of being disabled");
    let mut answers = Vec::new();
    for email in ["ada@example.com", "nobody@example.com", "bo@example.com"] {
        let cy = world.browser();
        cy.get("/").await;
        let page = asks(&cy, email).await;
        assert_eq!(page.status, 200);
        answers.push((page.header_names(), page.without_tags().replace(email, "…")));
        let waiting = "SELECT COUNT(*) FROM mails WHERE account IS NULL AND letter = 'password reset'";
        assert_eq!(world.database.number(waiting, &[]).await as usize, answers.len(), "each leaves the same behind");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.mail().await.header("To"), "ada@example.com", "and only one is mailed");
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM mails WHERE letter = 'password reset'", &[]).await,
        1,
        "nothing is kept of the others"
    );
    for bad in ["", "ada", "ada@example.com\r\nBcc: x@example.com", "a\0@example.com"] {
        let page = asks(&world.browser(), bad).await;
        assert_eq!((page.status, page.problem("email").is_empty()), (422, false), "{bad:?}");
    }
}

async fn a_mailed_link_works_for_half_an_hour_from_when_it_is_sent(world: &World) {
    world.ada().await;
    asks(&world.browser(), "ada@example.com").await;
    world.pass(Duration::hours(3)); // the mail waited
    let link = world.mail().await.link(world);
    world.pass(Duration::minutes(30) - Duration::seconds(1));
    assert_eq!(world.browser().get(&link).await.status, 200);
    world.pass(Duration::seconds(1));
    assert_eq!(world.browser().get(&link).await.status, 410);
}

async fn a_newer_mail_ends_the_link_before_it_and_no_link_of_an_operator(world: &World) {
    world.ada().await;
    let handed_over = world.password_link("ada").await;
    asks(&world.browser(), "ada@example.com").await;
    let first = world.mail().await.link(world);
    asks(&world.browser(), "ada@example.com").await;
    let second = world.mail().await.link(world);
    let statuses = [world.browser().get(&first).await.status, world.browser().get(&second).await.status];
    assert_eq!(statuses, [410, 200]);
    assert_eq!(world.browser().get(&handed_over).await.status, 200, "a stranger who asks voids nothing of others");
    world.set_disabled("ada", true).await;
    assert_eq!(world.browser().get(&second).await.status, 410);
}

async fn an_address_gets_five_mails_a_day_and_no_answer_says_so(world: &World) {
    world.ada().await;
    let cy = world.browser();
    cy.get("/").await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        let page = asks(&cy, "ada@example.com").await;
        answers.push((page.status, page.without_tags()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.mails().await.len(), 5);
    world.pass(Duration::hours(24) + Duration::minutes(5));
    asks(&cy, "ada@example.com").await;
    assert_eq!(world.mails().await.len(), 1);
}

async fn one_source_asks_twenty_times_an_hour(world: &World) {
    let cy = world.browser();
    for number in 0..20 {
        assert_eq!(asks(&cy, &format!("somebody{number}@example.com")).await.status, 200);
    }
    let page = asks(&cy, "somebody@example.com").await;
    assert_eq!((page.status, page.header("retry-after").is_empty()), (429, false));
    assert_eq!(page.form("/forgot").value("email"), "somebody@example.com");
    assert_eq!(asks(&world.browser().from("198.51.100.9"), "somebody@example.com").await.status, 200);
}

async fn a_mail_that_goes_out_again_is_the_same_mail(world: &World) {
    world.restart_with_mail_server().await;
    let mark = "UPDATE mails SET state = 'sending', next_at = 0, lease_until = 0, content = '', sent_at = NULL";
    let email = "Ada's <address@example.com>";
    assert_eq!(asks(&world.browser(), email).await.status, 422);
    world.database.execute("INSERT INTO accounts (id, kind, username, username_key, email, email_key, time_zone, session_epoch, created_at)
        VALUES ('0190a000-0000-7000-8000-000000000001', 'person', 'ada', 'ada', 'ada@example.com', 'ada@example.com', 'UTC', 1, 0)", &[]).await;
    asks(&world.browser(), "ada@example.com").await;
    let first = world.mail().await;
    world.database.execute(mark, &[]).await; // as after a crash between the final dot and its recorded reply
    world.pass(Duration::minutes(12));
    let second = world.mail().await;
    assert_eq!((first.headers, first.text, first.html), (second.headers, second.text, second.html));
    world.database.execute(mark, &[]).await;
    world.pass(Duration::minutes(20));
    assert!(world.mails().await.is_empty(), "a link that is over is not mailed");
}
