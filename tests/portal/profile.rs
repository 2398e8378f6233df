//! The profile: who one is here, and the time zone of one's times. And where mails go.

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    the_profile_shows_who_one_is,
    a_new_time_zone_shows_at_once_and_moves_no_expiry,
    what_is_no_time_zone_is_refused_and_the_present_one_stays,
    notifications_say_what_is_sent_and_to_where,
}

async fn the_profile_shows_who_one_is(world: &World) {
    let ada = world.ada().await;
    assert_eq!(
        ada.get("/settings/profile").await.texts("dl.about dd")[..3],
        ["ada", "Account holder", "ada@example.com not confirmed yet Mail me a link to confirm it"]
    );
    world.database.execute("UPDATE accounts SET operator_since = 1", &[]).await;
    assert_eq!(ada.get("/settings/profile").await.texts("dl.about dd")[1], "Operator: you run this host");
}

async fn a_new_time_zone_shows_at_once_and_moves_no_expiry(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let end = "SELECT CAST(expires_at AS TEXT) FROM tokens WHERE id = $1";
    let before = world.database.text(end, &[&key.id]).await;
    let form = ada.get("/settings/profile").await.form("/settings/profile");
    assert_eq!(form.value("zone"), "UTC");
    let saved = ada.submit(form.set("zone", "Asia/Tokyo")).await;
    assert_eq!((saved.status, saved.location()), (303, "/settings/profile"));
    let page = ada.get(saved.location()).await;
    assert_eq!(
        page.texts("[role=status]"),
        ["Saved. Times are shown in this zone from now on; no token’s expiry has moved."]
    );
    assert_eq!(page.texts("form time"), ["1 Mar 2027, 18:00 JST"]);
    assert_eq!(page.form("/settings/profile").value("zone"), "Asia/Tokyo");
    let token = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    assert!(token.body.contains("1 Mar 2027, 18:00 JST"), "created at nine in Greenwich");
    assert_eq!(world.database.text(end, &[&key.id]).await, before);
    ada.fill("/settings/profile", |form| form).await; // the same again is no change
    let events = world.database.events_of("ada").await;
    assert_eq!(events, ["account created", "token created", "time zone changed"]);
}

async fn what_is_no_time_zone_is_refused_and_the_present_one_stays(world: &World) {
    let ada = world.ada().await;
    for bad in ["", "Mars/Olympus", "europe/berlin\0", "+02:00"] {
        let page = ada.fill("/settings/profile", |form| form.set("zone", bad)).await;
        assert_eq!((page.status, page.problem("zone").is_empty()), (422, false), "{bad}");
    }
    let page = ada.fill("/settings/profile", |form| form.add("username", "root")).await;
    assert_eq!(page.status, 422, "no other field is read");
    assert_eq!(world.database.text("SELECT time_zone || username FROM accounts", &[]).await, "UTCada");
}

async fn notifications_say_what_is_sent_and_to_where(world: &World) {
    let ada = world.ada().await;
    let page = ada.get("/settings/notifications").await;
    assert_eq!(page.texts("dl.about dd")[0], "ada@example.com change");
    assert!(page.body.contains("cannot be switched off") && page.body.contains("no mail server"));
    let folder = world.folder().join("mails").display().to_string();
    assert!(!page.body.contains(&folder), "where the host keeps its files is not for everybody");
    world.make_operator("ada").await;
    let page = ada.get("/settings/notifications").await;
    assert_eq!(page.texts(".banner code"), [folder], "who runs the host is told where its mails are");
}
