//! The address of an account: confirmed by a link, and changed with the password, the new address's word, and the old
//! one being told.

use chrono::Duration;
use reqwest::Method;

use super::{commands::told, operator::operator};
use crate::support::{
    page::Page,
    person::Browser,
    snapshot::mail_is,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    an_address_is_confirmed_by_its_link,
    three_confirmations_are_mailed_in_six_hours,
    a_new_address_holds_once_it_is_confirmed_and_the_old_one_is_told,
    the_old_address_hears_of_an_account_that_is_deleted_at_once,
    a_new_address_needs_the_password,
    a_new_address_that_is_withdrawn_never_holds,
    a_new_password_withdraws_the_address_that_was_asked_for,
    an_address_of_somebody_else_is_answered_like_any_other,
    a_newer_address_or_password_ends_the_link_to_the_one_before,
    links_are_made_from_the_public_address_alone,
}

const NEW: &str = "lovelace@example.org";

async fn asks(ada: &Browser, email: &str) -> Page {
    let form = ada.get("/settings/profile").await.form("/settings/profile/address");
    ada.submit(form.set("email", email).set("password", &password_of("ada"))).await
}

async fn address(world: &World) -> String {
    world.database.text("SELECT email FROM accounts WHERE username = 'ada'", &[]).await
}

async fn an_address_is_confirmed_by_its_link(world: &World) {
    let ada = world.ada().await;
    let page = ada.get("/settings/profile").await;
    assert!(page.texts("dl.about dd")[2].starts_with("ada@example.com not confirmed yet"));
    let sent = ada.submit(page.form("/settings/profile/confirm")).await;
    assert_eq!(sent.location(), "/settings/profile");
    let mail = world.mail().await;
    mail_is("confirm_address", &mail);
    let link = mail.link(world);
    let before = world.database.contents().await;
    let scanner = world.browser();
    for method in [Method::GET, Method::HEAD] {
        scanner.send(scanner.bare_request(method, &link)).await;
    }
    assert_eq!(world.database.contents().await, before);
    let done = scanner.fill(&link, |form| form).await;
    assert_eq!((done.status, done.location()), (303, "/sign-in"));
    assert!(ada.is_signed_in().await && !scanner.is_signed_in().await);
    assert!(ada.get("/settings/profile").await.texts("dl.about dd")[2].starts_with("ada@example.com confirmed"));
    assert_eq!(scanner.get(&link).await.status, 410);
    assert_eq!(world.database.events_of("ada").await, ["account created", "address confirmed"]);
}

async fn three_confirmations_are_mailed_in_six_hours(world: &World) {
    let ada = world.ada().await;
    let form = ada.get("/settings/profile").await.form("/settings/profile/confirm");
    for _ in 0..3 {
        assert_eq!(ada.submit(form.clone()).await.status, 303);
    }
    let page = ada.submit(form).await;
    assert_eq!((page.status, page.header("retry-after").is_empty()), (429, false));
    assert!(page.problems()[0].starts_with("Too many attempts."), "{:?}", page.problems());
    assert_eq!(world.mails().await.len(), 3);
}

async fn a_new_address_holds_once_it_is_confirmed_and_the_old_one_is_told(world: &World) {
    let ada = world.ada().await;
    let elsewhere = world.sign_in("ada").await;
    world.mails().await;
    let key = ada.key(world, "CI").await;
    world.mails().await;
    let page = asks(&ada, NEW).await;
    assert_eq!((page.status, page.location()), (303, "/settings/profile"));
    let mails = world.mails().await;
    assert_eq!(mails.len(), 2);
    let to = |address: &str| mails.iter().find(|mail| mail.header("To") == address).unwrap();
    mail_is("new_address_told_to_the_old_one", to("ada@example.com"));
    mail_is("new_address", to(NEW));
    assert_eq!(address(world).await, "ada@example.com", "until then the old one is in force");
    let link = to(NEW).link(world);
    assert!(ada.get(&link).await.body.contains(NEW));
    let done = ada.fill(&link, |form| form).await;
    assert_eq!((done.status, done.location()), (303, "/sign-in"));
    assert!(!ada.is_signed_in().await && !elsewhere.is_signed_in().await, "every session has ended");
    assert_eq!((address(world).await.as_str(), world.refusal(&key.secret).await), (NEW, None));
    mail_is("address_changed", &world.mail().await);
    assert_eq!(world.browser().get(&link).await.status, 410);
    assert_eq!(world.browser().sign_in(NEW, &password_of("ada")).await.status, 303);
    assert_eq!(world.browser().sign_in("ada@example.com", &password_of("ada")).await.status, 422);
}

async fn the_old_address_hears_of_an_account_that_is_deleted_at_once(world: &World) {
    let ada = world.ada().await;
    operator(world, "bo").await;
    world.mails().await;
    asks(&ada, NEW).await;
    let link = world.mails().await.iter().find(|mail| mail.header("To") == NEW).unwrap().link(world);
    assert_eq!(ada.fill(&link, |form| form).await.status, 303);
    // Nobody has been told yet when the account goes, and what it is owed with it.
    assert_eq!(told(world, &["account", "delete", "--username", "ada"], ""), "Deleted ada.");
    let mails = world.mails().await;
    let mut told: Vec<_> = mails.iter().map(|mail| mail.outline()).filter(|(to, _)| to != "bo@example.com").collect();
    told.sort();
    let subject = "[Latchkey] Your account was deleted".to_owned();
    assert_eq!(told, [("ada@example.com".to_owned(), subject.clone()), (NEW.to_owned(), subject)]);
}

