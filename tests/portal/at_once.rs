//! Many at once: forms sent sixteen times, refreshes that race, processes that share a database.

use std::net::SocketAddr;

use futures_util::future::join_all;
use latchkey::tokens::decision::Reason;

use crate::support::{
    page::Page,
    person::{filled, newest_token},
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    a_form_sent_sixteen_times_at_once_makes_one_token,
    a_refresh_sent_sixteen_times_at_once_shows_one_key,
    refreshes_that_race_leave_one_live_key,
    a_revocation_wins_over_what_races_with_it,
    a_name_is_given_once,
    a_setup_link_is_used_once,
    two_processes_share_a_database,
    six_starts_at_once_on_an_empty_database_all_succeed,
}

fn headings(pages: &[Page]) -> Vec<String> {
    let mut headings: Vec<_> = pages.iter().map(|page| format!("{} {}", page.status, page.heading())).collect();
    headings.sort();
    headings.dedup();
    headings
}

async fn live_keys(world: &World, id: &str) -> i64 {
    world.database.number("SELECT COUNT(*) FROM token_secrets WHERE token = $1 AND ended_at IS NULL", &[id]).await
}

async fn a_form_sent_sixteen_times_at_once_makes_one_token(world: &World) {
    let ada = world.ada().await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let pages = join_all((0..16).map(|_| ada.submit(form.clone()))).await;
    assert_eq!(headings(&pages), ["200 Already done", "200 Token created"]);
    assert_eq!(pages.iter().filter_map(Page::secret).count(), 1);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 1);
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created"]);
    assert_eq!(live_keys(world, &newest_token(world, "CI").await).await, 1);
}

async fn a_refresh_sent_sixteen_times_at_once_shows_one_key(world: &World) {
    let ada = world.ada().await;
    let id = ada.key(world, "CI").await.id;
    let path = format!("/settings/tokens/{id}/refresh");
    let form = ada.get(&path).await.form(&path);
    let pages = join_all((0..16).map(|_| ada.submit(form.clone()))).await;
    assert_eq!(headings(&pages), ["200 Already done", "200 Token refreshed"]);
    assert_eq!((pages.iter().filter_map(Page::secret).count(), live_keys(world, &id).await), (1, 1));
}

async fn refreshes_that_race_leave_one_live_key(world: &World) {
    let ada = world.ada().await;
    let id = ada.key(world, "CI").await.id;
    let path = format!("/settings/tokens/{id}/refresh");
    let shown = join_all((0..8).map(|_| ada.get(&path))).await;
    let pages = join_all(shown.iter().map(|page| ada.submit(page.form(&path)))).await;
    let keys: Vec<_> = pages.iter().filter_map(Page::secret).collect();
    assert!(!keys.is_empty() && pages.iter().all(|page| matches!(page.status, 200 | 409)), "{:?}", headings(&pages));
    assert_eq!(live_keys(world, &id).await, 1);
    let mut live = 0;
    for key in &keys {
        match world.refusal(key).await {
            None => live += 1,
            Some(reason) => assert_eq!(reason, Reason::Replaced),
        }
    }
    assert_eq!(live, 1, "every key that was shown is the live one or was replaced");
}

async fn a_revocation_wins_over_what_races_with_it(world: &World) {
    let ada = world.ada().await;
    for round in 0..4 {
        let key = ada.key(world, &format!("CI {round}")).await;
        let form = async |verb: &str| {
            let path = format!("/settings/tokens/{}/{verb}", key.id);
            ada.get(&path).await.form_or_bare(&path)
        };
        let forms = [
            form("refresh").await,
            form("edit").await.set("patterns", "Fabrikam"),
            form("revoke").await,
            form("deactivate").await,
            form("reactivate").await,
        ];
        let pages = join_all(forms.into_iter().map(|form| ada.submit(form))).await;
        assert!(pages.iter().all(|page| page.status < 500), "{:?}", headings(&pages));
        assert_eq!(pages[2].status, 303, "the revocation");
        assert!(matches!(pages[3].status, 303 | 409), "switching off, unless it was revoked before");
        for key in pages.iter().filter_map(Page::secret).chain([key.secret.clone()]) {
            assert!(world.refusal(&key).await.is_some());
        }
    }
}

async fn a_name_is_given_once(world: &World) {
    let people: Vec<_> = (0..8).map(|_| world.browser()).collect();
    let pages = join_all(people.iter().enumerate().map(|(number, cy)| {
        let (email, password) = (format!("cy{number}@example.com"), password_of("cy"));
        cy.fill("/sign-up", move |form| form.set("username", "cy").set("email", &email).set("password", &password))
    }))
    .await;
    assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    assert!(pages.iter().all(|page| matches!(page.status, 303 | 422)), "{:?}", headings(&pages));
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens", &[]).await, 1);
}

async fn a_setup_link_is_used_once(world: &World) {
    let link = latchkey::serve::setup_link(&world.app()).await.unwrap();
    let link = link.split_once("/setup").map(|(_, query)| format!("/setup{query}")).unwrap();
    let people: Vec<_> = (0..8).map(|_| world.browser()).collect();
    let shown = join_all(people.iter().map(|cy| cy.get(&link))).await;
    let pages = join_all(people.iter().zip(shown).enumerate().map(|(number, (cy, page))| {
        let name = format!("cy{number}");
        let form = page.form("/setup").set("username", &name).set("email", &format!("{name}@example.com"));
        cy.submit(form.set("password", &password_of(&name)))
    }))
    .await;
    assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1, "{:?}", headings(&pages));
    assert_eq!(world.database.number("SELECT COUNT(*) FROM accounts", &[]).await, 1);
}

async fn two_processes_share_a_database(world: &World) {
    let ada = world.ada().await;
    let second = ada.through(world.another_node().await);
    assert!(second.is_signed_in().await, "a session holds on every node");
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let browsers: Vec<_> = (0..16).map(|number| if number % 2 == 0 { &ada } else { &second }).collect();
    let pages = join_all(browsers.iter().map(|browser| browser.submit(form.clone()))).await;
    assert_eq!(headings(&pages), ["200 Already done", "200 Token created"]);
    let made = join_all(browsers.iter().enumerate().map(|(number, browser)| {
        let form = form.clone().set("form_id", &format!("0190a000-0000-7000-8000-0000000000{number:02}"));
        browser.submit(form.set("name", &format!("CI {number}")))
    }))
    .await;
    assert_eq!(headings(&made), ["200 Token created"]);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 17);
    second.submit(second.get("/settings/tokens").await.form("/sign-out")).await;
    assert!(!ada.is_signed_in().await, "a session that ended has ended everywhere");
}

async fn six_starts_at_once_on_an_empty_database_all_succeed(world: &World) {
    let empty = World::empty(world.database.engine).await;
    let anywhere: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let opened = join_all((0..6).map(|_| empty.open(anywhere, &[("public-url", "http://127.0.0.1:1")]))).await;
    let problems: Vec<_> = opened.iter().filter_map(|opened| opened.as_ref().err().map(ToString::to_string)).collect();
    for app in opened.iter().flatten() {
        app.store.close().await;
    }
    assert_eq!(empty.database.number("SELECT COUNT(*) FROM feeds", &[]).await, 1);
    empty.end().await;
    assert!(problems.is_empty(), "{problems:?}");
}
