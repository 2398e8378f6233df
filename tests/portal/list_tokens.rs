//! The list of tokens over time: states, badges, what is left in words, and the banners at the top.

use chrono::Duration;

use crate::support::{
    page::Page,
    person::Browser,
    snapshot::page_is,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_token_goes_from_active_over_expires_soon_to_expired,
    short_lives_are_warned_a_day_before_or_not_at_all,
    alerts_count_what_expires_and_what_has_expired,
    an_expired_token_is_folded_away_after_thirty_days,
    a_page_tells_the_tokens_record,
    a_note_is_listed_searched_and_shown_with_a_new_key,
    a_token_whose_feed_is_gone_reaches_nothing_and_can_be_renamed,
    a_frozen_token_says_so,
}

/// The state on the badge of a token in the list.
async fn state(browser: &Browser, id: &str) -> String {
    browser.get("/settings/tokens").await.texts(&format!("#token-{id} .sub .badge")).remove(0)
}

/// Time passes, and whoever uses the page signs in again.
async fn later(world: &World, time: Duration) -> Browser {
    world.pass(time);
    world.sign_in("ada").await
}

async fn a_token_goes_from_active_over_expires_soon_to_expired(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    assert_eq!(state(&ada, &key.id).await, "Active");
    let ada = later(world, Duration::days(80) - Duration::seconds(1)).await;
    assert_eq!(state(&ada, &key.id).await, "Active");
    assert!(ada.get("/settings/tokens").await.texts(".alerts").is_empty());
    let ada = later(world, Duration::seconds(1)).await;
    assert_eq!(state(&ada, &key.id).await, "Expires soon");
    page_is("tokens_with_one_that_expires_soon", &ada.get("/settings/tokens").await);
    let ada = later(world, Duration::days(10) - Duration::seconds(1)).await;
    assert_eq!((state(&ada, &key.id).await.as_str(), world.refusal(&key.secret).await), ("Expires soon", None));
    page_is("tokens_with_one_in_its_last_minute", &ada.get("/settings/tokens").await);
    let ada = later(world, Duration::seconds(1)).await;
    assert_eq!(state(&ada, &key.id).await, "Expired");
    assert!(world.refusal(&key.secret).await.is_some());
    let page = ada.get("/settings/tokens").await;
    page_is("tokens_with_an_expired_one", &page);
    assert_eq!(page.attributes(".alerts a", "href")[0], "/settings/tokens?state=expired&sort=expires");
    let act = |page: &Page| page.attributes(&format!("#token-{} .acts > a", key.id), "href");
    assert_eq!(act(&page), [format!("/settings/tokens/{}/delete", key.id)], "it was never used");
    world.database.execute("UPDATE tokens SET last_used_at = issued_at WHERE id = $1", &[&key.id]).await;
    let page = ada.get("/settings/tokens").await;
    assert_eq!(act(&page), [format!("/settings/tokens/{}/refresh", key.id)], "something may still need it");
}

async fn short_lives_are_warned_a_day_before_or_not_at_all(world: &World) {
    let ada = world.ada().await;
    let day = ada.key_for(world, "For a day", "1").await;
    let week =
        ada.key_with(world, "For a week", |form| form.set("expires", "date").set("expires_on", "2027-03-07")).await;
    let ada = later(world, Duration::hours(23)).await;
    assert_eq!(state(&ada, &day.id).await, "Active");
    assert!(ada.get("/settings/tokens").await.body.contains("in 60 minutes"), "never “0 days”");
    world.pass(Duration::days(5) - Duration::hours(8) - Duration::seconds(1));
    let ada = world.sign_in("ada").await;
    assert_eq!(state(&ada, &week.id).await, "Active");
    let ada = later(world, Duration::seconds(1)).await;
    assert_eq!(state(&ada, &week.id).await, "Expires soon");
}

async fn alerts_count_what_expires_and_what_has_expired(world: &World) {
    let ada = world.ada().await;
    for number in 0..7 {
        ada.key_for(world, &format!("Key {number}"), "30").await;
    }
    let ada = later(world, Duration::days(25)).await;
    assert_eq!(ada.get("/settings/tokens").await.texts(".alerts li"), ["7 expire soon Review"]);
    let ada = later(world, Duration::days(6)).await;
    let page = ada.get("/settings/tokens").await;
    assert_eq!(page.texts(".alerts li"), ["7 expired Review"]);
    let acts = page.attributes("tbody tr:not(:last-child) .acts > a", "href");
    assert!(acts.iter().all(|act| act.ends_with("/delete")), "none of them was ever used: {acts:?}");
}

