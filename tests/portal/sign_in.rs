//! Signing in and out: one answer for everything that is wrong, and no way to guess for long or to lock others out.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::phc::PasswordHash};
use chrono::Duration;
use latchkey::auth::password_hasher::HashQueue;

use crate::support::{
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
    a_site_with_many_networks_guesses_little_more_than_one,
    a_refused_guess_leaves_nothing_behind,
    a_flood_of_guesses_ends_in_so_many_rows,
    a_failed_sign_in_costs_the_same_whether_there_is_an_account_or_not,
    strangers_do_not_lock_out_the_owner_on_a_known_device,
    strangers_together_do_not_lock_out_who_has_no_known_device,
    a_device_guesses_so_often_and_is_a_stranger_from_then_on,
    a_device_is_known_until_the_password_changes,
    a_flood_leaves_known_devices_and_sessions_their_places,
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

/// Everything that is kept, but for the sessions' and devices' last use.
async fn rows(world: &World) -> i64 {
    let count =
        "SELECT (SELECT COUNT(*) FROM events) + (SELECT COUNT(*) FROM rate_limits) + (SELECT COUNT(*) FROM attempts)";
    world.database.number(count, &[]).await
}

/// As if strangers had used up every row of a limit.
async fn use_up(world: &World, kind: &str) {
    let later = (world.now() + Duration::hours(1)).timestamp().to_string();
    let all = "UPDATE rate_limits SET free_at = CAST($1 AS BIGINT) WHERE subject LIKE $2";
    world.database.execute(all, &[&later, &format!("{kind} ____")]).await;
}

async fn one_source_may_guess_fifty_times_in_all(world: &World) {
    let source = |network: &str| world.browser().from(&format!("2001:db8:1:{network}::7"));
    for number in 0..50 {
        assert_eq!(guess(&source("2"), &format!("somebody {number}")).await, 422, "{number}");
    }
    let neighbour = world.browser().from("2001:db8:1:2::8"); // an IPv6 network is one source
    assert_eq!(guess(&neighbour, "a third").await, 429);
    assert_eq!(guess(&source("3"), "a third").await, 422);
}

async fn a_site_with_many_networks_guesses_little_more_than_one(world: &World) {
    let mut answers = Vec::new();
    for number in 0..70 {
        let cy = world.browser().from(&format!("2001:db8:7:{:x}::1", number * 0x100)); // a household each
        answers.push(guess(&cy, "ada").await);
    }
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 60, "{answers:?}");
    let household =
        async |number: usize| guess(&world.browser().from(&format!("2001:db8:8:1{number:02x}::1")), "ada").await;
    let mut answers = Vec::new();
    for number in 0..25 {
        answers.push(household(number).await);
    }
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 20, "{answers:?}");
}

async fn a_refused_guess_leaves_nothing_behind(world: &World) {
    world.ada().await;
    let cy = world.browser().from("198.51.100.9");
    for _ in 0..10 {
        assert_eq!(guess(&cy, "ada").await, 422);
    }
    let before = rows(world).await;
    let contents = world.database.contents().await;
    for _ in 0..20 {
        assert_eq!(guess(&cy, "ada").await, 429);
    }
    let app = world.app();
    let line: Vec<_> = std::iter::from_fn(|| app.passwords.enter().ok()).collect();
    let guessers: Vec<_> = std::iter::from_fn(|| app.passwords.in_line(HashQueue::Guessers).enter().ok()).collect();
    for number in 0..5 {
        assert_eq!(guess(&world.browser().from(&format!("198.51.100.{number}")), "bo").await, 503);
    }
    drop((line, guessers));
    assert_eq!(rows(world).await, before);
    assert_eq!(world.database.contents().await, contents);
}

async fn a_flood_of_guesses_ends_in_so_many_rows(world: &World) {
    world.ada().await;
    for number in 0..40 {
        guess(&world.browser().from(&format!("198.51.100.{number}")), "ada").await;
    }
    let noted = "SELECT COUNT(*) FROM events WHERE verb = 'session.refused'";
    assert_eq!(world.database.number(noted, &[]).await, 20, "so many an hour are written down");
    let folded =
        "SELECT COUNT(*) FROM rate_limits WHERE subject NOT LIKE '% ____' AND subject <> 'requests of all strangers'";
    assert_eq!(world.database.number(folded, &[]).await, 0, "what strangers bring shares 65,536 rows a kind");
    world.pass(Duration::hours(5));
    latchkey::jobs::cleanup(&world.app()).await.unwrap();
    assert_eq!(world.database.number("SELECT COUNT(*) FROM rate_limits", &[]).await, 0);
}

