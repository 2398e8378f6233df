//! Operator pages: who finds them, and what they show of the host.

use chrono::Duration;

use crate::support::{
    person::Browser,
    world::{World, on_both_engines},
};

on_both_engines! {
    to_everybody_but_operators_the_pages_do_not_exist,
    who_is_no_operator_any_more_finds_nothing_at_the_next_request,
    the_overview_tells_the_state_of_the_host_and_no_secret,
    accounts_are_found_by_name_and_address,
    a_feed_is_made_for_its_owner_and_deleted_while_it_is_empty,
    tokens_beyond_a_lowered_maximum_are_named_until_their_next_refresh,
}

/// Somebody who runs the host, signed in.
pub async fn operator(world: &World, username: &str) -> Browser {
    let browser = world.sign_up(username).await;
    let app = world.app();
    let id = app.store.account_named(username).await.unwrap().unwrap().id;
    app.store.make_operator(id, &latchkey::audit::Actor::host("test"), world.now()).await.unwrap();
    browser
}

/// The id of an account.
pub async fn id_of(world: &World, username: &str) -> String {
    world.database.text("SELECT id FROM accounts WHERE username = $1", &[username]).await
}

/// Every operator address.
fn addresses(account: &str, token: &str) -> Vec<String> {
    let mut all: Vec<_> =
        ["", "/accounts", "/tokens", "/events", "/mail", "/jobs", "/feeds", "/feeds/new", "/feeds/main/delete"]
            .map(str::to_owned)
            .into();
    let acts = ["", "/disable", "/enable", "/make-operator", "/unmake-operator", "/password", "/delete"];
    all.extend(acts.map(|act| format!("/accounts/{account}{act}")));
    all.extend(["", "/revoke", "/deactivate"].map(|act| format!("/tokens/{token}{act}")));
    all.iter().map(|path| format!("/operator{path}")).collect()
}

async fn to_everybody_but_operators_the_pages_do_not_exist(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    let cy = operator(world, "cy").await;
    world.set_disabled("cy", true).await;
    let nobody = world.browser();
    let value = nobody.get("/").await.form_value();
    let bos = bo.get("/settings/tokens").await.form_value();
    let target = id_of(world, "bo").await;
    let before = world.database.contents().await;
    for path in addresses(&target, &key.id) {
        let page = bo.get(&path).await;
        assert_eq!((page.status, page.heading().as_str()), (404, "There is nothing here"), "{path}");
        for outsider in [&nobody, &cy] {
            let page = outsider.get(&path).await;
            assert_eq!((page.status, page.location().starts_with("/sign-in?next=%2Foperator")), (303, true), "{path}");
        }
        for fields in [vec![("csrf", bos.as_str())], vec![("csrf", bos.as_str()), ("key", "x")], vec![]] {
            assert_eq!(bo.post(&path, &fields).await.status, 404, "{path}");
        }
        for outsider in [&nobody, &cy] {
            let page = outsider.post(&path, &[("csrf", value.as_str())]).await;
            assert_eq!((page.status, page.heading().as_str()), (403, "Sign in"), "{path}");
        }
    }
    assert_eq!(world.database.contents().await, before);
    assert!(!bo.get("/settings/tokens").await.body.contains("href=\"/operator"));
    for path in addresses(&target, &key.id) {
        assert_eq!(ada.get(&path).await.status, 200, "{path}");
    }
    assert_eq!(world.database.contents().await, before, "looking changes nothing");
    for bad in
        ["/operator/accounts/x", "/operator/accounts/x/disable", "/operator/tokens/x", "/operator/feeds/x/delete"]
    {
        assert_eq!(ada.get(bad).await.status, 404, "{bad}");
    }
}

async fn who_is_no_operator_any_more_finds_nothing_at_the_next_request(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = operator(world, "bo").await;
    assert_eq!(bo.get("/operator").await.status, 200);
    let path = format!("/operator/accounts/{}/unmake-operator", id_of(world, "bo").await);
    assert_eq!(ada.fill(&path, |form| form).await.status, 303);
    assert_eq!(bo.get("/operator").await.status, 404);
    assert!(bo.is_signed_in().await);
}

async fn the_overview_tells_the_state_of_the_host_and_no_secret(world: &World) {
    let ada = operator(world, "ada").await;
    let page = ada.get("/operator").await;
    let findings = page.texts(".table .badge");
    assert!(findings.len() >= 8 && findings.iter().all(|found| found == "Good"), "{}", page.body);
    let settings = page.texts(".table.compact tr");
    assert!(settings.iter().any(|row| row == "LATCHKEY_SIGN_UP open"), "{settings:?}");
    let password = world.database.url().split_once("://").unwrap().1.split('@').next().unwrap().to_owned();
    assert!(!page.body.contains(crate::support::world::MASTER_SECRET) && !page.body.contains(&password));
    assert_eq!(page.texts("nav[aria-label=Main] a"), ["Settings", "Packages", "Feeds", "Operator", "Guide"]);
    assert_eq!(
        page.texts("nav[aria-label=Operator] a"),
        ["Overview", "Accounts", "Tokens", "Events", "Feeds", "Email", "Jobs"]
    );
}

