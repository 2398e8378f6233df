//! Deprecating with a key, and what NuGet clients are told of it.

use latchkey::tokens::decision::Role;
use serde_json::{Value, json};

use crate::support::{
    accounts::Key,
    nupkg::nupkg,
    world::{World, on_both_engines},
};

on_both_engines! {
    World::published =>
    versions_are_deprecated_and_good_again_by_a_key,
    only_keys_that_may_delete_the_package_deprecate_it,
    hostile_words_and_alternatives_are_refused,
    an_alternative_of_which_nothing_is_left_is_dropped,
    npm_clients_read_reason_and_alternative_as_one_text,
}

const ALL: &str = "nuget:pull nuget:push nuget:delete npm:pull npm:push npm:delete";
const CORE: &str = "/v3/package/Contoso.Core/deprecations";

async fn filled(world: &World) -> Key {
    let ada = world.account("ada").await;
    let key = world.key(ada, ALL, "*").await;
    for (id, version) in [
        ("Contoso.Core", "1.0.0"),
        ("Contoso.Core", "1.1.0"),
        ("Contoso.Core", "2.0.0"),
        ("Contoso.Next", "1.0.0"),
        ("Contoso.Last", "1.0.0"),
    ] {
        assert_eq!(world.push(&key, &nupkg(id, version)).await.status, 201);
    }
    key
}

/// What the registration says of each version of a package.
async fn told(world: &World, key: &Key, id: &str) -> Vec<(String, Value)> {
    let index = world.get(&format!("/v3/registration/{id}/index.json"), key).await.json();
    let items = index["items"][0]["items"].as_array().unwrap();
    let told = items.iter().map(|item| {
        let entry = &item["catalogEntry"];
        (entry["version"].as_str().unwrap().to_owned(), entry["deprecation"].clone())
    });
    told.collect()
}

async fn versions_are_deprecated_and_good_again_by_a_key(world: &World) {
    let key = filled(world).await;
    let say = json!({ "versions": ["1.0.0 - 1.1.0"], "hasCriticalBugs": true, "message": "Loses data.",
        "alternatePackageId": "contoso.next" });
    let done = world.put_json(CORE, &key, &say).await;
    assert_eq!(done.status, 200, "{}", done.text());
    let said = json!({
        "@type": "deprecation", "reasons": ["CriticalBugs"], "message": "Loses data.",
        "alternatePackage": { "@type": "alternatePackage", "id": "Contoso.Next", "range": "*" },
    });
    let expected = [("1.0.0", said.clone()), ("1.1.0", said.clone()), ("2.0.0", Value::Null)];
    assert_eq!(told(world, &key, "contoso.core").await, expected.map(|(version, said)| (version.to_owned(), said)));
    let leaf = world.get("/v3/registration/contoso.core/1.0.0.json", &key).await.json();
    assert_eq!(leaf["catalogEntry"]["deprecation"], said);

    let hit = async || world.get("/v3/query?q=packageid:contoso.core", &key).await.json()["data"][0].clone();
    assert_eq!(hit().await.get("deprecation"), None, "its newest version is good");
    let say = json!({ "versions": ["2.0.0"], "isLegacy": true });
    assert_eq!(world.put_json(CORE, &key, &say).await.status, 200);
    assert_eq!(hit().await["deprecation"]["reasons"], json!(["Legacy"]));
    assert_eq!(hit().await["deprecation"]["message"], "It is no longer maintained.");

    let events = "SELECT COUNT(*) FROM events WHERE verb LIKE 'package.%deprecat%'";
    assert_eq!(world.database.number(events, &[]).await, 2, "one for each act");
    assert_eq!(world.put_json(CORE, &key, &say).await.status, 200);
    assert_eq!(world.database.number(events, &[]).await, 2, "what is said already is no news");

    assert_eq!(world.put_json(CORE, &key, &json!({ "versions": ["*"] })).await.status, 200);
    assert!(told(world, &key, "contoso.core").await.iter().all(|(_, said)| said.is_null()));
    let detail = "SELECT detail FROM events WHERE verb = 'package.deprecation_lifted'";
    assert!(world.database.text(detail, &[]).await.contains("\"count\":3"));
    assert_eq!(world.put_json(CORE, &key, &json!({ "versions": ["7.0.0"], "isLegacy": true })).await.status, 404);
}

