//! The first account of an installation.

use chrono::Duration;
use latchkey::serve::setup_link;

use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    the_setup_link_makes_the_operator_once,
    every_node_and_start_prints_the_same_link_until_it_is_used_or_over,
    a_setup_link_ends_after_a_week,
    a_mistake_in_the_setup_form_does_not_use_the_link_up,
}

/// The path of a new setup link, as a start prints it.
async fn printed(world: &World) -> String {
    let app = world.app();
    let link = setup_link(&app).await.unwrap();
    link.strip_prefix(&app.settings.public_url.of("")).expect("the link is below the public address").to_owned()
}

async fn the_setup_link_makes_the_operator_once(world: &World) {
    world.restart_with(&[("sign-up", "closed")]).await;
    let (link, ada, cy) = (printed(world).await, world.browser(), world.browser());
    let open_elsewhere = cy.get(&link).await.form("/setup");
    assert_eq!(ada.get(&link).await.heading(), "Set up this host");
    let page = ada
        .fill(&link, |form| {
            form.set("username", "ada").set("email", "ada@example.com").set("password", &password_of("ada"))
        })
        .await;
    assert_eq!((page.status, page.location()), (303, "/settings/tokens"));
    assert!(ada.is_signed_in().await);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts WHERE operator_since IS NOT NULL", &[]).await, 1);
    assert_eq!(world.database.events_of("ada").await, ["account created", "account made operator"]);

    assert_eq!(cy.get(&link).await.heading(), "This link does not work");
    let form = open_elsewhere.set("username", "cy").set("email", "cy@example.com").set("password", &password_of("cy"));
    assert_eq!(cy.submit(form).await.status, 410);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts", &[]).await, 1);
}

async fn every_node_and_start_prints_the_same_link_until_it_is_used_or_over(world: &World) {
    let first = printed(world).await;
    let (one, two) = tokio::join!(printed(world), printed(world));
    world.restart_with(&[]).await;
    assert_eq!([&one, &two, &printed(world).await], [&first; 3]);
    let ada = world.browser();
    assert_eq!(ada.get(&first).await.status, 200);
    assert_eq!(ada.get("/setup").await.status, 404);
    assert_eq!(ada.get("/setup?link=").await.status, 410);
    assert_eq!(ada.get("/setup?link=%00").await.status, 410);
    world.pass(Duration::days(7));
    let second = printed(world).await;
    assert_ne!(first, second);
    assert_eq!((ada.get(&first).await.status, ada.get(&second).await.status), (410, 200));
}

async fn a_setup_link_ends_after_a_week(world: &World) {
    let (link, ada) = (printed(world).await, world.browser());
    world.pass(Duration::days(7) - Duration::seconds(1));
    assert_eq!(ada.get(&link).await.status, 200);
    world.pass(Duration::seconds(1));
    assert_eq!(ada.get(&link).await.status, 410);
}

async fn a_mistake_in_the_setup_form_does_not_use_the_link_up(world: &World) {
    let (link, ada) = (printed(world).await, world.browser());
    let mistaken =
        ada.fill(&link, |form| form.set("username", "ada").set("email", "no").set("password", "short")).await;
    assert_eq!(mistaken.status, 422);
    assert!(!mistaken.problem("email").is_empty() && !mistaken.problem("password").is_empty(), "{}", mistaken.body);
    let form = mistaken.form("/setup");
    assert_eq!((form.value("username"), form.value("email")), ("ada", "no"));
    let page = ada.submit(form.set("email", "ada@example.com").set("password", &password_of("ada"))).await;
    assert_eq!(page.status, 303);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM links WHERE used_at IS NULL", &[]).await, 0);
}
