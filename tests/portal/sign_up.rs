//! Signing up: where it is open, with a name and an address that are free, and a password that is hard to guess.

use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    signing_up_is_for_hosts_that_are_open,
    a_new_account_has_its_primary_token_and_nothing_else,
    a_name_or_address_in_other_capitals_is_taken,
    an_easy_password_is_refused_and_the_rest_is_kept,
    a_password_that_keeps_the_rules_is_accepted_as_typed,
    what_is_no_name_address_or_zone_is_said_beside_its_field,
}

async fn signing_up_is_for_hosts_that_are_open(world: &World) {
    let cy = world.browser();
    assert_eq!(cy.get("/").await.attributes("a[href='/sign-up']", "href").len(), 1);
    let form = cy.get("/sign-up").await.form("/sign-up");
    world.restart_with(&[("sign-up", "closed")]).await;
    let closed = cy.get("/sign-up").await;
    assert_eq!((closed.status, closed.location()), (303, "/sign-in"));
    assert!(cy.get("/sign-in").await.body.contains("The operator of this host makes them"));
    for page in ["/", "/sign-in"] {
        assert!(cy.get(page).await.attributes("a[href='/sign-up']", "href").is_empty());
    }
    let form = form.set("username", "cy").set("email", "cy@example.com").set("password", &password_of("cy"));
    assert_eq!(cy.submit(form).await.status, 404);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts", &[]).await, 0);
}

async fn a_new_account_has_its_primary_token_and_nothing_else(world: &World) {
    let ada = world.ada().await;
    let list = ada.get("/settings/tokens").await;
    assert_eq!(list.texts(".table tbody th a"), ["Primary token"]);
    assert_eq!(list.texts(".table tbody .badge"), ["Primary", "Not issued"]);
    let account = "SELECT time_zone || ' ' || kind FROM accounts WHERE operator_since IS NULL AND disabled_at IS NULL";
    assert_eq!(world.database.text(account, &[]).await, "UTC person");
    assert_eq!(world.database.number("SELECT COUNT(*) FROM token_secrets", &[]).await, 0);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM notices", &[]).await, 0);
    assert_eq!(world.database.events_of("ada").await, ["account created"]);
}

async fn a_name_or_address_in_other_capitals_is_taken(world: &World) {
    world.ada().await;
    let cy = world.browser();
    let form = cy.get("/sign-up").await.form("/sign-up").set("password", &password_of("cy"));
    let name = cy.submit(form.clone().set("username", "ADA").set("email", "cy@example.com")).await;
    assert_eq!(
        (name.status, name.problem("username").is_empty(), name.problem("email").is_empty()),
        (422, false, true)
    );
    let address = cy.submit(form.set("username", "cy").set("email", "Ada@Example.COM")).await;
    assert_eq!((address.status, address.problem("email").is_empty()), (422, false));
    assert_eq!(address.form("/sign-up").value("email"), "Ada@Example.COM");
    assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts", &[]).await, 1);
}

async fn an_easy_password_is_refused_and_the_rest_is_kept(world: &World) {
    let cy = world.browser();
    let form = cy.get("/sign-up").await.form("/sign-up").set("username", "lovelace").set("email", "cy@example.com");
    let long = "x".repeat(257);
    for bad in [
        "",
        "fourteen chars",
        "passwordpassword",
        "lovelacelovelace",
        "latchkey-latchkey",
        "plum orbit \0 gravel",
        &long,
    ] {
        let page = cy.submit(form.clone().set("password", bad)).await;
        assert_eq!((page.status, page.problem("password").is_empty()), (422, false), "{bad:?}");
        let again = page.form("/sign-up");
        assert_eq!((again.value("username"), again.value("email")), ("lovelace", "cy@example.com"));
        assert_eq!(again.value("password"), "", "a password never comes back in a page");
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts", &[]).await, 0);
}

async fn a_password_that_keeps_the_rules_is_accepted_as_typed(world: &World) {
    let password = "  🦊 fährt über den zugefrorenen See  ";
    let cy = world.browser();
    let page = cy
        .fill("/sign-up", |form| form.set("username", "cy").set("email", "cy@example.com").set("password", password))
        .await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(world.browser().sign_in("cy", password.trim()).await.status, 422);
    assert_eq!(world.browser().sign_in("cy", password).await.status, 303);
    let stored = world.database.text("SELECT password_hash FROM accounts", &[]).await;
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
}

async fn what_is_no_name_address_or_zone_is_said_beside_its_field(world: &World) {
    let cy = world.browser();
    let form = cy.get("/sign-up").await.form("/sign-up").set("username", "a\0b").set("email", "cy\0@example.com");
    let page = cy.submit(form.set("zone", "Mars/Olympus").set("password", &password_of("cy"))).await;
    assert_eq!(page.status, 422);
    for field in ["username", "email", "zone"] {
        assert!(!page.problem(field).is_empty(), "{field}");
    }
    assert_eq!(page.form("/sign-up").value("zone"), "Mars/Olympus");
}
