//! The private calendar of coming expiries: its address is shown once, needs no cookies, and can be ended.

use chrono::Duration;
use reqwest::Method;

use crate::support::{
    page::Page,
    person::{Browser, proven},
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    a_calendar_lists_the_coming_ends_and_nothing_secret,
    a_calendar_follows_the_tokens,
    an_address_is_shown_once_and_ends_when_another_is_made,
    nobody_finds_a_calendar_that_is_not_there,
    an_unchanged_calendar_is_not_sent_again,
    an_address_asks_for_a_fresh_proof_and_ends_with_the_password,
}

/// Makes an address; its path.
async fn address(world: &World, person: &Browser) -> String {
    let page = person.fill("/settings/calendar", |form| form).await;
    assert_eq!((page.status, page.heading()), (200, "Calendar address made".to_owned()));
    let address = page.texts("#address").concat();
    address.strip_prefix(&world.app().settings.public_url.of("")).unwrap().to_owned()
}

/// What a calendar program without cookies gets.
async fn fetched(world: &World, path: &str) -> Page {
    let browser = world.browser();
    browser.send(browser.bare_request(Method::GET, path)).await
}

/// The values of a property, unfolded.
fn values(calendar: &Page, name: &str) -> Vec<String> {
    let text = calendar.body.replace("\r\n ", "");
    text.split("\r\n").filter_map(|line| line.strip_prefix(&format!("{name}:"))).map(str::to_owned).collect()
}

async fn a_calendar_lists_the_coming_ends_and_nothing_secret(world: &World) {
    let ada = world.ada().await;
    let path = address(world, &ada).await;
    let nightly = ada.key_for(world, "Nightly; build, 1", "30").await;
    let release = ada.key(world, "Release").await;
    ada.key_for(world, "Forever", "never").await;
    let bo = world.bo().await;
    bo.key(world, "Of another").await;

    let calendar = fetched(world, &path).await;
    assert_eq!((calendar.status, calendar.header("content-type")), (200, "text/calendar; charset=utf-8"));
    assert_eq!((calendar.header("cache-control"), calendar.cookies().len()), ("private, no-cache", 0));
    assert_eq!(
        values(&calendar, "SUMMARY"),
        ["Access token “Nightly\\; build\\, 1” expires", "Access token “Release” expires"]
    );
    assert_eq!(values(&calendar, "DTSTART"), ["20270331T090000Z", "20270530T090000Z"]);
    let public = &world.app().settings.public_url;
    assert_eq!(values(&calendar, "URL")[0], public.of(&format!("/settings/tokens/{}/refresh", nightly.id)));
    assert!(values(&calendar, "DESCRIPTION")[1].starts_with(&format!("{}…\\, on 127.0.0.1", &release.secret[..7])));
    assert!(!calendar.body.contains(&release.secret[..8]) && !calendar.body.contains("Contoso"), "{}", calendar.body);
    assert_eq!(ada.get(&path).await.body, calendar.body, "cookies change nothing");
}

async fn a_calendar_follows_the_tokens(world: &World) {
    let ada = world.ada().await;
    let path = address(world, &ada).await;
    let key = ada.key_for(world, "CI", "30").await;
    let before = values(&fetched(world, &path).await, "UID");
    world.pass(Duration::hours(1));
    let ada = world.sign_in("ada").await;
    ada.act(&key.id, "edit", |form| form.set("name", "Build")).await;
    assert_eq!(values(&fetched(world, &path).await, "UID"), before, "the same end of the same token");
    ada.refresh(&key.id, "restart").await;
    assert_ne!(values(&fetched(world, &path).await, "UID"), before, "another end");
    ada.must(&key.id, "deactivate").await;
    assert!(values(&fetched(world, &path).await, "UID").is_empty());
    ada.must(&key.id, "reactivate").await;
    assert_eq!(values(&fetched(world, &path).await, "UID").len(), 1);
    ada.must(&key.id, "revoke").await;
    assert!(values(&fetched(world, &path).await, "UID").is_empty());
}

async fn an_address_is_shown_once_and_ends_when_another_is_made(world: &World) {
    let ada = world.ada().await;
    let first = address(world, &ada).await;
    let page = ada.get("/settings/calendar").await;
    assert!(page.texts("#address").is_empty() && !page.body.contains(&first), "{}", page.body);
    let second = address(world, &ada).await;
    assert_eq!((fetched(world, &first).await.status, fetched(world, &second).await.status), (404, 200));
    let form = ada.get("/settings/calendar").await.form("/settings/calendar/end");
    assert_eq!(ada.submit(form).await.location(), "/settings/calendar");
    assert_eq!(fetched(world, &second).await.status, 404);
    let events = world.database.events_of("ada").await;
    let about = events.iter().filter(|verb| verb.starts_with("calendar")).collect::<Vec<_>>();
    assert_eq!(about, ["calendar address made", "calendar address made", "calendar address ended"]);
    let secret = second.trim_start_matches("/calendar/").trim_end_matches(".ics");
    assert!(!format!("{:?}", world.database.contents().await).contains(secret));
}

async fn nobody_finds_a_calendar_that_is_not_there(world: &World) {
    let ada = world.ada().await;
    let path = address(world, &ada).await;
    let wrong = fetched(world, &format!("/calendar/{}.ics", "A".repeat(43))).await;
    assert_eq!(wrong.status, 404);
    for odd in ["/calendar/.ics", "/calendar/%00.ics", "/calendar/a.ics?x=1"] {
        assert_eq!(fetched(world, odd).await.status, 404, "{odd}");
    }
    world.set_disabled("ada", true).await;
    let ended = fetched(world, &path).await;
    assert_eq!((ended.status, ended.body), (404, wrong.body));
    world.set_disabled("ada", false).await;
    assert_eq!(fetched(world, &path).await.status, 200);
}

async fn an_unchanged_calendar_is_not_sent_again(world: &World) {
    let ada = world.ada().await;
    let path = address(world, &ada).await;
    let key = ada.key(world, "CI").await;
    let tag = fetched(world, &path).await.header("etag").to_owned();
    let asked = async || {
        let browser = world.browser();
        browser.send(browser.bare_request(Method::GET, &path).header("if-none-match", &tag)).await
    };
    world.pass(Duration::minutes(5));
    let same = asked().await;
    assert_eq!((same.status, same.header("etag"), same.body.as_str()), (304, &*tag, ""));
    ada.must(&key.id, "revoke").await;
    assert_eq!(asked().await.status, 200);
}

async fn an_address_asks_for_a_fresh_proof_and_ends_with_the_password(world: &World) {
    let ada = world.ada().await;
    world.pass(Duration::minutes(16));
    let asked = ada.fill("/settings/calendar", |form| form).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    assert_eq!(world.database.number("SELECT COUNT(*) FROM calendar_links", &[]).await, 0);
    let page = ada.fill("/settings/calendar", |form| proven(form, "ada")).await;
    assert_eq!(page.heading(), "Calendar address made");
    let new = "seven quiet lanterns drift";
    let form = ada.get("/settings/password").await.form("/settings/password");
    let changed = ada.submit(form.set("current", &password_of("ada")).set("new", new)).await;
    assert_eq!(changed.status, 303);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM calendar_links", &[]).await, 0, "whoever knew it is out");
}
