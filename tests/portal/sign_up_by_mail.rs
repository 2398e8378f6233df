//! Signing up on a host with a mail server: the address is confirmed first, and nobody learns who has an account.

use chrono::Duration;

use crate::support::{
    page::Page,
    person::Browser,
    snapshot::mail_is,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    an_account_is_made_when_its_address_is_confirmed,
    a_sign_up_is_answered_alike_whoever_has_the_name_or_the_address,
    a_name_that_was_taken_meanwhile_can_be_changed_at_the_end,
    two_sign_ups_for_one_address_make_one_account,
    only_who_chose_the_password_makes_the_account,
    a_confirmation_ends_after_a_day,
    an_address_gets_three_confirmations_in_six_hours,
    tokens_are_created_once_the_address_is_confirmed,
    accounts_that_an_operator_made_count_as_confirmed,
}

async fn signs_up(browser: &Browser, username: &str, email: &str) -> Page {
    let form = browser.get("/sign-up").await.form("/sign-up").set("username", username).set("email", email);
    browser.submit(form.set("password", &password_of(username)).set("zone", "Europe/Berlin")).await
}

async fn confirms(browser: &Browser, link: &str, username: &str) -> Page {
    browser.fill(link, |form| form.set("password", &password_of(username))).await
}

async fn accounts(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM accounts", &[]).await
}

async fn an_account_is_made_when_its_address_is_confirmed(world: &World) {
    world.restart_with_mail_server().await;
    let ada = world.browser();
    let page = signs_up(&ada, "ada", "ada@example.com").await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Check your email"));
    assert_eq!((accounts(world).await, ada.is_signed_in().await), (0, false));
    let mail = world.mail().await;
    mail_is("sign_up", &mail);
    let link = mail.link(world);
    let before = world.database.contents().await;
    let scanner = world.browser();
    for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
        scanner.send(scanner.bare_request(method, &link)).await;
    }
    assert_eq!(world.database.contents().await, before, "looking at the link makes nothing");
    let done = confirms(&ada, &link, "ada").await;
    assert_eq!((done.status, done.location()), (303, "/sign-in"));
    assert_eq!((ada.is_signed_in().await, ada.get(&link).await.status), (false, 410));
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303);
    let profile = ada.get("/settings/profile").await;
    assert_eq!(profile.form("/settings/profile").value("zone"), "Europe/Berlin");
    assert!(profile.texts("dl.about dd")[2].starts_with("ada@example.com confirmed 1 Mar 2027"));
    assert_eq!(world.database.events_of("ada").await, ["account created", "address confirmed", "signed in"]);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM sign_ups", &[]).await, 0);
}

