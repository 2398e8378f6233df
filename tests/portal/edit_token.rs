//! Editing a token: its key stays, permissions only shrink, the end only comes nearer, and no edit is lost unseen.

use chrono::Duration;
use latchkey::{
    audit::EventKind,
    tokens::{TokenField, TokenId},
};

use crate::support::{
    person::proven,
    world::{World, on_both_engines},
};

on_both_engines! {
    an_edit_that_changes_nothing_says_so_and_records_nothing,
    of_two_pages_that_give_a_key_the_second_gives_none,
    an_edit_holds_for_the_same_key_from_the_next_request_on,
    permissions_are_taken_away_but_never_added,
    the_end_comes_nearer_but_never_moves_away,
    a_stale_edit_shows_both_versions_and_saves_nothing,
    a_widening_edit_asks_for_the_password_a_narrowing_one_does_not,
    a_revoked_token_cannot_be_edited,
    every_mistake_in_an_edit_keeps_what_was_typed,
}

async fn patterns(world: &World, id: &str) -> String {
    let app = world.app();
    app.store.token(TokenId::parse(id).unwrap()).await.unwrap().unwrap().settings.patterns.as_str().to_owned()
}

async fn an_edit_holds_for_the_same_key_from_the_next_request_on(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada
        .act(&key.id, "edit", |form| form.set("patterns", "Fabrikam.*").set("name", "Build").set("note", "Moved."))
        .await;
    assert_eq!((page.status, page.location()), (303, format!("/settings/tokens/{}", key.id).as_str()));
    let shown = ada.get(page.location()).await;
    assert_eq!(shown.texts(".banner.ok"), ["Saved. It takes effect with the next request."]);
    assert_eq!((patterns(world, &key.id).await.as_str(), world.refusal(&key.secret).await), ("Fabrikam.*", None));
    let row = "SELECT name || '|' || note || '|' || CAST(version AS TEXT) FROM tokens WHERE id = $1";
    assert_eq!(world.database.text(row, &[&key.id]).await, "Build|Moved.|2");
    let told = world.database.details_of(EventKind::TokenEdited).await;
    let changed: Vec<_> = told.iter().filter_map(|one| Some(one.token()?.changed.as_slice())).collect();
    assert_eq!(changed, [[TokenField::Name, TokenField::Note, TokenField::Patterns]]);
}

async fn permissions_are_taken_away_but_never_added(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada.act(&key.id, "edit", |form| form.add("permission", "nuget:delete")).await;
    assert_eq!((page.status, page.problem("permission").is_empty()), (422, false));
    let page = ada.act(&key.id, "edit", |form| form.without("permission")).await;
    assert_eq!((page.status, page.problem("permission").is_empty()), (422, false));
    let page = ada.act(&key.id, "edit", |form| form.untick("permission", "nuget:push")).await;
    assert_eq!(page.status, 303);
    let page = ada.act(&key.id, "edit", |form| form.add("permission", "nuget:push")).await;
    assert_eq!(page.status, 422, "what was taken away does not come back");
    assert_eq!(world.database.text("SELECT permissions FROM tokens WHERE id = $1", &[&key.id]).await, "nuget:pull");
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created", "token edited"]);
}