async fn a_new_address_needs_the_password(world: &World) {
    let ada = world.ada().await;
    for (email, password, field) in [
        (NEW, "wrong", "password"),
        (NEW, "", "password"),
        ("no address", &password_of("ada"), "email"),
        ("ADA@example.com", &password_of("ada"), "email"),
    ] {
        let form = ada.get("/settings/profile").await.form("/settings/profile/address");
        let page = ada.submit(form.set("email", email).set("password", password)).await;
        assert_eq!((page.status, page.problem(field).is_empty()), (422, false), "{email} {password}");
        assert_eq!(page.form("/settings/profile/address").value("email"), email);
    }
    assert!(world.mails().await.is_empty());
    assert_eq!(address(world).await, "ada@example.com");
}

async fn a_new_address_that_is_withdrawn_never_holds(world: &World) {
    let ada = world.ada().await;
    world.mails().await;
    let keep = "/settings/profile/address/withdraw";
    asks(&ada, NEW).await;
    let mails = world.mails().await;
    let link = mails.iter().find(|mail| mail.header("To") == NEW).unwrap().link(world);
    assert!(ada.get("/settings/profile").await.texts(".about").concat().contains(NEW));
    let done = ada.submit(ada.get("/settings/profile").await.form(keep)).await;
    assert_eq!((done.status, done.location()), (303, "/settings/profile"));
    assert!(!ada.get("/settings/profile").await.body.contains(NEW));
    assert_eq!(ada.get(&link).await.status, 410);
    asks(&ada, NEW).await;
    ada.submit(ada.get("/settings/profile").await.form(keep)).await;
    let to: Vec<_> = world.mails().await.iter().map(|mail| mail.header("To")).collect();
    assert_eq!(to, ["ada@example.com"], "what was not sent yet stays here, but for the word to the present address");
    asks(&ada, NEW).await;
    world.pass(chrono::Duration::days(1));
    let ada = world.sign_in("ada").await;
    assert!(!ada.get("/settings/profile").await.body.contains(NEW), "forgotten with its link");
}

async fn a_new_password_withdraws_the_address_that_was_asked_for(world: &World) {
    let ada = world.ada().await;
    world.mails().await;
    asks(&ada, NEW).await;
    let form = ada.get("/settings/password").await.form("/settings/password");
    let form = form.set("current", &password_of("ada")).set("new", "copper lantern drifts past noon");
    assert_eq!(ada.submit(form).await.status, 303);
    assert!(world.mails().await.iter().all(|mail| mail.header("To") == "ada@example.com"));
}

async fn an_address_of_somebody_else_is_answered_like_any_other(world: &World) {
    let ada = world.ada().await;
    world.bo().await;
    let page = asks(&ada, "bo@example.com").await;
    assert_eq!((page.status, page.location()), (303, "/settings/profile"));
    let mails = world.mails().await;
    let to_bo = mails.iter().find(|mail| mail.header("To") == "bo@example.com").unwrap();
    assert_eq!(to_bo.header("Subject"), "[Latchkey] You already have an account");
    assert!(!to_bo.text.contains("link="));
    // Taken between the mail and its link: the same as any dead link.
    asks(&ada, NEW).await;
    let mails = world.mails().await;
    let link = mails.iter().find(|mail| mail.header("To") == NEW).unwrap().link(world);
    let form = ada.get(&link).await.form("/confirm");
    world.database.execute("UPDATE accounts SET email = $1, email_key = $1 WHERE username = 'bo'", &[NEW]).await;
    assert_eq!(ada.submit(form).await.status, 410);
    assert_eq!(address(world).await, "ada@example.com");
}

async fn a_newer_address_or_password_ends_the_link_to_the_one_before(world: &World) {
    let ada = world.ada().await;
    let link_to = async |email: &str| {
        assert_eq!(asks(&ada, email).await.status, 303);
        let mails = world.mails().await;
        mails.iter().find(|mail| mail.header("To") == email).unwrap().link(world)
    };
    let first = link_to("first@example.org").await;
    let second = link_to("second@example.org").await;
    assert_eq!(world.browser().get(&first).await.status, 410);
    assert_eq!(world.browser().get(&second).await.status, 200);
    let new = "seven quiet lanterns drift";
    ada.fill("/settings/password", |form| form.set("current", &password_of("ada")).set("new", new)).await;
    assert_eq!(world.browser().get(&second).await.status, 410, "whoever knew the old password is out");
    world.pass(Duration::minutes(1));
    assert_eq!(address(world).await, "ada@example.com");
}

async fn links_are_made_from_the_public_address_alone(world: &World) {
    let ada = world.ada().await;
    world.restart_with(&[("public-url", "https://packages.example.com:8443/keys")]).await;
    let cy = world.browser();
    let page = cy.send(cy.request(Method::GET, "/keys/forgot").header("host", "evil.example")).await;
    let form = page.form("/keys/forgot").set("email", "ada@example.com");
    let request = crate::support::person::with_fields(cy.request(Method::POST, "/keys/forgot"), &form.fields);
    let forged = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
    let request = forged.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    assert_eq!(cy.send(request).await.status, 200);
    let mail = world.mail().await;
    assert!(mail.link(world).starts_with("/reset?link="));
    let site = "https://packages.example.com:8443/keys/";
    assert!(mail.links().iter().all(|link| link.starts_with(site)), "{:?}", mail.links());
    assert!(!mail.text.contains("evil") && !mail.html.contains("evil"));
    drop(ada);
}
