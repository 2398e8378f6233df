//! Where somebody is signed in: seen by its owner, ended from any other session of theirs, and by nobody else.

use chrono::Duration;
use latchkey::audit::{EventDetail, EventKind};

use crate::support::{
    page::Form,
    person::Browser,
    world::{World, on_both_engines},
};

on_both_engines! {
    every_session_is_listed_with_its_device_and_place,
    an_ended_session_is_refused_at_its_next_request,
    ending_all_others_leaves_this_one,
    nobody_ends_a_session_of_somebody_else,
    sessions_that_have_ended_by_themselves_are_not_listed,
    known_browsers_are_listed_and_forgotten,
}

const HERE: &str = "/settings/sessions";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// Where the button beside a session leads.
async fn button(browser: &Browser, place: &str) -> Form {
    let page = browser.get(HERE).await;
    let rows = page.texts(".sessions tbody tr");
    let row = rows.iter().filter(|row| !row.contains("This one")).position(|row| row.contains(place));
    let row = row.unwrap_or_else(|| panic!("{place} is not in {rows:?}"));
    page.form(&page.attributes(".sessions form", "action")[row])
}

async fn every_session_is_listed_with_its_device_and_place(world: &World) {
    let ada = world.ada().await;
    world.pass(Duration::minutes(5));
    let elsewhere = world.browser().from("198.51.100.9");
    let page = elsewhere.get("/sign-in").await;
    let form = page.form("/sign-in").set("username", "ada").set("password", &crate::support::world::password_of("ada"));
    let request = elsewhere.request(reqwest::Method::POST, "/sign-in");
    let agent = reqwest::header::HeaderMap::from_iter([(reqwest::header::USER_AGENT, FIREFOX.parse().unwrap())]);
    elsewhere.send(crate::support::person::with_fields(request, &form.fields).headers(agent)).await;
    let rows = ada.get(HERE).await.texts(".sessions tbody tr");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].starts_with("Otter 7 This one 203.0.113.7 5 minutes ago 1 Mar 2027, 09:00 UTC"), "{rows:?}");
    assert!(rows[1].starts_with("Firefox 140 on Windows 198.51.100.9 just now 1 Mar 2027, 09:05 UTC"), "{rows:?}");
    let rows = elsewhere.get(HERE).await.texts(".sessions tbody tr");
    assert!(rows[0].starts_with("Firefox 140 on Windows This one"), "this one comes first: {rows:?}");
    let ids = world.database.texts("SELECT id_hash FROM sessions", &[]).await;
    let page = ada.get(HERE).await.body;
    assert!(ids.iter().all(|id| !page.contains(id.as_str())), "what a page names is not what the cookie holds");
}

async fn an_ended_session_is_refused_at_its_next_request(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let lost = world.sign_in("ada").await;
    let stale = lost.get("/settings/tokens").await.form("/sign-out");
    let other = world.another_node().await;
    let page = ada.submit(button(&ada, "203.0.113.7").await).await;
    assert_eq!((page.status, page.location()), (303, "/settings/sessions"));
    assert!(!lost.is_signed_in().await && !lost.through(other).is_signed_in().await && ada.is_signed_in().await);
    assert_eq!(lost.submit(stale).await.status, 403, "the form belongs to the session that ended");
    assert_eq!(world.refusal(&key.secret).await, None, "tokens go on");
    assert_eq!(ada.get(HERE).await.texts(".sessions tbody tr").len(), 1);
    let events = world.database.events_of("ada").await;
    assert_eq!(events, ["account created", "token created", "signed in", "session ended"]);
    let told = world.database.details_of(EventKind::SessionEnded).await;
    let ended = matches!(&told[..], [EventDetail::Session { client, address }] if client.starts_with("Otter/7") && address == "203.0.113.7");
    assert!(ended, "{told:?}");
}

async fn ending_all_others_leaves_this_one(world: &World) {
    let ada = world.ada().await;
    let bo = world.bo().await;
    assert_eq!(ada.get(HERE).await.texts("form[action='/settings/sessions/end-others']").len(), 0, "there is no other");
    let others = [world.sign_in("ada").await, world.sign_in("ada").await];
    let page = ada.get(HERE).await;
    let form = page.form("/settings/sessions/end-others");
    assert_eq!(ada.submit(form.clone()).await.location(), "/settings/sessions");
    assert!(ada.is_signed_in().await && bo.is_signed_in().await);
    for other in others {
        assert!(!other.is_signed_in().await);
    }
    assert_eq!(ada.submit(form).await.status, 303, "once more is no harm");
    assert_eq!(world.database.details_of(EventKind::SessionEnded).await, [EventDetail::Sessions { count: 2 }]);
}

async fn nobody_ends_a_session_of_somebody_else(world: &World) {
    let ada = world.ada().await;
    let elsewhere = world.sign_in("ada").await;
    let bo = world.bo().await;
    world.sign_in("bo").await;
    let hers = button(&ada, "203.0.113.7").await;
    let own = button(&bo, "203.0.113.7").await;
    let before = world.database.contents().await;
    let nobodys = "/settings/sessions/0190a000-0000-7000-8000-000000000001/end";
    let mut bodies = Vec::new();
    for action in [hers.action.as_str(), nobodys, "/settings/sessions/x/end", "/settings/sessions/%00/end"] {
        let page = bo.submit(Form { action: action.to_owned(), ..own.clone() }).await;
        assert_eq!(page.status, 404, "{action}");
        bodies.push(page.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(bo.submit(own.clone().set("csrf", hers.value("csrf"))).await.status, 303);
    assert_eq!(bo.get(&own.action).await.status, 405, "a link ends nothing");
    assert_eq!(world.database.contents().await, before);
    assert!(elsewhere.is_signed_in().await);
}

async fn sessions_that_have_ended_by_themselves_are_not_listed(world: &World) {
    world.ada().await;
    world.pass(Duration::minutes(31));
    let ada = world.sign_in("ada").await;
    assert_eq!(ada.get(HERE).await.texts(".sessions tbody tr").len(), 1);
}

async fn known_browsers_are_listed_and_forgotten(world: &World) {
    let ada = world.ada().await;
    let other = world.browser().from("198.51.100.9");
    other.sign_in("ada", &crate::support::world::password_of("ada")).await;
    let rows = async || ada.get(HERE).await.texts(".devices tbody tr");
    let listed = rows().await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[0].starts_with("Otter 7 This one 203.0.113.7") && listed[1].contains("198.51.100.9"), "{listed:?}");
    let page = ada.get(HERE).await;
    let forget = page.form(&page.attributes(".devices form", "action")[1]);
    let bo = world.bo().await;
    let value = bo.get(HERE).await.form_value();
    assert_eq!(bo.submit(Form { fields: vec![("csrf".to_owned(), value)], ..forget.clone() }).await.status, 404);
    assert_eq!(ada.submit(forget).await.status, 303);
    assert_eq!(rows().await.len(), 1);
    assert!(world.database.events_of("ada").await.contains(&"device forgotten".to_owned()));
    other.submit(other.get("/settings/tokens").await.form("/sign-out")).await;
    other.sign_in("ada", &crate::support::world::password_of("ada")).await;
    assert_eq!(rows().await.len(), 2, "it is a new one again");
    ada.submit(ada.get(HERE).await.form("/settings/sessions/end-others")).await;
    let listed = rows().await;
    assert!(listed.len() == 1 && listed[0].contains("This one"), "{listed:?}");
}