async fn the_end_comes_nearer_but_never_moves_away(world: &World) {
    let ada = world.ada().await;
    let (key, forever) = (ada.key(world, "CI").await, ada.key_for(world, "For ever", "never").await);
    let page = ada.get(&format!("/settings/tokens/{}/edit", key.id)).await;
    assert_eq!(page.attributes("select[name=expires] option", "value"), ["keep", "1", "30", "date"]);
    for later in ["180", "365", "never"] {
        let page = ada.act(&key.id, "edit", |form| form.set("expires", later)).await;
        assert_eq!((page.status, page.problem("expires").is_empty()), (422, false), "{later}");
    }
    let page = ada.act(&key.id, "edit", |form| form.set("expires", "date").set("expires_on", "2028-01-01")).await;
    assert_eq!((page.status, page.problem("expires_on").is_empty()), (422, false));
    for id in [&key.id, &forever.id] {
        assert_eq!(ada.act(id, "edit", |form| form.set("expires", "30")).await.status, 303);
        let end = world.database.number("SELECT expires_at FROM tokens WHERE id = $1", &[id]).await;
        assert_eq!(end, (world.now() + Duration::days(30)).timestamp());
    }
    world.pass(Duration::days(31));
    let ada = world.sign_in("ada").await;
    let page = ada.act(&key.id, "edit", |form| form.set("expires", "30")).await;
    assert_eq!(page.status, 422, "an expired token is refreshed, not edited back to life");
    assert_eq!(ada.act(&key.id, "edit", |form| form.set("name", "Old CI")).await.status, 303);
}

async fn a_stale_edit_shows_both_versions_and_saves_nothing(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/edit", key.id);
    let (one, other) = (ada.get(&path).await.form(&path), ada.get(&path).await.form(&path));
    assert_eq!(ada.submit(one.set("patterns", "Fabrikam.*")).await.status, 303);
    let other = other.set("patterns", "Litware.*").set("note", "Mine.").set("expires", "30");
    let page = ada.submit(other.untick("permission", "nuget:push")).await;
    assert_eq!(page.status, 409);
    let rows = ["Name", "Note", "Permissions", "Packages", "Feeds", "Expiry"];
    assert_eq!(page.texts("section[aria-labelledby=theirs] dt"), rows);
    let end = "30 May 2027, 09:00 UTC";
    assert_eq!(
        page.texts("section[aria-labelledby=theirs] mark"),
        ["none", "read NuGet packages upload new NuGet packages and versions", "Fabrikam.*", end]
    );
    assert_eq!(
        page.texts("section[aria-labelledby=yours] mark"),
        ["Mine.", "read NuGet packages", "Litware.*", "31 Mar 2027, 09:00 UTC"]
    );
    assert_eq!(patterns(world, &key.id).await, "Fabrikam.*");
    let form = page.form(&path);
    assert_eq!((form.value("patterns"), form.value("note")), ("Litware.*", "Mine."));
    assert_eq!(ada.submit(form).await.status, 303, "looked at, it is saved over the other");
    assert_eq!(patterns(world, &key.id).await, "Litware.*");
    for version in ["", "0", "x", "99"] {
        let page = ada.act(&key.id, "edit", |form| form.set("version", version).set("patterns", "*")).await;
        assert_eq!(page.status, 409, "{version}");
    }
    assert_eq!(patterns(world, &key.id).await, "Litware.*");
}

async fn a_widening_edit_asks_for_the_password_a_narrowing_one_does_not(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_with(world, "CI", |form| form.set("patterns", "Contoso.*\nFabrikam.*")).await;
    world.pass(Duration::minutes(16));
    let page =
        ada.act(&key.id, "edit", |form| form.set("patterns", "Contoso.*").untick("permission", "nuget:push")).await;
    assert_eq!(page.status, 303, "{}", page.body);
    let asked =
        ada.act(&key.id, "edit", |form| form.set("patterns", "Contoso.*\nLitware.*").set("note", "Wider.")).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    assert_eq!(patterns(world, &key.id).await, "Contoso.*");
    let form = asked.form(&format!("/settings/tokens/{}/edit", key.id));
    assert_eq!((form.value("patterns"), form.value("note")), ("Contoso.*\nLitware.*", "Wider."));
    let page = ada.submit(proven(form, "ada")).await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(patterns(world, &key.id).await, "Contoso.*\nLitware.*");
}

async fn a_revoked_token_cannot_be_edited(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    ada.must(&key.id, "revoke").await;
    let page = ada.act(&key.id, "edit", |form| form.set("name", "Alive")).await;
    assert_eq!((page.status, page.texts("main .lede").concat().contains("It is revoked")), (409, true));
    assert_eq!(world.database.text("SELECT name FROM tokens WHERE id = $1", &[&key.id]).await, "CI");
}

