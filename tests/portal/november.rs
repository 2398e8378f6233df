//! A host as the release of November 2026 left it is carried over by the first start of this version, with everything
//! in it, and by every later one.

use latchkey::tokens::decision::Reason;
use reqwest::Method;

use crate::support::world::{World, on_both_engines, password_of};

on_both_engines! {
    World::of_november =>
    every_start_carries_it_over,
    its_keys_are_what_they_were,
    its_people_find_their_things,
    its_packages_are_served,
    its_mails_go_out,
}

/// Ada's keys, and how each is refused.
const KEYS: [(&str, Option<Reason>); 15] = [
    ("lk_STYFgSkJhigTylBgI7NGNPcWtbc1t5TyBtDcyDGI0Zud3K", None),
    ("lk_LbfiSji1COpbxBnIN66oYeY33kE6MJz5RLh5aABK1Sxn4A", None),
    ("lk_ZSh0jjMwINlgEpGMSZiZBR0s24ipj6pg8xiXBWPX23ydAo", None),
    ("lk_JPdsMDiQt8ZSxclwnEKTing7tP1Tgc8h4YooXvO80tlnzt", Some(Reason::Replaced)),
    ("lk_BlpDTGRX7pbUujYmmUscXSkWteVUebMdnx1HoYCV3YvLk2", None),
    ("lk_tJ5wdaMhiKRFtpwdPuyQvzywmoLqqJ0V6efUWp4l410YLi", Some(Reason::Deactivated)),
    ("lk_azdfwrcGqSqVgtWsLBqXWqZgADJyv2fQebNi89pl2eLJvy", None),
    ("lk_bQcGnNUFoyUjSm11h2M8zlr9siuzsfzv3Gjsyr6I2WXmod", Some(Reason::Revoked)),
    ("lk_JI3lg1cYXeV8gywJ6dsisxPfS6Kq9rBSnGc1rcl33wdEc2", Some(Reason::NotAToken)),
    ("lk_gQJZpeoMUQRPIbwleU7G7lHF2Ls7sw6tP7btY4YW4BpPOk", None),
    ("lk_QYosh3isteVc5CUvp1ekKCHsjEquQJQjSWyNsSq045t7Q9", Some(Reason::Deactivated)),
    ("lk_5NIlNSK3WdWdXdonfyMklZUuoNRkig0TkDcrNXoY44vSSF", Some(Reason::AccountDisabled)),
    ("lk_MnBTtd9wc2iOfgG44IKtwd23YMuPfwZPLt5YeQ8m3ocd3H", None),
    ("5f1d2c3b-89ab-4cde-8f01-23456789abcd", Some(Reason::Deactivated)),
    ("old_Key-0123456789abcdefghijklmnopqrstuv", Some(Reason::Deactivated)),
];

/// The key that may do everything with packages.
const CI: &str = KEYS[0].0;

/// Rows that no start may lose or add, but for what the upgrade itself notes.
async fn counts(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for sql in [
        "SELECT COUNT(*) FROM accounts",
        "SELECT COUNT(*) FROM tokens",
        "SELECT COUNT(*) FROM token_secrets",
        "SELECT COUNT(*) FROM legacy_keys",
        "SELECT COUNT(*) FROM events",
        "SELECT COUNT(*) FROM versions",
        "SELECT COUNT(*) FROM mails",
        "SELECT COUNT(*) FROM notices",
        "SELECT COUNT(*) FROM feeds",
    ] {
        counts.push(world.database.number(sql, &[]).await);
    }
    counts
}

async fn every_start_carries_it_over(world: &World) {
    let before = counts(world).await;
    for _ in 0..3 {
        world.restart_with(&[]).await;
        assert_eq!(world.app().store.schema_state().await.unwrap(), latchkey::store::SchemaState::Current);
        assert_eq!(counts(world).await, before);
    }
    let other = world.another_node().await;
    assert_ne!(other, world.address());
}

async fn its_keys_are_what_they_were(world: &World) {
    world.restart_with(&[]).await;
    for (key, refused) in KEYS {
        if key.starts_with("lk_") {
            assert_eq!(world.refusal(key).await, refused, "{key}");
        }
        let request = world.browser().bare_request(Method::GET, "/feeds/main/nuget/v3/flat/contoso.base/index.json");
        let status = request.basic_auth("ada", Some(key)).send().await.unwrap().status();
        assert_eq!(status == 401, refused.is_some(), "{key}: {status}");
    }
}

async fn its_people_find_their_things(world: &World) {
    world.restart_with(&[]).await;
    let ada = world.sign_in("ada").await;
    let list = ada.get("/settings/tokens").await;
    for name in ["CI", "Never ends", "Widened, renamed", "Created before the upgrade"] {
        assert!(list.body.contains(name), "{name}: {}", list.body);
    }
    let id = world.database.text("SELECT id FROM tokens WHERE name = 'Widened, renamed'", &[]).await;
    let page = ada.get(&format!("/settings/tokens/{id}")).await;
    assert_eq!((page.status, page.body.contains("Fabrikam.*")), (200, true), "{}", page.body);
    assert!(ada.key(world, "Made after the upgrade").await.secret.starts_with("lk_"));
    let bo = world.sign_in("bo").await;
    assert!(bo.get("/settings/tokens").await.body.contains("Build"), "the imported key is listed");
    let page = world.browser().sign_in("cy", &password_of("cy")).await;
    assert_eq!(page.status, 422, "who was disabled stays so");
    let root = world.sign_in("root").await;
    let page = root.get("/operator/events").await;
    assert_eq!((page.status, page.body.contains("Contoso.Core")), (200, true), "{}", page.body);
}

async fn its_packages_are_served(world: &World) {
    world.restart_with(&[]).await;
    let get = async |path: &str| {
        let request = world.browser().bare_request(Method::GET, path).basic_auth("ada", Some(CI));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap())
    };
    let (status, body) = get("/feeds/main/nuget/v3/flat/contoso.core/1.1.0/contoso.core.1.1.0.nupkg").await;
    assert_eq!((status, &body[..2]), (200, b"PK".as_slice()));
    let (_, body) = get("/feeds/main/nuget/v3/query?q=contoso&prerelease=true").await;
    let found: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(found["totalHits"], 0, "searches find them once they are indexed, beside all else: {found}");
    world.index_packages().await;
    let (_, body) = get("/feeds/main/nuget/v3/query?q=contoso&prerelease=true").await;
    let found: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(found["totalHits"], 2, "{found}");
    let push = |version: &str| {
        let request = world.browser().bare_request(Method::PUT, "/feeds/main/nuget/v3/package");
        request.header("x-nuget-apikey", CI).body(crate::support::nupkg::nupkg("Contoso.Core", version))
    };
    let push = |version| push(version).header("content-type", "application/octet-stream").send();
    assert_eq!(push("1.0.0").await.unwrap().status(), 409, "a version is never used twice");
    assert_eq!(push("3.0.0").await.unwrap().status(), 201);
}

async fn its_mails_go_out(world: &World) {
    world.restart_with(&[]).await;
    let mails = world.mails().await;
    let mut to: Vec<_> = mails.iter().map(|mail| mail.outline().0).collect();
    to.sort();
    assert_eq!(to, ["ada@example.com", "bo@example.com"]);
    let told = mails.iter().find(|mail| mail.outline().0.starts_with("ada")).unwrap();
    assert!(told.text.contains("Created before the upgrade"), "{}", told.text);
    let reset = mails.iter().find(|mail| mail.outline().0.starts_with("bo")).unwrap();
    assert!(reset.text.contains("/reset?link="), "{}", reset.text);
}