async fn only_keys_that_may_delete_the_package_deprecate_it(world: &World) {
    let key = filled(world).await;
    let (ada, bo) = (key.token.account, world.account("bo").await);
    let say = json!({ "versions": ["*"], "isLegacy": true });
    for (what, other) in [
        ("may only push", world.key(ada, "nuget:pull nuget:push", "*").await),
        ("is for another package", world.key(ada, ALL, "Contoso.Next").await),
        ("is of a writer who owns nothing", world.key(bo, ALL, "*").await),
    ] {
        let refused = world.put_json(CORE, &other, &say).await;
        assert_eq!(refused.status, 403, "{what}: {}", refused.text());
    }
    let team = world.feed("team", false, ada).await;
    world.member(("team", team), bo, Role::Reader).await;
    let elsewhere = "/feeds/team/nuget/v3/package/Contoso.Core/deprecations";
    assert_eq!(world.put_json(elsewhere, &key, &say).await.status, 404);
    let nobody = world.ask(&format!("PUT {CORE}"), &[]).await;
    assert_eq!(nobody.status, 401);
    assert!(told(world, &key, "contoso.core").await.iter().all(|(_, said)| said.is_null()));
}

async fn hostile_words_and_alternatives_are_refused(world: &World) {
    let key = filled(world).await;
    let bo = world.key(world.account("bo").await, ALL, "*").await;
    assert_eq!(world.push(&bo, &nupkg("Fabrikam.Core", "1.0.0")).await.status, 201);
    world.feed("team", false, key.token.account).await;
    let elsewhere = world.push_to("/feeds/team/nuget/v3/package", &key, &nupkg("Team.Only", "1.0.0")).await;
    assert_eq!(elsewhere.status, 201);
    for message in ["a\u{1b}[31mred", "two\r\nlines", "\u{202e}xob", "a\0b", "\u{2028}", "", &"x".repeat(501)] {
        let say = json!({ "versions": ["*"], "isOther": true, "message": message });
        assert_eq!(world.put_json(CORE, &key, &say).await.status, 422, "{message:?}");
    }
    let with_key = json!({ "versions": ["*"], "isOther": true, "message": format!("use {}", key.text) });
    assert_eq!(world.put_json(CORE, &key, &with_key).await.status, 400);
    for other in ["Contoso.None", "contoso.core", "Team.Only", "Fabrikam.Core", "<script>", &"x".repeat(400)] {
        let say = json!({ "versions": ["*"], "isLegacy": true, "alternatePackageId": other });
        assert_eq!(world.put_json(CORE, &key, &say).await.status, 422, "{other}");
    }
    let narrow = world.key(key.token.account, ALL, "Contoso.Core").await;
    let say = json!({ "versions": ["*"], "isLegacy": true, "alternatePackageId": "Contoso.Next" });
    assert_eq!(world.put_json(CORE, &narrow, &say).await.status, 422);
    for bad in [json!({}), json!([]), json!({ "versions": ["*"], "else": 1 }), json!({ "versions": "*" })] {
        assert_eq!(world.put_json(CORE, &key, &bad).await.status, 400, "{bad}");
    }
    for bad in [json!(["["]), json!(["<"]), json!([""])] {
        let say = json!({ "versions": bad, "isLegacy": true });
        assert_eq!(world.put_json(CORE, &key, &say).await.status, 422, "{bad}");
    }
    let two = json!({ "versions": ["*"], "isLegacy": true, "hasCriticalBugs": true });
    assert_eq!(world.put_json(CORE, &key, &two).await.status, 422);
    assert!(told(world, &key, "contoso.core").await.iter().all(|(_, said)| said.is_null()));

    // A ring of three.
    for (id, other, status) in [
        ("Contoso.Core", "Contoso.Next", 200),
        ("Contoso.Next", "Contoso.Last", 200),
        ("Contoso.Last", "Contoso.Core", 422),
        ("Contoso.Next", "Contoso.Core", 422),
    ] {
        let say = json!({ "versions": ["*"], "isLegacy": true, "alternatePackageId": other });
        let reply = world.put_json(&format!("/v3/package/{id}/deprecations"), &key, &say).await;
        assert_eq!(reply.status, status, "{id} {other}: {}", reply.text());
    }
}

