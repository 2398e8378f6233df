//! Narrowing a token to what it was used for: suggested after thirty days, shown before it is done, never wider.

use chrono::Duration;
use latchkey::{
    tokens::{Kind, Permission, TokenId, Verb},
    usage::{PermissionUse, TokenUse, UsageEvent},
};

use crate::support::{
    page::Form,
    person::{Browser, Key},
    world::{World, on_both_engines},
};

on_both_engines! {
    what_was_never_needed_is_taken_away_in_one_click,
    nothing_is_suggested_before_thirty_days_or_after_a_widening_edit,
    what_changed_since_the_page_was_drawn_is_not_narrowed,
    nobody_narrows_anothers_token,
    a_widening_is_remembered_longer_than_the_record_is_kept,
}

/// Notes work that a key did, as its door does.
pub async fn worked(world: &World, key: &Key, permission: Permission, packages: &[&str]) {
    let app = world.app();
    let token = app.store.token(TokenId::parse(&key.id).unwrap()).await.unwrap().unwrap();
    let feed = app.store.feed("main", Some(token.account)).await.unwrap().unwrap().feed.id;
    let note = |package: &&str| {
        let work = PermissionUse {
            permission,
            feed: Some(feed),
            package: (*package).to_owned(),
            last_at: world.now(),
            uses: 1,
        };
        TokenUse { token: token.id, account: token.account, event: UsageEvent::PermissionUse(work) }
    };
    let notes: Vec<_> = packages.iter().map(note).collect();
    let mut tx = app.store.begin().await.unwrap();
    tx.write_notes(&notes).await.unwrap();
    tx.commit().await.unwrap();
}

