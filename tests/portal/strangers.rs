//! What is another account's looks like nothing at all; and looking at one's own changes nothing.

use reqwest::Method;

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    another_accounts_token_looks_like_none,
    nobody_gets_anywhere_without_signing_in,
    looking_never_changes_anything,
}

const VERBS: [&str; 6] = ["edit", "refresh", "deactivate", "reactivate", "revoke", "delete"];
const NOBODYS: &str = "0190a000-0000-7000-8000-000000000001";

async fn another_accounts_token_looks_like_none(world: &World) {
    let ada = world.ada().await;
    let bo = world.bo().await;
    let key = ada.key(world, "CI").await;
    let own = bo.key(world, "Bo's").await;
    let before = world.database.contents().await;
    let as_nobodys = |path: &str| path.replace(&key.id, NOBODYS);
    let mut pages = vec![format!("/settings/tokens/{}", key.id), format!("/settings/tokens/{}/duplicate", key.id)];
    pages.extend(VERBS.map(|verb| format!("/settings/tokens/{}/{verb}", key.id)));
    for path in &pages {
        let (hers, nobodys) = (bo.get(path).await, bo.get(&as_nobodys(path)).await);
        assert_eq!((hers.status, hers.heading().as_str()), (404, "There is nothing here"), "{path}");
        assert_eq!(hers.body, nobodys.body, "{path}");
        assert_eq!(hers.header_names(), nobodys.header_names(), "{path}");
    }
    for verb in VERBS {
        let form = bo
            .get(&format!("/settings/tokens/{}/{verb}", own.id))
            .await
            .form_or_bare(&format!("/settings/tokens/{}/{verb}", own.id));
        let to =
            |id: &str| crate::support::page::Form { action: format!("/settings/tokens/{id}/{verb}"), ..form.clone() };
        let (hers, nobodys) = (bo.submit(to(&key.id)).await, bo.submit(to(NOBODYS)).await);
        assert_eq!((hers.status, nobodys.status), (404, 404), "{verb}");
        assert_eq!(hers.body, nobodys.body, "{verb}");
    }
    for bad in [
        "x",
        "0190A000-0000-7000-8000-000000000001",
        &key.id.to_uppercase(),
        &key.id.replace('-', ""),
        "..%2f",
        "%00",
        "%ff",
    ] {
        assert_eq!(ada.get(&format!("/settings/tokens/{bad}")).await.status, 404, "{bad}");
    }
    assert_eq!(world.database.contents().await, before);
    assert!(!bo.get("/settings/tokens").await.body.contains(&key.id));
}

async fn nobody_gets_anywhere_without_signing_in(world: &World) {
    let key = world.ada().await.key(world, "CI").await;
    let cy = world.browser();
    let own = cy.get("/").await.form_value();
    let before = world.database.contents().await;
    for path in pages(&key.id).into_iter().filter(|path| path.starts_with("/settings")) {
        let page = cy.get(&path).await;
        assert_eq!(page.status, 303, "{path}");
        assert!(page.location().starts_with("/sign-in?next=%2Fsettings"), "{path}: {}", page.location());
    }
    for verb in VERBS {
        let page = cy.post(&format!("/settings/tokens/{}/{verb}", key.id), &[("csrf", own.as_str())]).await;
        assert!(matches!(page.status, 303 | 403), "{verb}: {}", page.status);
    }
    assert_eq!(world.database.contents().await, before);
}

/// Every page that can be looked at.
fn pages(id: &str) -> Vec<String> {
    let mut pages: Vec<_> = [
        "/",
        "/sign-in",
        "/sign-up",
        "/forgot",
        "/setup?link=x",
        "/settings/tokens",
        "/settings/tokens/new",
        "/settings/profile",
        "/settings/password",
        "/settings/sessions",
        "/settings/notifications",
        "/nothing",
        "/healthz",
        "/readyz",
    ]
    .map(str::to_owned)
    .into();
    pages.push(format!("/settings/tokens/{id}"));
    pages.extend(
        ["add", "clients", "duplicate", "narrow", "record", "versions"]
            .map(|page| format!("/settings/tokens/{id}/{page}")),
    );
    pages.extend(VERBS.map(|verb| format!("/settings/tokens/{id}/{verb}")));
    pages
}

async fn looking_never_changes_anything(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let link = latchkey::serve::setup_link(&world.app()).await.unwrap();
    let link = link.split_once("/setup").map(|(_, query)| format!("/setup{query}")).unwrap();
    for path in pages(&key.id).into_iter().chain([link]) {
        for method in [Method::GET, Method::HEAD] {
            let before = world.database.contents().await;
            let page = ada.send(ada.request(method.clone(), &path)).await;
            assert_eq!(world.database.contents().await, before, "{method} {path}");
            let expected = match path.as_str() {
                "/setup?link=x" => 410,
                "/nothing" => 404,
                _ => 200,
            };
            let signs_in = matches!(path.as_str(), "/" | "/sign-in");
            assert_eq!(page.status, if signs_in { 303 } else { expected }, "{method} {path}");
            assert!(method == Method::GET || page.body.is_empty(), "{path}");
        }
    }
}