async fn a_failed_sign_in_costs_the_same_whether_there_is_an_account_or_not(world: &World) {
    world.ada().await;
    let mut written = Vec::new();
    for (number, name) in ["ada", "nobody", "ada@example.com", "nobody@example.com"].into_iter().enumerate() {
        let before = "SELECT COUNT(*) FROM rate_limits";
        let rows = world.database.number(before, &[]).await;
        assert_eq!(guess(&world.browser().from(&format!("198.51.100.{number}")), name).await, 422);
        written.push(world.database.number(before, &[]).await - rows);
    }
    // The second name of an account shares the rows of the account itself, which no answer tells.
    assert_eq!((written[0], written[1]), (written[1], written[3]), "{written:?}");
}

async fn strangers_do_not_lock_out_the_owner_on_a_known_device(world: &World) {
    let ada = world.ada().await;
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    let cy = world.browser();
    for number in 0..55 {
        guess(&cy, &format!("somebody {number}")).await;
    }
    assert_eq!(guess(&cy, "ada").await, 429, "everybody behind this address has guessed fifty times");
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303, "but not this device");
    let form = ada.get("/settings/password").await.form("/settings/password").set("current", &password_of("ada"));
    let page = ada.submit(form.set("new", "seven quiet lanterns drift")).await;
    assert_eq!(page.status, 303, "nor whoever is signed in: {}", page.body);
}

async fn strangers_together_do_not_lock_out_who_has_no_known_device(world: &World) {
    world.ada().await;
    for source in 0..12 {
        for _ in 0..10 {
            guess(&world.browser().from(&format!("198.51.100.{source}")), "ada").await;
        }
    }
    use_up(world, "guesses for").await;
    let elsewhere = world.browser().from("192.0.2.1");
    assert_eq!(elsewhere.sign_in("ada", &password_of("ada")).await.status, 303);
    let guesser = world.browser().from("192.0.2.2");
    for _ in 0..3 {
        assert_eq!(guess(&guesser, "ada").await, 422);
    }
    assert_eq!(guess(&guesser, "ada").await, 429, "each network has three more an hour");
}

async fn a_device_guesses_so_often_and_is_a_stranger_from_then_on(world: &World) {
    let ada = world.ada().await;
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    let mut tried = Vec::new();
    for _ in 0..5 {
        for _ in 0..10 {
            guess(&world.browser(), "ada").await; // strangers behind the same address use up theirs
        }
        let mut tries = 0;
        while guess(&ada, "ada").await == 422 {
            tries += 1;
        }
        tried.push(tries);
        world.pass(Duration::minutes(5));
    }
    assert_eq!(tried, [10, 10, 10, 7, 3], "ten at a time, thirty an hour");
}

async fn a_device_is_known_until_the_password_changes(world: &World) {
    let ada = world.ada().await;
    let stolen = ada.through(world.address()).from("198.51.100.9");
    let kept = "SELECT COUNT(*) FROM devices";
    assert_eq!(world.database.number(kept, &[]).await, 1);
    let form = ada.get("/settings/password").await.form("/settings/password").set("current", &password_of("ada"));
    assert_eq!(ada.submit(form.set("new", "seven quiet lanterns drift")).await.status, 303);
    assert_eq!(world.database.number(kept, &[]).await, 1, "the one on which it was changed");
    assert_ne!(stolen.cookies.borrow()["latchkey-device"], ada.cookies.borrow()["latchkey-device"]);
    world.mails().await;
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    ada.sign_in("ada", "seven quiet lanterns drift").await;
    assert!(world.mails().await.is_empty(), "it is still known");
    stolen.sign_in("ada", "seven quiet lanterns drift").await;
    assert!(world.mail().await.header("Subject").ends_with("Somebody signed in from a new device"));
    for number in 0..25 {
        world.pass(Duration::minutes(1));
        let page =
            world.browser().from(&format!("198.51.100.{number}")).sign_in("ada", "seven quiet lanterns drift").await;
        assert_eq!(page.status, 303);
    }
    assert_eq!(world.database.number(kept, &[]).await, 20, "the twenty seen last");
}

async fn a_flood_leaves_known_devices_and_sessions_their_places(world: &World) {
    let ada = world.ada().await;
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    let bo = world.bo().await;
    let app = world.app();
    let _line: Vec<_> = std::iter::from_fn(|| app.passwords.enter().ok()).collect();
    assert_eq!(guess(&world.browser().from("192.0.2.1"), "ada").await, 503);
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303);
    world.pass(Duration::minutes(16));
    let page = bo.create("CI", |form| crate::support::person::proven(form, "bo")).await;
    assert_eq!(page.status, 200, "{}", page.body);
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