async fn an_expired_token_is_folded_away_after_thirty_days(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_for(world, "CI", "30").await;
    let revoked = ada.key_for(world, "Revoked", "30").await;
    let off = ada.key_for(world, "Switched off", "30").await;
    ada.must(&revoked.id, "revoke").await;
    ada.must(&off.id, "deactivate").await;
    let ada = later(world, Duration::days(60) - Duration::seconds(1)).await;
    assert_eq!(
        ada.get("/settings/tokens").await.texts(".alerts li"),
        ["1 expired Review"],
        "only the one that ended by itself"
    );
    let ada = later(world, Duration::seconds(1)).await;
    let page = ada.get("/settings/tokens").await;
    assert!(page.texts(".alerts").is_empty());
    assert!(page.texts(&format!("#token-{}", key.id)).is_empty(), "it is folded away");
    let old = page.attributes("main > p a", "href").pop().unwrap();
    let page = ada.get(&old).await;
    assert_eq!(page.texts(&format!("#token-{} .badge", key.id)), ["Expired"]);
}

async fn a_page_tells_the_tokens_record(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    world.pass(Duration::minutes(1));
    ada.must(&key.id, "deactivate").await;
    world.pass(Duration::minutes(1));
    ada.must(&key.id, "reactivate").await;
    world.pass(Duration::minutes(1));
    ada.act(&key.id, "edit", |form| form.set("name", "Build")).await;
    let page = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    assert_eq!(page.heading(), "Build");
    let record = page.texts(".history tbody th");
    assert_eq!(record, ["Token edited (name)", "Token reactivated", "Token deactivated", "Token created"]);
    assert_eq!(page.texts(".history tbody td:nth-child(4)")[0], "Otter 7, 203.0.113.7");
}

async fn a_note_is_listed_searched_and_shown_with_a_new_key(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_with(world, "CI", |form| form.set("note", "Vault, folder Ferry")).await;
    ada.key(world, "Other").await;
    let row = ada.get("/settings/tokens").await.attributes(&format!("#token-{} th a", key.id), "title");
    assert_eq!(row, ["CI\nVault, folder Ferry"]);
    let names = ada.get("/settings/tokens?q=ferry").await.texts(".table tbody th a");
    assert_eq!(names[..1], ["CI"]);
    assert!(!names.contains(&"Other".to_owned()), "{names:?}");
    let shown = ada.refresh(&key.id, "keep").await;
    assert!(shown.texts("main").concat().contains("Vault, folder Ferry"), "{}", shown.body);
}

async fn a_token_whose_feed_is_gone_reaches_nothing_and_can_be_renamed(world: &World) {
    let ada = world.ada().await;
    world.add_feed("team", "ada", false).await;
    let team = world.database.text("SELECT id FROM feeds WHERE name = 'team'", &[]).await;
    let key = ada.key_with(world, "CI", |form| form.set("feeds", "some").add("feed", &team)).await;
    world.database.execute("DELETE FROM members", &[]).await;
    world.database.execute("DELETE FROM feeds WHERE name = 'team'", &[]).await;
    let page = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    let said = page.texts("main").concat();
    assert!(said.contains("No package is covered") && !said.contains("will be covered"), "{said}");
    let renamed = ada.act(&key.id, "edit", |form| form.set("name", "Build")).await;
    assert_eq!(renamed.status, 303, "{}", renamed.body);
    assert_eq!(world.database.text("SELECT feeds FROM tokens WHERE id = $1", &[&key.id]).await, team);
    let shown = ada.refresh(&key.id, "keep").await;
    assert!(shown.texts("pre").is_empty() && shown.body.contains("Choose other feeds"), "{}", shown.body);
}

async fn a_frozen_token_says_so(world: &World) {
    let ada = world.ada().await;
    let (frozen, off) = (ada.key(world, "Frozen").await, ada.key(world, "Off").await);
    ada.must(&off.id, "deactivate").await;
    ada.fill("/settings/tokens/freeze", |form| form).await;
    let links = async |id: &str| ada.get(&format!("/settings/tokens/{id}")).await.attributes("#off a", "href");
    assert!(links(&frozen.id).await.contains(&"/settings/tokens/unfreeze".to_owned()));
    assert!(!links(&off.id).await.contains(&"/settings/tokens/unfreeze".to_owned()), "it was off before");
}
