//! The page of one token: what is tried on it, what it published, and its record.

use chrono::Duration;
use latchkey::{
    audit::Actor,
    packages::{NewVersion, PublishContext, blobs::BlobKey, nuget::nuspec::Nuspec},
    tokens::{Kind, PackageKey, Token, TokenId, VersionKey},
    usage::{ClientUse, TokenUse, UsageEvent, day_of},
};

use crate::support::{
    page::{Form, Page},
    person::{Browser, Key},
    world::{World, on_both_engines},
};

on_both_engines! {
    the_page_shows_how_often_and_from_where_a_key_was_used,
    what_a_token_may_do_is_tried_without_doing_it,
    a_refusal_offers_the_page_that_mends_it,
    what_cannot_be_asked_comes_back_as_it_was_typed,
    another_accounts_token_cannot_be_tried,
    the_page_names_what_was_published_with_the_token,
    the_record_is_read_a_page_at_a_time,
}

fn path(key: &Key) -> String {
    format!("/settings/tokens/{}", key.id)
}

async fn form(browser: &Browser, key: &Key) -> Form {
    browser.get(&path(key)).await.form(&format!("{}/try", path(key)))
}

async fn tried(browser: &Browser, key: &Key, action: &str, feed: &str, package: &str) -> Page {
    let form = form(browser, key).await;
    browser.submit(form.set("action", action).set("feed", feed).set("package", package)).await
}

fn verdict(page: &Page) -> String {
    page.texts(".verdict p").concat()
}

async fn token(world: &World, key: &Key) -> Token {
    world.app().store.token(TokenId::parse(&key.id).unwrap()).await.unwrap().unwrap()
}

/// Publishes versions of a package with a key, as its door does.
async fn publishes(world: &World, key: &Key, feed: &str, id: &str, versions: &[&str]) {
    let app = world.app();
    let token = token(world, key).await;
    let feed_id = app.store.feed(feed, Some(token.account)).await.unwrap().unwrap().feed.id;
    let by = Actor { account: Some(token.account), ..Actor::host("test") };
    let mut tx = app.store.begin().await.unwrap();
    let mut package: Option<PackageKey> = None;
    for (n, version) in versions.iter().enumerate() {
        let now = world.now() + Duration::seconds(i64::try_from(n + 1).unwrap());
        let act = PublishContext { feed: feed_id, feed_name: feed, token: &token, by: &by, now };
        let nuspec = nuspec(id, version);
        if package.is_none() {
            package = tx.add_package(&act, Kind::NuGet, nuspec.id.as_str()).await.unwrap();
        }
        let version = VersionKey::generate(now, &mut latchkey::random::system());
        let blob = BlobKey::new(Kind::NuGet, version.uuid(), "nupkg");
        let new = NewVersion {
            key: version,
            manifest: Box::new(nuspec),
            size: 1,
            beside_size: 0,
            sha512: "x".to_owned(),
            blob,
        };
        assert!(tx.add_version(&act, package.unwrap(), &new).await.unwrap());
    }
    tx.commit().await.unwrap();
}

fn nuspec(id: &str, version: &str) -> Nuspec {
    let text = format!("<package><metadata><id>{id}</id><version>{version}</version></metadata></package>");
    Nuspec::parse(text.as_bytes()).unwrap()
}

async fn what_a_token_may_do_is_tried_without_doing_it(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    let key = ada.key(world, "CI").await;
    publishes(world, &key, "main", "Contoso.Core", &["1.0.0"]).await;
    let bos = bo.key(world, "Bo's").await;
    publishes(world, &bos, "main", "Contoso.Bo", &["1.0.0"]).await;
    let first = form(&ada, &key).await;
    let before = world.database.contents().await;
    for (action, package, says) in [
        ("nuget:push", "Contoso.Core", "Yes."),
        ("nuget:push", " contoso.new ", "Yes."),
        ("nuget:pull", "", "Yes."),
        ("nuget:push", "Contoso.Bo", "No."),
        ("nuget:push", "Fabrikam.Core", "No."),
        ("nuget:delete", "Contoso.Core", "No."),
        ("npm:pull", "@team/ui", "No."),
        ("api:read", "Contoso.Core", "No."),
    ] {
        let page = ada.submit(first.clone().set("action", action).set("feed", "main").set("package", package)).await;
        assert_eq!(page.status, 200, "{action} {package}");
        assert_eq!(page.texts(".verdict strong"), [says], "{action} {package}: {}", verdict(&page));
        let again = page.form(&format!("{}/try", path(&key)));
        assert_eq!(again.value("package"), package, "what was typed is still there");
    }
    assert_eq!(world.database.contents().await, before, "trying leaves no trace");
    let hint = &key.secret[..7];
    let page = tried(&ada, &key, "nuget:push", "main", "Contoso.New").await;
    let says = format!(
        "Yes. {hint} may push NuGet packages in main, and Contoso.New is covered. It does not exist there yet; the first upload makes it yours."
    );
    assert_eq!(verdict(&page), says);
    let page = tried(&ada, &key, "nuget:push", "nowhere", "Contoso.New").await;
    assert_eq!(verdict(&page), "No. There is nothing here, or the account of this key cannot see it.");
}

