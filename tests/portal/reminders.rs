//! Reminders are asked for on the page of notifications, and stopped there or by the link in each of them.

use chrono::Duration;
use latchkey::jobs::run_expiry_warnings;

use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    reminders_are_switched_on_and_off,
    a_mail_program_stops_reminders_with_one_press_and_looking_does_nothing,
}

async fn ticked(browser: &crate::support::person::Browser) -> Vec<String> {
    browser.get("/settings/notifications").await.attributes("input[type=checkbox][checked]", "name")
}

async fn reminders_are_switched_on_and_off(world: &World) {
    let ada = world.ada().await;
    assert!(ticked(&ada).await.is_empty());
    let page = ada.fill("/settings/notifications", |form| form.add("thirty_days", "yes")).await;
    assert_eq!((page.status, page.location()), (303, "/settings/notifications"));
    assert_eq!(ticked(&ada).await, ["thirty_days"]);
    ada.fill("/settings/notifications", |form| form.add("one_day", "yes")).await;
    ada.fill("/settings/notifications", |form| form).await;
    assert_eq!(ticked(&ada).await, ["thirty_days", "one_day"]);
    ada.fill("/settings/notifications", |form| form.without("thirty_days").without("one_day")).await;
    assert!(ticked(&ada).await.is_empty());
    let changes = world.database.events_of("ada").await;
    assert_eq!(changes.iter().filter(|verb| *verb == "reminders changed").count(), 3, "{changes:?}");
}

async fn a_mail_program_stops_reminders_with_one_press_and_looking_does_nothing(world: &World) {
    world.sign_up("ada").await;
    world.restart_with_mail_server().await;
    world.vouch_for_everybody().await;
    let ada = world.sign_in("ada").await;
    ada.key_for(world, "CI", "90").await;
    ada.fill("/settings/notifications", |form| form.add("thirty_days", "yes").add("one_day", "yes")).await;
    world.mails().await;
    world.pass(Duration::days(60));
    run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    let mail = world.mail().await;
    let link = mail.header("List-Unsubscribe");
    let start = world.app().settings.public_url.of("/unsubscribe?link=");
    assert!(link.starts_with(&format!("<{start}")), "{link}");
    let path = format!("/unsubscribe?link={}", link.trim_start_matches(&format!("<{start}")).trim_end_matches('>'));
    let new = "seven quiet lanterns drift";
    let ada = world.sign_in("ada").await;
    ada.fill("/settings/password", |form| form.set("current", &password_of("ada")).set("new", new)).await;
    let stranger = world.browser();
    let before = world.database.contents().await;
    let page = stranger.get(&path).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Stop reminders"));
    let evil = stranger.bare_request(reqwest::Method::GET, &path).header("host", "evil.example");
    assert!(!stranger.send(evil).await.body.contains("evil.example"));
    let empty = stranger.send(stranger.bare_request(reqwest::Method::POST, &path)).await;
    assert_eq!((empty.status, empty.heading().as_str()), (422, "Stop reminders"), "no mail program takes it for done");
    assert_eq!(world.database.contents().await, before, "only the press counts");
    let other = reqwest::multipart::Form::new().text("List-Unsubscribe", "One-Click please");
    let request = stranger.bare_request(reqwest::Method::POST, &path).multipart(other);
    assert_eq!(stranger.send(request).await.status, 422);
    assert_eq!(world.database.contents().await, before);
    let press = || {
        let request = stranger.bare_request(reqwest::Method::POST, &path);
        let request = request.header("origin", "https://mail.example").header("sec-fetch-site", "cross-site");
        crate::support::person::with_fields(request, &[("List-Unsubscribe", "One-Click")])
    };
    for _ in 0..2 {
        let page = stranger.send(press()).await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Reminders are off"));
    }
    assert!(ticked(&ada).await.is_empty());
    let dead = stranger.get("/unsubscribe?link=x").await;
    assert_eq!((dead.status, dead.heading().as_str()), (410, "This link does not work"));
}