async fn every_mistake_in_an_edit_keeps_what_was_typed(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    for (field, value) in [
        ("name", ""),
        ("name", "a\0b"),
        ("note", "a\0b"),
        ("patterns", ""),
        ("patterns", "a#b"),
        ("feeds", ""),
        ("expires", "soon"),
    ] {
        let page = ada.act(&key.id, "edit", |form| form.set("note", "Typed.").set(field, value)).await;
        assert_eq!((page.status, page.problem(field).is_empty()), (422, false), "{field} {value:?}");
        let form = page.form(&format!("/settings/tokens/{}/edit", key.id));
        assert!(field == "note" || form.value("note") == "Typed.", "{field}");
    }
    assert_eq!(world.database.number("SELECT version FROM tokens WHERE id = $1", &[&key.id]).await, 1);
}

async fn an_edit_that_changes_nothing_says_so_and_records_nothing(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let before = world.database.contents().await;
    for (path, at) in [
        (format!("/settings/tokens/{}/edit", key.id), format!("/settings/tokens/{}", key.id)),
        ("/settings/profile".to_owned(), "/settings/profile".to_owned()),
        ("/settings/notifications".to_owned(), "/settings/notifications".to_owned()),
    ] {
        let done = ada.fill(&path, |form| form).await;
        assert_eq!((done.status, done.location()), (303, at.as_str()), "{path}");
        let said = ada.get(done.location()).await.texts(".banner.ok").concat();
        assert_eq!(said, "Nothing was changed: everything is as it was.", "{path}");
        assert_eq!(world.database.contents().await, before, "{path}");
    }
    let spaced = ada.act(&key.id, "edit", |form| form.set("name", " CI ").set("patterns", "Contoso.*\r\n\r\n")).await;
    assert_eq!((spaced.status, world.database.contents().await == before), (303, true), "blanks are no change");
}

async fn of_two_pages_that_give_a_key_the_second_gives_none(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let refresh = format!("/settings/tokens/{}/refresh", key.id);
    let (one, other) = (ada.get(&refresh).await.form(&refresh), ada.get(&refresh).await.form(&refresh));
    let fresh = ada.submit(one.set("lifetime", "keep")).await.secret().unwrap();
    let second = ada.submit(other.set("lifetime", "restart")).await;
    assert_eq!((second.status, second.secret()), (409, None));
    let said = second.problems().concat();
    assert!(said.contains("nothing was done") && said.contains(&fresh[..7]), "{said}");
    assert_eq!(second.form(&refresh).value("lifetime"), "restart", "what was chosen stays");
    assert_eq!(world.refusal(&fresh).await, None, "the first key works");
    let third = ada.submit(second.form(&refresh)).await;
    assert_eq!((third.status, third.secret().is_some()), (200, true), "one press more, knowing it");

    let reactivate = format!("/settings/tokens/{}/reactivate", key.id);
    ada.must(&key.id, "deactivate").await;
    let form = ada.get(&reactivate).await.form(&reactivate);
    ada.must(&key.id, "reactivate").await;
    ada.must(&key.id, "deactivate").await;
    let late = ada.submit(form).await;
    assert_eq!(late.status, 409, "it was deactivated anew since");
    assert!(late.problems().concat().contains("nothing was done"));

    let duplicate = format!("/settings/tokens/{}/duplicate", key.id);
    let form = ada.get(&duplicate).await.form("/settings/tokens").set("note", "typed");
    ada.act(&key.id, "edit", |form| form.set("patterns", "Fabrikam.*")).await;
    let late = ada.submit(form).await;
    assert_eq!((late.status, late.secret()), (409, None));
    let again = late.form("/settings/tokens");
    assert_eq!((again.value("note"), again.value("patterns")), ("typed", "Contoso.*"));
    assert_eq!(ada.submit(again).await.status, 200);
}