async fn a_refusal_offers_the_page_that_mends_it(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let mending = async |action: &str, package: &str| {
        let page = tried(&ada, &key, action, "main", package).await;
        page.attributes(".verdict a", "href").concat().replace(&path(&key), "")
    };
    assert_eq!(mending("nuget:push", "Fabrikam.Core").await, "/add?pattern=Fabrikam.Core");
    assert_eq!(mending("nuget:delete", "Contoso.Core").await, "/duplicate?allow=nuget%3Adelete");
    assert_eq!(mending("nuget:push", "Contoso.Core").await, "");
    ada.must(&key.id, "deactivate").await;
    assert_eq!(mending("nuget:push", "Contoso.Core").await, "/reactivate");
    ada.must(&key.id, "reactivate").await;
    world.pass(Duration::days(91));
    let ada = world.sign_in("ada").await;
    let page = tried(&ada, &key, "nuget:push", "main", "Contoso.Core").await;
    assert_eq!(page.attributes(".verdict a", "href"), [format!("{}/refresh", path(&key))]);
    let sql =
        "SELECT t.id FROM tokens t JOIN accounts a ON a.id = t.account WHERE t.kind = 'primary' AND a.username = 'ada'";
    let primary = Key { id: world.database.text(sql, &[]).await, secret: String::new() };
    let page = tried(&ada, &primary, "nuget:push", "main", "Contoso.Core").await;
    let says = "No. This token has no key yet, so nobody can use it. Its first refresh makes one.";
    assert_eq!((verdict(&page).as_str(), page.texts(".verdict a")), (says, vec!["Refresh".to_owned()]));
}

async fn what_cannot_be_asked_comes_back_as_it_was_typed(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let long = "a".repeat(101);
    for (field, value) in [
        ("action", ""),
        ("action", "nuget:fly"),
        ("action", "NUGET:PUSH"),
        ("action", "nuget:push nuget:pull"),
        ("feed", ""),
        ("feed", "Main"),
        ("feed", "../main"),
        ("feed", "a\0b"),
        ("feed", "' OR 1=1 --"),
        ("package", "Contoso.*"),
        ("package", "<script>alert(1)</script>"),
        ("package", "a\0b"),
        ("package", "a\u{202E}b"),
        ("package", "../../etc/passwd"),
        ("package", long.as_str()),
        ("package", key.secret.as_str()),
    ] {
        let form =
            form(&ada, &key).await.set("action", "nuget:push").set("feed", "main").set("package", "Contoso.Core");
        let page = ada.submit(form.set(field, value)).await;
        assert_eq!((page.status, page.problem(field).is_empty()), (422, false), "{field} {value:?}");
        assert!(!page.body.contains(&key.secret), "a key is not shown again");
        assert!(!page.body.contains("<script>alert"), "{field}");
    }
    let missing = form(&ada, &key).await.without("package");
    assert_eq!(ada.submit(missing).await.status, 422, "a form that is not ours");
    let unknown = form(&ada, &key).await.set("action", "nuget:push").set("feed", "main").add("password", "x");
    assert_eq!(ada.submit(unknown).await.status, 422);
}

