//! The private address at which debuggers read the symbols of a token: made on a page, shown once, ended alone.

use chrono::Duration;
use reqwest::Method;

use crate::support::{
    page::Page,
    person::{Browser, Key, proven},
    world::{World, on_both_engines},
};

on_both_engines! {
    an_address_is_shown_once_and_told_by_mail,
    an_address_asks_for_a_fresh_proof,
    an_address_is_for_tokens_that_may_read,
    nobody_makes_an_address_for_anothers_token,
}

fn page_of(key: &Key) -> String {
    format!("/settings/tokens/{}/symbols", key.id)
}

async fn reader(world: &World, person: &Browser) -> Key {
    person.key_with(world, "Debugging", |form| form.set("preset", "read")).await
}

/// What a debugger gets below an address that a page shows.
async fn asks(world: &World, address: &str) -> Page {
    let path = address.strip_prefix(&world.app().settings.public_url.of("")).expect("below the public address");
    let browser = world.browser();
    let path = format!("{path}/a.pdb/{}ffffffff/a.pdb", "0".repeat(32));
    browser.send(browser.bare_request(Method::GET, &path)).await
}

async fn count(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM symbols_addresses", &[]).await
}

async fn an_address_is_shown_once_and_told_by_mail(world: &World) {
    let ada = world.ada().await;
    world.add_feed("team", "ada", false).await;
    let key = reader(world, &ada).await;
    let path = page_of(&key);
    assert!(
        ada.get(&format!("/settings/tokens/{}", key.id)).await.body.contains(&path),
        "the token's page leads there"
    );
    world.mails().await;
    let made = ada.fill(&path, |form| form).await;
    assert_eq!(
        (made.status, made.heading().as_str(), made.header("cache-control")),
        (200, "Symbols address made", "no-store")
    );
    let shown = made.texts("code.key");
    assert_eq!(shown.len(), 2, "one for each feed: {shown:?}");
    assert!(shown.iter().any(|url| url.contains("/feeds/team/symbols/-/")), "{shown:?}");
    let secret = shown[0].rsplit('/').next().unwrap().to_owned();
    assert!(!ada.get(&path).await.body.contains(&secret), "it is not shown again");
    let mail = world.mail().await;
    assert!(mail.header("Subject").contains("A symbols address was made for the access token “Debugging”"));
    assert!(!mail.text.contains(&secret));
    // Nothing is there to be read yet, and a token of its own is not asked for.
    let found = asks(world, &shown[0]).await;
    assert_eq!((found.status, found.header("www-authenticate")), (404, ""));
    ada.must(&key.id, "deactivate").await;
    assert_eq!(asks(world, &shown[0]).await.status, 403, "it ends with the token");
    ada.must(&key.id, "reactivate").await;
    let ended = ada.submit(ada.get(&path).await.form(&format!("{path}/end"))).await;
    assert_eq!((ended.status, count(world).await), (303, 0));
    assert!(ada.get(ended.location()).await.texts(".banner.ok").concat().starts_with("Ended."));
    assert_eq!(asks(world, &shown[0]).await.status, 404);
    let events = world.database.events_of("ada").await;
    assert!(["symbols address made", "symbols address ended"].iter().all(|kind| events.contains(&(*kind).to_owned())));
}

async fn an_address_asks_for_a_fresh_proof(world: &World) {
    let ada = world.ada().await;
    let path = page_of(&reader(world, &ada).await);
    world.pass(Duration::minutes(16));
    let asked = ada.fill(&path, |form| form).await;
    assert_eq!((asked.status, asked.heading().as_str(), count(world).await), (200, "Confirm it is you", 0));
    let made = ada.fill(&path, |form| proven(form, "ada")).await;
    assert_eq!((made.heading().as_str(), count(world).await), ("Symbols address made", 1));
}

async fn an_address_is_for_tokens_that_may_read(world: &World) {
    let ada = world.ada().await;
    let pusher = ada.key_with(world, "Push", |form| form.set("preset", "write")).await;
    let gone = reader(world, &ada).await;
    let late = ada.get(&page_of(&gone)).await.form(&page_of(&gone));
    ada.must(&gone.id, "revoke").await;
    for (key, why) in [(&pusher, "may not read NuGet packages"), (&gone, "ended for good")] {
        let page = ada.get(&page_of(key)).await;
        assert!(page.texts(".banner.warn").concat().contains(why), "{}", page.body);
        let mut form = late.clone();
        form.action = page_of(key);
        assert_eq!(ada.submit(form).await.status, 409, "{why}");
    }
    assert_eq!(count(world).await, 0);
}

async fn nobody_makes_an_address_for_anothers_token(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    let hers = reader(world, &ada).await;
    let his = bo.key_with(world, "His", |form| form.set("preset", "read")).await;
    assert_eq!(bo.get(&page_of(&hers)).await.status, 404);
    let mut form = bo.get(&page_of(&his)).await.form(&page_of(&his));
    form.action = page_of(&hers);
    assert_eq!((bo.submit(form).await.status, count(world).await), (404, 0));
}
