//! Signing in and out: one answer for everything that is wrong, and no way to guess for long or to lock others out.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::phc::PasswordHash};
use chrono::Duration;

use crate::{
    page::Page,
    person::Browser,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    signing_in_by_name_or_address_leads_to_the_tokens,
    signing_out_ends_the_session_and_leaves_a_record_of_coming,
    a_wrong_password_and_an_unknown_account_answer_alike,
    a_disabled_account_cannot_sign_in_and_its_session_ends_at_once,
    a_weakly_stored_password_is_stored_anew_at_sign_in,
    signing_in_leads_back_to_our_own_pages_only,
    a_page_for_signed_in_people_leads_to_sign_in_and_back,
    a_key_in_an_address_is_cut_to_its_hint_before_anything_shows_it,
    one_source_may_guess_ten_times_for_an_account,
    one_source_may_guess_fifty_times_in_all,
    strangers_do_not_lock_out_the_owner_on_a_known_device,
    a_right_password_forgets_the_wrong_ones_before_it,
}

async fn signing_in_by_name_or_address_leads_to_the_tokens(world: &World) {
    world.ada().await;
    for name in ["ada", "ADA", " ada ", "ada@example.com", "Ada@Example.com"] {
        let page = world.browser().sign_in(name, &password_of("ada")).await;
        assert_eq!((page.status, page.location()), (303, "/settings/tokens"), "{name}");
    }
    let events = world.database.events_of("ada").await;
    assert_eq!(events.iter().filter(|verb| *verb == "signed in").count(), 5);
    let from = "SELECT DISTINCT address || ' ' || client FROM events WHERE verb = 'session.started'";
    assert_eq!(world.database.text(from, &[]).await, "203.0.113.7 Otter/7");
}

async fn signing_out_ends_the_session_and_leaves_a_record_of_coming(world: &World) {
    world.ada().await;
    let ada = world.sign_in("ada").await;
    let stolen = ada.through(world.address());
    let page = ada.get("/settings/tokens").await;
    let out = ada.submit(page.form("/sign-out")).await;
    assert_eq!((out.status, out.location()), (303, "/"));
    assert!(out.header("clear-site-data").contains("\"cache\""));
    assert!(!ada.is_signed_in().await && !stolen.is_signed_in().await);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM sessions", &[]).await, 1, "the one of the sign-up");
}

async fn a_wrong_password_and_an_unknown_account_answer_alike(world: &World) {
    world.ada().await;
    world.bo().await;
    world.set_disabled("bo", true).await;
    let mut answers = Vec::new();
    for (name, password) in
        [("ada", "wrong"), ("nobody", "wrong"), ("bo", "wrong"), ("bo", &password_of("bo")), ("a\0b", "x")]
    {
        let browser = world.browser();
        browser.get("/").await; // both have been here before
        let page = browser.sign_in(name, password).await;
        assert_eq!(page.status, 422);
        answers.push((page.header_names(), page.without_tags().replace(&format!("value=\"{name}\""), "value=…")));
    }
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

async fn a_disabled_account_cannot_sign_in_and_its_session_ends_at_once(world: &World) {
    let ada = world.ada().await;
    world.set_disabled("ada", true).await;
    assert!(!ada.is_signed_in().await);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM sessions", &[]).await, 0);
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 422);
    world.set_disabled("ada", false).await;
    assert!(!ada.is_signed_in().await, "an ended session stays ended");
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 303);
    let events = world.database.events_of("ada").await;
    assert_eq!(events, ["account created", "account disabled", "sign-in failed", "account enabled", "signed in"]);
}

async fn a_weakly_stored_password_is_stored_anew_at_sign_in(world: &World) {
    world.ada().await;
    let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 1, 1, None).unwrap());
    let weak: PasswordHash = weak.hash_password(password_of("ada").as_bytes()).unwrap();
    world.database.execute("UPDATE accounts SET password_hash = $1", &[&weak.to_string()]).await;
    assert_eq!(world.browser().sign_in("ada", "wrong").await.status, 422);
    assert_eq!(world.database.text("SELECT password_hash FROM accounts", &[]).await, weak.to_string());
    let ada = world.sign_in("ada").await;
    let stored = world.database.text("SELECT password_hash FROM accounts", &[]).await;
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert!(ada.is_signed_in().await);
    assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 303);
}

async fn signing_in_leads_back_to_our_own_pages_only(world: &World) {
    world.ada().await;
    let long = format!("/{}", "a".repeat(8000));
    let ours = world.app().settings.public_url.of("/settings/password");
    let strange = [
        "//evil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "https:evil.example",
        "https:///evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/..//evil.example",
        "@evil.example",
        "%2f%2fevil.example",
        "/a\r\nSet-Cookie: x=1",
        "/\t/evil.example",
        "///evil.example",
        "/.evil.example/..",
        "http:/evil.example",
        "\\\\evil.example",
        "/\0",
        "?x",
        "//evil.example?x=y",
        "/a?x=//evil.example",
        "/a?x\r\nSet-Cookie: x=1",
        "#x",
        "",
        &long,
        &ours,
    ];
    for next in strange {
        let page = world
            .browser()
            .fill("/sign-in", |form| form.set("username", "ada").set("password", &password_of("ada")).set("next", next))
            .await;
        assert_eq!((page.status, page.location()), (303, "/settings/tokens"), "{next:?}");
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let shown = world.browser().get(&format!("/sign-in?next={query}")).await;
        assert_eq!(shown.form("/sign-in").value("next"), "", "{next:?}");
    }
    let page = world
        .browser()
        .fill("/sign-in", |form| {
            form.set("username", "ada").set("password", &password_of("ada")).set("next", "/settings/password")
        })
        .await;
    assert_eq!(page.location(), "/settings/password");
}

