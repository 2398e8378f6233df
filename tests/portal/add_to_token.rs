//! Mending a refusal: a page that adds one pattern or one feed, with one button.

use chrono::Duration;
use latchkey::tokens::TokenId;

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    a_missing_pattern_is_added_with_one_button,
    what_is_covered_already_is_not_added_again,
    a_pattern_that_is_none_is_said_to_be_none,
    a_page_from_before_a_change_adds_nothing,
    an_addition_asks_for_a_password_that_was_given_long_ago,
}

async fn patterns(world: &World, id: &str) -> String {
    let token = world.app().store.token(TokenId::parse(id).unwrap()).await.unwrap().unwrap();
    token.settings.patterns.as_str().to_owned()
}

async fn a_missing_pattern_is_added_with_one_button(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/add", key.id);
    let page = ada.get(&format!("{path}?pattern=Fabrikam.Core")).await;
    assert_eq!(page.texts(".diff li"), ["Contoso.*", "+ Added: Fabrikam.Core"]);
    let sentence = page.texts(".sentence").concat();
    assert!(sentence.starts_with("Can then read"), "{sentence}");
    assert!(sentence.contains("Contoso.* and Fabrikam.Core in all feeds until 30 May 2027."), "{sentence}");
    assert_eq!(patterns(world, &key.id).await, "Contoso.*", "nothing is added by looking");
    let page = ada.submit(page.form(&path)).await;
    assert_eq!((page.status, page.location()), (303, format!("/settings/tokens/{}", key.id).as_str()));
    assert_eq!(patterns(world, &key.id).await, "Contoso.*\nFabrikam.Core");
}

async fn what_is_covered_already_is_not_added_again(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/add", key.id);
    let main = world.app().store.feed("main", None).await.unwrap().unwrap().feed.id;
    for query in ["pattern=contoso.core".to_owned(), format!("feed={main}")] {
        let page = ada.get(&format!("{path}?{query}")).await;
        assert!(page.body.contains("the token covers it already"), "{query}: {}", page.body);
        assert!(page.attributes(&format!("form[action='{path}']"), "action").is_empty(), "there is nothing to press");
    }
    let form = ada.get(&format!("{path}?pattern=Fabrikam.Core")).await.form(&path);
    assert_eq!(ada.submit(form.clone()).await.status, 303);
    assert_eq!(ada.submit(form).await.status, 303, "pressed twice, it is what was wanted");
    assert_eq!(patterns(world, &key.id).await, "Contoso.*\nFabrikam.Core");
}

async fn a_pattern_that_is_none_is_said_to_be_none(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/add", key.id);
    for (query, says) in [
        ("pattern=a+b", "A pattern is made of"),
        ("feed=0190a000-0000-7000-8000-000000000009", "does not exist"),
        ("", "pattern"),
    ] {
        let page = ada.get(&format!("{path}?{query}")).await;
        assert_eq!((page.status, page.texts("main").concat().contains(says)), (200, true), "{query}: {}", page.body);
    }
    let bo = world.bo().await;
    assert_eq!(bo.get(&format!("{path}?pattern=Fabrikam.Core")).await.status, 404, "of somebody else's token");
}

async fn a_page_from_before_a_change_adds_nothing(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/add", key.id);
    let form = ada.get(&format!("{path}?pattern=Fabrikam.Core")).await.form(&path);
    assert_eq!(ada.act(&key.id, "edit", |form| form.set("patterns", "Litware.*")).await.status, 303);
    let page = ada.submit(form).await;
    assert_eq!((page.status, page.problems().len()), (409, 1), "{}", page.body);
    assert_eq!(page.texts(".diff li"), ["Litware.*", "+ Added: Fabrikam.Core"]);
    assert_eq!(patterns(world, &key.id).await, "Litware.*");
}

async fn an_addition_asks_for_a_password_that_was_given_long_ago(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/add", key.id);
    world.pass(Duration::minutes(16));
    let page = ada.get(&format!("{path}?pattern=Fabrikam.Core")).await;
    assert_eq!(page.attributes("[name=proof_password]", "name").len(), 1);
    let asked = ada.submit(page.form(&path)).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    assert_eq!(patterns(world, &key.id).await, "Contoso.*");
}