/// A key that may do everything with NuGet packages, and read two in the thirty days since.
async fn wide_key(world: &World) -> (Browser, Key) {
    let ada = world.ada().await;
    let key = ada.key_with(world, "CI", |form| form.add("permission", "nuget:delete").set("patterns", "*")).await;
    world.pass(Duration::days(30));
    worked(world, &key, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core", "Fabrikam.Web"]).await;
    (world.sign_in("ada").await, key)
}

fn page(key: &Key) -> String {
    format!("/settings/tokens/{}", key.id)
}

fn narrow(key: &Key) -> String {
    format!("{}/narrow", page(key))
}

async fn form(browser: &Browser, key: &Key) -> Form {
    browser.get(&narrow(key)).await.form(&narrow(key))
}

async fn settings(world: &World, key: &Key) -> String {
    world.database.text("SELECT permissions || '|' || patterns FROM tokens WHERE id = $1", &[&key.id]).await
}

async fn what_was_never_needed_is_taken_away_in_one_click(world: &World) {
    let (ada, key) = wide_key(world).await;
    let shown = ada.get(&page(&key)).await;
    let says = "In the last 30 days it did not upload new NuGet packages and versions or delete (unlist) NuGet packages; touched \
                only Fabrikam.Core and Fabrikam.Web.";
    assert_eq!(shown.texts(".advice p"), [format!("This token has more access than it uses. {says}")]);
    assert_eq!(shown.attributes(".advice a", "href"), [narrow(&key)]);
    let asked = ada.get(&narrow(&key)).await;
    let gone = ["Upload new NuGet packages and versions", "Delete (unlist) NuGet packages", "All packages"];
    assert_eq!(
        (asked.texts(".compared del"), asked.texts(".compared ins")),
        (gone.map(str::to_owned).to_vec(), vec!["Fabrikam.*".to_owned()])
    );
    assert_eq!(settings(world, &key).await, "nuget:pull nuget:push nuget:delete|*", "asking changes nothing");
    let done = ada.submit(asked.form(&narrow(&key))).await;
    assert_eq!((done.status, done.location()), (303, page(&key).as_str()));
    assert_eq!(settings(world, &key).await, "nuget:pull|Fabrikam.*");
    assert_eq!(world.refusal(&key.secret).await, None, "the key stays the same");
    let shown = ada.get(done.location()).await;
    assert_eq!(shown.texts(".banner.ok"), ["Narrowed to what it was used for. It takes effect with the next request."]);
    assert!(shown.texts(".advice").is_empty());
    let again = ada.get(&narrow(&key)).await;
    assert_eq!((again.status, again.texts("form.stack").len()), (200, 0), "there is nothing more to narrow");
}

async fn nothing_is_suggested_before_thirty_days_or_after_a_widening_edit(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_with(world, "CI", |form| form.set("patterns", "*")).await;
    worked(world, &key, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core"]).await;
    world.pass(Duration::days(29));
    let ada = world.sign_in("ada").await;
    worked(world, &key, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core"]).await;
    assert!(ada.get(&page(&key)).await.texts(".advice").is_empty());
    assert_eq!(
        ada.act(&key.id, "edit", |form| form.set("scope", "match").set("patterns", "*\nContoso.*")).await.status,
        303
    );
    world.pass(Duration::days(29));
    worked(world, &key, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core"]).await;
    let ada = world.sign_in("ada").await;
    assert!(ada.get(&page(&key)).await.texts(".advice").is_empty(), "it was watched for 29 days since it got more");
    world.pass(Duration::days(1));
    let ada = world.sign_in("ada").await;
    assert_eq!(ada.get(&page(&key)).await.texts(".advice").len(), 1);
    ada.must(&key.id, "deactivate").await;
    assert!(ada.get(&page(&key)).await.texts(".advice").is_empty(), "a token that is off does nothing");
}

async fn what_changed_since_the_page_was_drawn_is_not_narrowed(world: &World) {
    let (ada, key) = wide_key(world).await;
    let drawn = form(&ada, &key).await;
    worked(world, &key, Permission::of(Kind::NuGet, Verb::Pull), &["Litware.Core"]).await;
    let page = ada.submit(drawn).await;
    assert_eq!((page.status, page.problems().len()), (409, 1));
    assert_eq!(page.texts(".compared ins"), ["Fabrikam.*", "Litware.*"]);
    for (field, value) in [
        ("after", "nuget:pull nuget:push;*;*"),
        ("after", "api:manage;Fabrikam.*;*"),
        ("after", ""),
        ("version", "0"),
        ("version", ""),
        ("version", "99"),
    ] {
        let page = ada.submit(form(&ada, &key).await.set(field, value)).await;
        assert_eq!(page.status, 409, "{field} {value:?}");
    }
    assert_eq!(settings(world, &key).await, "nuget:pull nuget:push nuget:delete|*");
    let drawn = form(&ada, &key).await;
    assert_eq!(ada.act(&key.id, "edit", |form| form.set("name", "Build")).await.status, 303);
    assert_eq!(ada.submit(drawn).await.status, 409, "somebody edited it in between");
    assert_eq!(settings(world, &key).await, "nuget:pull nuget:push nuget:delete|*");
    let drawn = form(&ada, &key).await;
    assert_eq!(ada.submit(drawn).await.status, 303);
    assert_eq!(settings(world, &key).await, "nuget:pull|Fabrikam.*\nLitware.*");
}

async fn nobody_narrows_anothers_token(world: &World) {
    let (ada, key) = wide_key(world).await;
    let bo = world.bo().await;
    let drawn = form(&ada, &key).await;
    let form = bo.get("/settings/tokens/new").await.form("/settings/tokens");
    let forged = Form { action: narrow(&key), fields: drawn.set("csrf", form.value("csrf")).fields };
    assert_eq!(bo.submit(forged).await.status, 404);
    assert_eq!(bo.get(&narrow(&key)).await.status, 404);
    assert_eq!(settings(world, &key).await, "nuget:pull nuget:push nuget:delete|*");
}

async fn a_widening_is_remembered_longer_than_the_record_is_kept(world: &World) {
    world.restart_with(&[("event-days", "3")]).await;
    let (ada, key) = wide_key(world).await;
    assert_eq!(
        ada.act(&key.id, "edit", |form| form.set("scope", "match").set("patterns", "Fabrikam.*\nLitware.*"))
            .await
            .status,
        303
    );
    world.pass(Duration::days(5));
    latchkey::jobs::cleanup(&world.app()).await.unwrap();
    let edits = world.database.details_of(latchkey::audit::EventKind::TokenEdited).await;
    assert!(edits.is_empty(), "the record has forgotten it: {edits:?}");
    worked(world, &key, Permission::of(Kind::NuGet, Verb::Pull), &["Fabrikam.Core"]).await;
    let ada = world.sign_in("ada").await;
    assert!(ada.get(&page(&key)).await.texts(".advice").is_empty(), "Litware.* was added five days ago");
    world.pass(Duration::days(25));
    let ada = world.sign_in("ada").await;
    assert_eq!(ada.get(&page(&key)).await.texts(".advice").len(), 1, "thirty days ago");
}
