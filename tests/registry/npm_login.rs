//! `npm login`: a person lets the client in that waits at a terminal, and it gets a key for half a day.

use chrono::Duration;
use serde_json::json;

use crate::support::{
    npm::{MAIN, document, package},
    person::proven,
    wire::{Reply, call},
    world::{World, on_both_engines},
};

on_both_engines! {
    npm_is_let_in_by_a_person_and_gets_a_key_for_half_a_day,
    a_login_that_nobody_fetches_is_over_after_a_while,
    an_address_ends_after_ten_minutes,
    letting_npm_in_asks_for_the_password_after_a_while,
    addresses_of_no_login_lead_nowhere,
}

/// Begins a login; gives the paths of the page and of what the client asks.
async fn begin(world: &World) -> (String, String) {
    let begun = call(world.address(), &format!("POST {MAIN}/-/v1/login"), &[], b"{}").await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    let origin = format!("http://{}", world.address());
    let told = begun.json();
    let path = |name: &str| told[name].as_str().unwrap().strip_prefix(&origin).unwrap().to_owned();
    (path("loginUrl"), path("doneUrl"))
}

async fn with_key(world: &World, line: &str, key: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {key}");
    call(world.address(), line, &[("Authorization", bearer.as_str())], body.as_bytes()).await
}

async fn done(world: &World, path: &str) -> Reply {
    call(world.address(), &format!("GET {path}"), &[], b"").await
}

async fn npm_is_let_in_by_a_person_and_gets_a_key_for_half_a_day(world: &World) {
    let (page, asked) = begin(world).await;
    let waits = done(world, &asked).await;
    assert_eq!((waits.status, waits.header("retry-after")), (202, Some("1")));
    assert_eq!(world.browser().get(&page).await.status, 303, "strangers are asked to sign in");
    let ada = world.ada().await;
    let question = ada.get(&page).await;
    assert_eq!((question.status, question.heading().as_str()), (200, "Let npm in"));
    let form = question.form(&page);
    let let_in = ada.submit(form.clone()).await;
    assert_eq!((let_in.status, let_in.heading().as_str()), (200, "npm is let in"));
    assert!(let_in.secret().is_none(), "the key goes to the client alone");
    assert_eq!(ada.submit(form).await.status, 409, "it is let in once");
    let given = done(world, &asked).await;
    let key = given.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(given.header("cache-control"), Some("no-store"));
    assert_eq!(done(world, &asked).await.status, 202, "it is given once");
    assert_eq!(with_key(world, &format!("GET {MAIN}/-/whoami"), &key, "").await.json()["username"], "ada");
    let put = document("ui", "1.0.0", "latest", &package("ui", "1.0.0", json!({})));
    assert_eq!(with_key(world, &format!("PUT {MAIN}/ui"), &key, &put.to_string()).await.status, 201);
    assert_eq!(with_key(world, "GET /v3/flat/a/index.json", &key, "").await.status, 403, "npm packages only");
    let again = ada.submit(ada.get(&page).await.form(&page)).await;
    assert_eq!(again.status, 409, "its address is used up");
    assert_eq!(done(world, &asked).await.status, 202);
    world.pass(Duration::hours(12));
    assert_eq!(with_key(world, &format!("GET {MAIN}/-/whoami"), &key, "").await.status, 401);
    assert!(world.database.events_of("ada").await.contains(&"token created".to_owned()));
}

async fn a_login_that_nobody_fetches_is_over_after_a_while(world: &World) {
    let (page, asked) = begin(world).await;
    let ada = world.ada().await;
    assert_eq!(ada.submit(ada.get(&page).await.form(&page)).await.status, 200);
    let elsewhere = asked.replace("/feeds/main/", "/feeds/other/");
    assert_eq!(done(world, &elsewhere).await.status, 202, "another feed");
    world.pass(Duration::minutes(6));
    assert_eq!(done(world, &asked).await.status, 202);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE name = 'npm login'", &[]).await, 0);
    let again = ada.get(&page).await.form(&page);
    world.pass(Duration::minutes(3));
    assert_eq!(ada.submit(again).await.status, 409, "it was let in once");
}

async fn an_address_ends_after_ten_minutes(world: &World) {
    let (page, asked) = begin(world).await;
    let ada = world.ada().await;
    let form = ada.get(&page).await.form(&page);
    world.pass(Duration::minutes(10));
    let late = ada.submit(form).await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("This login has ended"), "{}", late.body);
    let question = ada.get(&page).await;
    assert!(
        question.body.contains("This login has ended")
            && !question.body.contains("method=\"post\" action=\"/settings/npm")
    );
    assert_eq!(done(world, &asked).await.status, 202);
}

async fn letting_npm_in_asks_for_the_password_after_a_while(world: &World) {
    let ada = world.ada().await;
    world.pass(Duration::minutes(20));
    let (page, asked) = begin(world).await;
    let question = ada.get(&page).await;
    let unproven = ada.submit(question.form(&page)).await;
    assert_eq!(unproven.heading(), "Confirm it is you");
    assert_eq!(done(world, &asked).await.status, 202);
    let let_in = ada.submit(proven(question.form(&page), "ada")).await;
    assert_eq!(let_in.heading(), "npm is let in");
    assert_eq!(done(world, &asked).await.status, 200);
}

async fn addresses_of_no_login_lead_nowhere(world: &World) {
    let ada = world.ada().await;
    let (page, _) = begin(world).await;
    let changed = format!("{}0", &page[..page.len() - 1]);
    let changed = if changed == page { format!("{}1", &page[..page.len() - 1]) } else { changed };
    assert_eq!(ada.get(&changed).await.status, 404, "not sealed here");
    let other = page.replace("/main/", "/other/");
    assert_eq!(ada.get(&other).await.status, 404, "sealed for another feed");
    for strange in ["", "/main", "/main/xyz", "/main/00", "/No%20feed/00"] {
        assert_eq!(ada.get(&format!("/settings/npm-login{strange}")).await.status, 404, "{strange}");
    }
    let nobodys = format!("/settings/npm-login/nowhere/{}", "0".repeat(64));
    assert_eq!(ada.get(&nobodys).await.status, 404);
    for asked in ["", "?secret=", "?secret=x"] {
        assert_eq!(done(world, &format!("{MAIN}/-/v1/done{asked}")).await.status, 202, "{asked}");
    }
}