async fn a_sign_up_is_answered_alike_whoever_has_the_name_or_the_address(world: &World) {
    world.ada().await;
    world.restart_with_mail_server().await;
    let mut answers = Vec::new();
    for (username, email) in
        [("cy", "cy@example.com"), ("ada", "dee@example.com"), ("eve", "ada@example.com"), ("ADA", "ADA@example.com")]
    {
        let cy = world.browser();
        cy.get("/").await;
        let page = signs_up(&cy, username, email).await;
        answers.push((page.status, page.header_names(), page.without_tags().replace(email, "…")));
        let left =
            "SELECT COUNT(*) FROM mails m JOIN links l ON l.email = m.recipient JOIN sign_ups s ON s.link = l.hash";
        assert_eq!(world.database.number(left, &[]).await as usize, answers.len(), "each leaves the same behind");
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let mut mails: Vec<_> = world.mails().await.iter().map(crate::support::letter::Letter::outline).collect();
    mails.sort();
    let subject = |to: &str, subject: &str| (to.to_owned(), format!("[Latchkey] {subject}"));
    assert_eq!(
        mails,
        [
            subject("ada@example.com", "You already have an account"),
            subject("ada@example.com", "You already have an account"),
            subject("cy@example.com", "Confirm your address"),
            subject("dee@example.com", "Confirm your address"),
        ]
    );
    assert_eq!(accounts(world).await, 1);
}

async fn a_name_that_was_taken_meanwhile_can_be_changed_at_the_end(world: &World) {
    world.restart_with_mail_server().await;
    let (ada, other) = (world.browser(), world.browser());
    signs_up(&ada, "ada", "ada@example.com").await;
    signs_up(&other, "Ada", "other@example.com").await;
    let mails = world.mails().await;
    let link = |to: &str| mails.iter().find(|mail| mail.header("To") == to).unwrap().link(world);
    assert_eq!(confirms(&ada, &link("ada@example.com"), "ada").await.status, 303);
    let page = confirms(&other, &link("other@example.com"), "Ada").await;
    assert_eq!((page.status, page.problem("username").as_str()), (422, "This username is taken. Choose another."));
    let form = page.form("/confirm").set("password", &password_of("Ada"));
    assert_eq!(form.value("username"), "Ada");
    assert_eq!(other.submit(form.clone().set("username", "-")).await.status, 422);
    assert_eq!(other.submit(form.set("username", "lovelace")).await.location(), "/sign-in");
    assert_eq!(other.sign_in("lovelace", &password_of("Ada")).await.status, 303);
}

async fn two_sign_ups_for_one_address_make_one_account(world: &World) {
    world.restart_with_mail_server().await;
    let ada = world.browser();
    signs_up(&ada, "ada", "ada@example.com").await;
    signs_up(&ada, "lovelace", "ada@example.com").await;
    let links: Vec<_> = world.mails().await.iter().map(|mail| mail.link(world)).collect();
    let mut forms = Vec::new();
    for link in &links {
        let page = ada.get(link).await;
        let username = if page.body.contains("lovelace") { "lovelace" } else { "ada" };
        forms.push(page.form("/confirm").set("password", &password_of(username)));
    }
    let second = forms.pop().unwrap();
    let first = forms.pop().unwrap();
    let (one, two) = futures_util::join!(ada.submit(first), ada.submit(second));
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!((both, accounts(world).await), ([303, 410], 1));
}

async fn only_who_chose_the_password_makes_the_account(world: &World) {
    world.restart_with_mail_server().await;
    let (attacker, ada) = (world.browser().from("198.51.100.9"), world.browser());
    signs_up(&attacker, "mallory", "ada@example.com").await;
    let theirs = world.mail().await.link(world);
    signs_up(&ada, "ada", "ada@example.com").await;
    let page = confirms(&ada, &theirs, "ada").await;
    assert_eq!((page.status, accounts(world).await), (422, 0));
    assert!(page.problem("password").contains("not the password chosen at sign-up"), "{}", page.body);
    let own = world.mail().await.link(world);
    assert_eq!(confirms(&ada, &own, "ada").await.location(), "/sign-in");
    assert_eq!(attacker.get(&theirs).await.status, 410);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM sign_ups", &[]).await, 0);
}

async fn a_confirmation_ends_after_a_day(world: &World) {
    world.restart_with_mail_server().await;
    let ada = world.browser();
    signs_up(&ada, "ada", "ada@example.com").await;
    let link = world.mail().await.link(world);
    let form = ada.get(&link).await.form("/confirm").set("password", &password_of("ada"));
    world.pass(Duration::hours(24));
    assert_eq!((ada.get(&link).await.status, ada.submit(form).await.status), (410, 410));
    world.pass(Duration::days(8));
    latchkey::jobs::cleanup(&world.app()).await.unwrap();
    for table in ["SELECT COUNT(*) FROM sign_ups", "SELECT COUNT(*) FROM links"] {
        assert_eq!(world.database.number(table, &[]).await, 0, "{table}");
    }
}

async fn an_address_gets_three_confirmations_in_six_hours(world: &World) {
    world.restart_with_mail_server().await;
    let cy = world.browser();
    for _ in 0..5 {
        assert_eq!(signs_up(&cy, "ada", "ada@example.com").await.status, 200);
    }
    assert_eq!(world.mails().await.len(), 3);
}

async fn tokens_are_created_once_the_address_is_confirmed(world: &World) {
    let ada = world.ada().await; // without a mail server nobody can confirm anything
    let key = ada.key(world, "CI").await;
    world.mails().await;
    world.restart_with_mail_server().await;
    let page = ada.create("late", |form| form).await;
    assert_eq!((page.status, page.secret()), (409, None));
    assert!(page.problems().concat().contains("Confirm your email address first"), "{}", page.body);
    assert_eq!(page.form("/settings/tokens").value("name"), "late", "what was typed stays");
    let page = ada.refresh(&key.id, "restart").await;
    assert_eq!((page.status, page.secret()), (409, None));
    assert_eq!(world.refusal(&key.secret).await, None, "doors do not ask");
    let form = ada.get("/settings/tokens/new").await.form("/settings/profile/confirm");
    assert_eq!(ada.submit(form).await.status, 303);
    let link = world.mail().await.link(world);
    assert_eq!(ada.submit(ada.get(&link).await.form("/confirm")).await.status, 303);
    ada.key(world, "late").await;
    assert!(ada.refresh(&key.id, "restart").await.secret().is_some());
}

async fn accounts_that_an_operator_made_count_as_confirmed(world: &World) {
    world.restart_with_mail_server().await;
    let link = latchkey::serve::setup_link(&world.app()).await.unwrap();
    let path = link.split_once("/setup").map(|(_, query)| format!("/setup{query}")).unwrap();
    let ada = world.browser();
    let form = ada.get(&path).await.form("/setup").set("username", "ada").set("email", "ada@example.com");
    assert_eq!(ada.submit(form.set("password", &password_of("ada"))).await.status, 303);
    ada.key(world, "CI").await;
}