async fn accounts_are_found_by_name_and_address(world: &World) {
    let ada = operator(world, "ada").await;
    for name in ["bo", "bob_x", "bobyx"] {
        world.sign_up(name).await;
    }
    world.pass(Duration::minutes(5));
    world.set_disabled("bobyx", true).await;
    let names = async |query: &str| {
        let page = ada.get(&format!("/operator/accounts{query}")).await;
        page.texts(".table tbody th a")
    };
    assert_eq!(names("").await, ["ada", "bo", "bob_x", "bobyx"]);
    assert_eq!(names("?q=B_X").await, ["bob_x"], "what is typed is meant as it is");
    assert_eq!(names("?q=bo%40example.com").await, ["bo"]);
    assert_eq!(names("?q=%25").await, Vec::<String>::new());
    assert_eq!(names("?q=%00bo&only=disabled").await, ["bobyx"]);
    assert_eq!(names("?only=operators").await, ["ada"]);
    assert_eq!(names("?after=bo").await, ["bob_x", "bobyx"]);
    let page = ada.get(&format!("/operator/accounts/{}", id_of(world, "bobyx").await)).await;
    assert!(page.texts(".lede").concat().contains("Disabled"), "{}", page.body);
}

async fn a_feed_is_made_for_its_owner_and_deleted_while_it_is_empty(world: &World) {
    let ada = operator(world, "ada").await;
    world.bo().await;
    let add = async |name: &str, owner: &str| {
        let form = ada.get("/operator/feeds/new").await.form("/operator/feeds");
        ada.submit(form.set("name", name).set("owner", owner).set("public", "yes")).await
    };
    for (name, owner, field) in [("No", "bo", "name"), ("team", "nobody", "owner"), ("main", "bo", "name")] {
        let page = add(name, owner).await;
        assert_eq!((page.status, page.problem(field).is_empty()), (422, false), "{name}");
        assert!(page.form("/operator/feeds").fields.contains(&("public".to_owned(), "yes".to_owned())));
    }
    assert_eq!(add("team", "bo").await.status, 303);
    let rows = ada.get("/operator/feeds").await.texts(".table tbody tr");
    assert!(rows.iter().any(|row| row.starts_with("team Public bo 1 0")), "{rows:?}");
    let page = ada.fill("/operator/feeds/team/delete", |form| form.set("name", "main")).await;
    assert_eq!((page.status, page.problem("name").as_str()), (422, "Type team to delete this feed."));
    assert!(page.form("/operator/feeds/team/delete").fields.contains(&("name".to_owned(), "main".to_owned())));
    let delete = async |feed: &str| {
        ada.fill(&format!("/operator/feeds/{feed}/delete"), |form| form.set("name", feed)).await.status
    };
    assert_eq!(delete("main").await, 409);
    let sql = "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at)
        SELECT 'p', id, 'nuget', 'A', 'a', '', 0, 0, 0, 0 FROM feeds WHERE name = 'team'";
    world.database.execute(sql, &[]).await;
    assert_eq!(delete("team").await, 409);
    world.database.execute("DELETE FROM packages", &[]).await;
    assert_eq!(delete("team").await, 303);
    assert_eq!(ada.get("/operator/feeds/team/delete").await.status, 404);
    let events = ada.get("/operator/events?what=feeds").await.texts(".table tbody tr");
    assert!(events.iter().any(|row| row.contains("feed deleted team ada")), "{events:?}");
}

async fn tokens_beyond_a_lowered_maximum_are_named_until_their_next_refresh(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let endless = bo.key_for(world, "Endless", "never").await;
    let long = bo.key_for(world, "Long", "365").await;
    bo.key_for(world, "Short", "90").await;
    let gone = bo.key_for(world, "Gone", "never").await;
    bo.must(&gone.id, "revoke").await;
    let named = async || ada.get("/operator").await.texts("#lifetimes ~ ul li a");
    assert!(named().await.is_empty(), "there is no maximum");

    world.restart_with(&[("max-token-days", "90")]).await;
    assert_eq!(named().await, ["Endless", "Long"]);
    let found = world.app().store.tokens_beyond(90, world.now()).await.unwrap();
    let told = latchkey::tokens::beyond_maximum::TokenBeyondMaximum::told(&found, 90).unwrap();
    for said in
        ["2 tokens live longer", "LATCHKEY_MAX_TOKEN_DAYS=90", "“Endless” (lk_", "of bo, never", "of bo, 2028-02-29"]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert_eq!(world.refusal(&endless.secret).await, None, "it goes on as it is");

    for id in [&endless.id, &long.id] {
        let page = bo.refresh(id, "restart").await;
        assert_eq!(page.status, 200, "{}", page.body);
        let end = world.database.number("SELECT expires_at FROM tokens WHERE id = $1", &[id]).await;
        assert_eq!(end, (world.now() + Duration::days(90)).timestamp());
    }
    assert!(named().await.is_empty());
    assert_eq!(latchkey::tokens::beyond_maximum::TokenBeyondMaximum::told(&[], 90), None);
}