async fn an_alternative_of_which_nothing_is_left_is_dropped(world: &World) {
    let key = filled(world).await;
    let say = json!({ "versions": ["*"], "isLegacy": true, "alternatePackageId": "Contoso.Next" });
    assert_eq!(world.put_json(CORE, &key, &say).await.status, 200);
    let revision = "SELECT revision FROM packages WHERE name = 'Contoso.Core'";
    let before = world.database.number(revision, &[]).await;
    let store = world.store();
    let next = "contoso.next";
    let feed = store.feed("main", None).await.unwrap().unwrap().feed.id;
    let package = store.package(feed, latchkey::tokens::Kind::NuGet, next, None).await.unwrap().unwrap();
    let mut tx = world.tx().await;
    let by = latchkey::audit::Actor::host("test");
    let change = latchkey::packages::ChangeContext { feed_name: "main", token: None, by: &by, now: world.now() };
    tx.remove_package(&change, &package).await.unwrap();
    tx.commit().await.unwrap();
    let told = told(world, &key, "contoso.core").await;
    assert!(
        told.iter().all(|(_, said)| said["reasons"] == json!(["Legacy"]) && said.get("alternatePackage").is_none())
    );
    assert!(world.database.number(revision, &[]).await > before, "what clients keep of it is of yesterday");
}

async fn npm_clients_read_reason_and_alternative_as_one_text(world: &World) {
    let key = filled(world).await;
    for (name, version) in [("ui", "1.0.0"), ("ui", "1.1.0"), ("ui", "2.0.0"), ("next", "1.0.0")] {
        assert_eq!(world.publish_npm(&key, name, version, "latest").await.status, 201);
    }
    let mut read = world.packument(&key, "ui?write=true").await;
    for version in ["1.0.0", "1.1.0"] {
        read["versions"][version]["deprecated"] = json!("Use 2.");
    }
    let path = format!("{}/ui", crate::support::npm::MAIN);
    assert_eq!(world.put_json(&path, &key, &read).await.status, 200);
    let events = "SELECT COUNT(*) FROM events WHERE verb = 'package.version_deprecated'";
    assert_eq!(world.database.number(events, &[]).await, 1, "one act, one event");
    let shown = world.packument(&key, "ui").await;
    for (version, said) in [("1.0.0", json!("Use 2.")), ("1.1.0", json!("Use 2.")), ("2.0.0", Value::Null)] {
        assert_eq!(shown["versions"][version]["deprecated"], said, "{version}");
    }
    world
        .sql(
            "UPDATE versions SET deprecation_reason = 'legacy',
                alternative = (SELECT id FROM packages WHERE name = 'next') WHERE version = '1.0.0' AND deprecation IS NOT NULL",
        )
        .await;
    world.sql("UPDATE packages SET revision = revision + 1 WHERE name = 'ui'").await;
    let mut shown = world.packument(&key, "ui?write=true").await;
    assert_eq!(shown["versions"]["1.0.0"]["deprecated"], "Use 2. Use next instead.");
    // Another version is good again; what is said of this one stays as it is.
    shown["versions"]["1.1.0"]["deprecated"] = json!("");
    assert_eq!(world.put_json(&path, &key, &shown).await.status, 200);
    let after = world.packument(&key, "ui").await;
    assert_eq!(after["versions"]["1.0.0"]["deprecated"], "Use 2. Use next instead.");
    assert_eq!(after["versions"]["1.1.0"].get("deprecated"), None);
}