async fn a_page_for_signed_in_people_leads_to_sign_in_and_back(world: &World) {
    world.ada().await;
    let ada = world.browser();
    let page = ada.get("/settings/tokens/new").await;
    assert_eq!((page.status, page.location()), (303, "/sign-in?next=%2Fsettings%2Ftokens%2Fnew"));
    let to = page.location().to_owned();
    let page = ada.fill(&to, |form| form.set("username", "ada").set("password", &password_of("ada"))).await;
    assert_eq!((page.status, page.location()), (303, "/settings/tokens/new"));
    let again = ada.get("/sign-in").await;
    assert_eq!((again.status, again.location()), (303, "/settings/tokens"), "who is signed in need not sign in");
}

async fn a_key_in_an_address_is_cut_to_its_hint_before_anything_shows_it(world: &World) {
    let ada = world.ada().await;
    let key = format!("lk_{}", "Ab3d".repeat(10));
    for path in ["/packages?q=", "/feeds/main?q=", "/settings/tokens?q=", "/settings/tokens/new?note=", "/nothing?x="] {
        for browser in [&ada, &world.browser()] {
            let page = browser.get(&format!("{path}{key}")).await;
            assert_eq!((page.status, page.location()), (303, format!("{path}lk_Ab3d").as_str()));
        }
    }
    let page = world.browser().get(&format!("/settings/tokens/{key}")).await;
    assert!(page.location().starts_with("/sign-in") && !page.location().contains(&key), "{}", page.location());
    let page = ada.get(&format!("//evil.example?q={key}")).await;
    assert!(!page.location().contains("evil") || page.status != 303, "{}", page.location());
}

async fn guess(browser: &Browser, username: &str) -> u16 {
    browser.sign_in(username, "a guess").await.status
}

async fn one_source_may_guess_ten_times_for_an_account(world: &World) {
    world.ada().await;
    let cy = world.browser().from("198.51.100.9");
    for _ in 0..10 {
        assert_eq!(guess(&cy, "ada").await, 422);
    }
    let (address, ghost) =
        (cy.sign_in("ada@example.com", &password_of("ada")).await, cy.sign_in("ghost@example.com", "a guess").await);
    let told = |page: &Page| (page.status, page.problem(""), page.header_names());
    assert_eq!(told(&address), told(&ghost), "the account has one share, and nobody learns whose address it is");
    assert_eq!(address.status, 422);
    let page = cy.sign_in("ada", &password_of("ada")).await;
    assert_eq!(page.status, 429);
    let wait: i64 = page.header("retry-after").parse().unwrap();
    assert!((1..=300).contains(&wait), "{wait}");
    assert_eq!(page.form("/sign-in").value("username"), "ada");
    assert_eq!(guess(&cy, "bo").await, 422, "other accounts have shares of their own");
    world.pass(Duration::seconds(wait));
    assert_eq!(cy.sign_in("ada", &password_of("ada")).await.status, 303);
}

async fn one_source_may_guess_fifty_times_in_all(world: &World) {
    assert_eq!(guess(&world.browser().from("2001:db8:1:2::7"), "somebody").await, 422);
    let far = "UPDATE attempts SET count = count + 48 WHERE subject LIKE 'source %'";
    world.database.execute(far, &[]).await;
    let neighbour = world.browser().from("2001:db8:1:2::8"); // an IPv6 network is one source
    assert_eq!(guess(&neighbour, "somebody else").await, 422);
    assert_eq!(guess(&neighbour, "a third").await, 429);
    assert_eq!(guess(&world.browser().from("2001:db8:1:3::8"), "a third").await, 422);
}

async fn strangers_do_not_lock_out_the_owner_on_a_known_device(world: &World) {
    let ada = world.ada().await;
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303, "from now on this device is known");
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    for source in 0..3 {
        assert_eq!(guess(&world.browser().from(&format!("198.51.100.{source}")), "ada").await, 422);
    }
    // The other ninety-odd strangers.
    world.database.execute("UPDATE attempts SET count = 100 WHERE subject LIKE 'strangers %'", &[]).await;
    let elsewhere = world.browser().from("192.0.2.1");
    assert_eq!(elsewhere.sign_in("ada", &password_of("ada")).await.status, 429);
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303);
    world.pass(Duration::minutes(65));
    assert_eq!(elsewhere.sign_in("ada", &password_of("ada")).await.status, 303);
}

async fn a_right_password_forgets_the_wrong_ones_before_it(world: &World) {
    world.ada().await;
    let ada = world.browser();
    for _ in 0..9 {
        assert_eq!(guess(&ada, "ada").await, 422);
    }
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303);
    let again = world.browser();
    for _ in 0..10 {
        assert_eq!(guess(&again, "ada").await, 422);
    }
}