async fn the_page_shows_how_often_and_from_where_a_key_was_used(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let use_of = async |page: &Page| page.texts("#activity > p").concat();
    let unused = "Not used yet. Put the key into the client that needs it; the guide shows where.";
    assert_eq!(use_of(&ada.get(&path(&key)).await).await, unused);
    let (today, own) = (day_of(world.now()), token(world, &key).await);
    let day = |ago, times, refused| UsageEvent::DailyUse { day: today - ago, refused, times };
    let agent = "NuGet Command Line/6.8.0 (Unix 5.10.0)".to_owned();
    let place = ClientUse {
        client: agent,
        address: "203.0.113.9".to_owned(),
        first_at: world.now(),
        last_at: world.now(),
        uses: 1234,
    };
    let events =
        [day(95, 7, false), day(60, 1200, false), day(2, 4, false), day(2, 3, true), UsageEvent::ClientUse(place)];
    let notes = events.map(|event| TokenUse { token: own.id, account: own.account, event });
    let mut tx = world.app().store.begin().await.unwrap();
    tx.write_notes(&notes).await.unwrap();
    tx.commit().await.unwrap();
    let page = ada.get(&path(&key)).await;
    assert_eq!((page.texts(".plot .up").len(), page.texts(".plot rect.down").len()), (2, 1));
    assert_eq!(page.texts(".axis span"), ["1,200", "3"]);
    let summary = "1,204 uses, 3 refused in 90 days; most on 31 Dec 2026: 1,200.";
    assert_eq!(page.texts("svg[role=img] > desc"), [summary]);
    let table = page.texts(".counts tbody td");
    assert_eq!(table, ["27 Feb 2027", "4", "3", "31 Dec 2026", "1200", "0"]);
    assert_eq!(page.texts(".issued title"), ["Created 1 Mar 2027"]);
    let places = page.texts(".clients tbody th, .clients tbody td:not(:nth-child(3))");
    assert_eq!(places, ["NuGet Command Line 6.8.0", "203.0.113.9", "1,234"]);
}

async fn another_accounts_token_cannot_be_tried(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    let (key, own) = (ada.key(world, "CI").await, bo.key(world, "Bo's").await);
    let form = form(&bo, &own).await.set("action", "nuget:push").set("feed", "main");
    let hers = bo.submit(Form { action: format!("{}/try", path(&key)), ..form }).await;
    assert_eq!((hers.status, hers.heading().as_str()), (404, "There is nothing here"));
    assert_eq!(bo.get(&format!("{}/record", path(&key))).await.status, 404);
}

async fn the_page_names_what_was_published_with_the_token(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada.get(&path(&key)).await;
    assert_eq!(page.texts("#versions p"), ["Nothing yet."]);
    let versions: Vec<String> = (1..=53).map(|n| format!("1.{n}.0")).collect();
    let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
    publishes(world, &key, "main", "Contoso.Core", &versions).await;
    world.database.execute("UPDATE versions SET unlisted_at = 1 WHERE version = '1.52.0'", &[]).await;
    world.database.execute("UPDATE versions SET removed_at = 1 WHERE version = '1.51.0'", &[]).await;
    let page = ada.get(&path(&key)).await;
    assert_eq!(page.texts(".versions tbody th").len(), 5, "the page of the token shows the last ones");
    let page = ada.get(&format!("{}/versions", path(&key))).await;
    let rows = page.texts(".versions tbody th");
    assert_eq!(rows[..3], ["Contoso.Core 1.53.0", "Contoso.Core 1.52.0 Unlisted", "Contoso.Core 1.51.0 Removed"]);
    let links = page.attributes(".versions a", "href");
    assert_eq!((links.len(), links[0].as_str()), (49, "/feeds/main/packages/nuget/Contoso.Core/-/1.53.0"));
    let older = page.attributes(".end a[rel=next]", "href").concat();
    let page = ada.get(&older).await;
    assert_eq!(page.texts(".versions tbody th"), ["Contoso.Core 1.3.0", "Contoso.Core 1.2.0", "Contoso.Core 1.1.0"]);
    assert_eq!(page.texts(".end a"), ["← First page"]);
    let other = ada.key(world, "Other").await;
    assert!(ada.get(&path(&other)).await.texts(".versions").is_empty());
}

async fn the_record_is_read_a_page_at_a_time(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let versions: Vec<String> = (1..=60).map(|n| format!("1.{n}.0")).collect();
    let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
    publishes(world, &key, "main", "Contoso.Core", &versions).await;
    let page = ada.get(&path(&key)).await;
    let lines = page.texts(".history tbody th");
    assert_eq!((lines.len(), lines[0].as_str()), (5, "Version published (Contoso.Core 1.60.0 in main)"));
    let page = ada.get(&format!("{}/record", path(&key))).await;
    assert_eq!(page.texts(".history tbody th").len(), 50);
    let older = page.attributes(".end a", "href").concat();
    let page = ada.get(&older).await;
    let lines = page.texts(".history tbody th");
    assert_eq!((page.status, lines.len()), (200, 11));
    assert_eq!(
        (lines[0].as_str(), lines[10].as_str()),
        ("Version published (Contoso.Core 1.10.0 in main)", "Token created")
    );
    assert!(page.texts(".end").is_empty(), "there is nothing older");
    for bad in ["x", "%00", "0190A000-0000-7000-8000-000000000001"] {
        assert_eq!(ada.get(&format!("{}/record?before={bad}", path(&key))).await.status, 404, "{bad}");
    }
}
