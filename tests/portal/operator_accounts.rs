//! What operators do with accounts: it holds at the next request, and somebody always remains who runs the host.

use chrono::Duration;
use latchkey::{accounts::AccountChange, audit::Actor, tokens::decision::Reason};

use super::operator::{id_of, operator};
use crate::support::{
    person::{Browser, proven},
    world::{World, on_both_engines},
};

on_both_engines! {
    a_disabled_account_is_refused_everywhere_at_once,
    the_last_operator_stays,
    somebody_without_a_password_runs_no_host,
    of_two_operators_who_go_at_once_one_stays,
    each_act_asks_for_the_password_after_a_while,
    deleting_an_account_keeps_what_it_published_and_its_record,
    what_only_a_deleted_account_owned_goes_to_its_heir,
    an_operator_who_deletes_themselves_is_signed_out,
    a_password_link_is_shown_once_and_works_once,
}

async fn act(world: &World, browser: &Browser, verb: &str, username: &str) -> crate::support::page::Page {
    browser.fill(&format!("/operator/accounts/{}/{verb}", id_of(world, username).await), |form| form).await
}

async fn a_disabled_account_is_refused_everywhere_at_once(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    let form = bo.get("/settings/tokens/new").await.form("/settings/tokens");
    let page = act(world, &ada, "disable", "bo").await;
    let path = format!("/operator/accounts/{}", id_of(world, "bo").await);
    assert_eq!((page.status, page.location()), (303, path.as_str()));
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::AccountDisabled));
    assert!(!bo.is_signed_in().await);
    assert_eq!(
        bo.submit(crate::support::person::filled(form, "late")).await.status,
        403,
        "asked to sign in, nothing is made"
    );
    assert_eq!(world.browser().sign_in("bo", &crate::support::world::password_of("bo")).await.status, 422);
    assert_eq!(act(world, &ada, "disable", "bo").await.status, 303, "twice is as good as once");
    assert_eq!(act(world, &ada, "enable", "bo").await.status, 303);
    assert_eq!(world.refusal(&key.secret).await, None);
    assert!(!bo.is_signed_in().await, "sessions do not come back");
    world.sign_in("bo").await;
    let events = world.database.events_of("bo").await;
    let about = events.iter().filter(|event| event.contains("abled")).collect::<Vec<_>>();
    assert_eq!(about, ["account disabled", "account enabled"]);
    let actors = "SELECT a.username FROM events e JOIN accounts a ON a.id = e.actor WHERE e.verb = 'account.disabled'";
    assert_eq!(world.database.texts(actors, &[]).await, ["ada"]);
}

async fn the_last_operator_stays(world: &World) {
    let ada = operator(world, "ada").await;
    world.bo().await;
    for verb in ["disable", "unmake-operator", "delete"] {
        let path = format!("/operator/accounts/{}/{verb}", id_of(world, "ada").await);
        let page = ada.fill(&path, |form| if verb == "delete" { form.set("username", "ada") } else { form }).await;
        assert_eq!(page.status, 409, "{verb}");
        assert!(page.problems().concat().contains("only operator"), "{}", page.body);
    }
    operator(world, "cy").await;
    world.set_disabled("cy", true).await;
    assert_eq!(act(world, &ada, "disable", "ada").await.status, 409, "a disabled operator runs nothing");
    assert_eq!(act(world, &ada, "make-operator", "bo").await.status, 303);
    let page = act(world, &ada, "disable", "ada").await;
    assert_eq!((page.status, page.location()), (303, "/sign-in"));
    assert!(!ada.is_signed_in().await);
}

async fn somebody_without_a_password_runs_no_host(world: &World) {
    let ada = operator(world, "ada").await;
    let page = ada
        .fill("/operator/accounts/new", |form| {
            form.set("username", "dora").set("email", "dora@example.com").set("operator", "yes")
        })
        .await;
    let link = page.texts("code.key").concat();
    for verb in ["disable", "unmake-operator", "delete"] {
        let path = format!("/operator/accounts/{}/{verb}", id_of(world, "ada").await);
        let page = ada.fill(&path, |form| if verb == "delete" { form.set("username", "ada") } else { form }).await;
        assert_eq!(page.status, 409, "{verb}: dora has not opened her link");
    }
    let events = world.database.events_of("dora").await;
    assert_eq!(events, ["account created", "account made operator", "account invited"]);
    let subject = world.mail().await.header("Subject");
    assert!(subject.contains("2 things happened"), "the operator is told of both: {subject}");
    let path = link.strip_prefix(&format!("http://{}", world.address())).unwrap();
    world.browser().fill(path, |form| form.set("password", "seven quiet lanterns drift")).await;
    assert_eq!(act(world, &ada, "unmake-operator", "ada").await.status, 303);
}

async fn of_two_operators_who_go_at_once_one_stays(world: &World) {
    operator(world, "ada").await;
    operator(world, "bo").await;
    let app = world.app();
    let (by, now) = (Actor::host("test"), world.now());
    let [ada, bo] = [id_of(world, "ada").await, id_of(world, "bo").await]
        .map(|id| latchkey::tokens::AccountId::parse(&id).unwrap());
    let (first, second) =
        tokio::join!(app.store.disable_account(ada, &by, now), app.store.unmake_operator(bo, &by, now));
    let mut came = [first.unwrap(), second.unwrap()];
    came.sort_by_key(|tx| *tx != AccountChange::Done);
    assert_eq!(came, [AccountChange::Done, AccountChange::LastOperator]);
    let left = "SELECT COUNT(*) FROM accounts WHERE operator_since IS NOT NULL AND disabled_at IS NULL";
    assert_eq!(world.database.number(left, &[]).await, 1);
}

async fn each_act_asks_for_the_password_after_a_while(world: &World) {
    let ada = operator(world, "ada").await;
    world.bo().await;
    world.pass(Duration::minutes(16));
    for verb in ["disable", "enable", "make-operator", "unmake-operator", "password", "delete"] {
        let path = format!("/operator/accounts/{}/{verb}", id_of(world, "bo").await);
        let named = |form: crate::support::page::Form| if verb == "delete" { form.set("username", "bo") } else { form };
        let page = ada.fill(&path, |form| named(form).set("proof_password", "")).await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Confirm it is you"), "{verb}");
        let page = ada.fill(&path, |form| named(form).set("proof_password", "not it")).await;
        assert_eq!(page.status, 422, "{verb}");
    }
    assert_eq!(world.database.events_of("bo").await, ["account created"]);
    let path = format!("/operator/accounts/{}/disable", id_of(world, "bo").await);
    assert_eq!(ada.fill(&path, |form| proven(form, "ada")).await.status, 303);
}

async fn deleting_an_account_keeps_what_it_published_and_its_record(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    let id = id_of(world, "bo").await;
    publish(world, &id, "Fabrikam").await;
    let path = format!("/operator/accounts/{id}/delete");
    let page = ada.fill(&path, |form| form.set("username", "ado")).await;
    assert_eq!((page.status, page.problem("username").as_str()), (422, "Type bo to delete this account."));
    assert_eq!(page.form(&path).value("username"), "ado");
    let page = ada.fill(&path, |form| form.set("username", "bo").set("heir", "ada")).await;
    assert_eq!((page.status, page.location()), (303, "/operator/accounts"));
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::NotAToken));
    assert!(!bo.is_signed_in().await);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE account = $1", &[&id]).await, 0);
    assert_eq!(world.database.text("SELECT published_by FROM versions", &[]).await, id);
    for query in ["?account=bo", &format!("?account={id}")] {
        let page = ada.get(&format!("/operator/events{query}")).await;
        let rows = page.texts(".table tbody tr");
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows.iter().all(|row| row.contains("bo (deleted account)")), "{rows:?}");
    }
    let page = ada.get(&format!("/operator/events?token={}", key.id)).await;
    assert_eq!(page.texts(".table tbody tr").len(), 1, "the record of a deleted token stays");
    assert_eq!(ada.get(&path).await.status, 404);
}

async fn what_only_a_deleted_account_owned_goes_to_its_heir(world: &World) {
    let ada = operator(world, "ada").await;
    world.bo().await;
    let id = id_of(world, "bo").await;
    publish(world, &id, "Fabrikam").await;
    let form = ada.get("/operator/feeds/new").await.form("/operator/feeds");
    ada.submit(form.set("name", "team").set("owner", "bo")).await;
    let path = format!("/operator/accounts/{id}/delete");
    world.sign_up("cy").await;
    world.set_disabled("cy", true).await;
    for heir in ["nobody", "bo", "cy"] {
        let page = ada.fill(&path, |form| form.set("username", "bo").set("heir", heir)).await;
        assert_eq!((page.status, page.problem("heir").is_empty()), (422, false), "{heir}");
    }
    // Without one, nothing is left behind without an owner.
    let page = ada.fill(&path, |form| form.set("username", "bo").set("heir", "")).await;
    let why = "Name a new owner: nobody else owns the package main/Fabrikam, the feed team.";
    assert_eq!((page.status, page.problem("heir").as_str()), (422, why));
    assert_eq!(ada.fill(&path, |form| form.set("username", "bo").set("heir", "ada")).await.status, 303);
    let owners = "SELECT a.username FROM package_owners o JOIN accounts a ON a.id = o.account";
    assert_eq!(world.database.texts(owners, &[]).await, ["ada"]);
    let members = "SELECT a.username FROM members m JOIN accounts a ON a.id = m.account WHERE m.role = 'owner'";
    assert_eq!(world.database.texts(members, &[]).await, ["ada"]);
}

async fn an_operator_who_deletes_themselves_is_signed_out(world: &World) {
    let ada = operator(world, "ada").await;
    operator(world, "bo").await;
    let path = format!("/operator/accounts/{}/delete", id_of(world, "ada").await);
    let page = ada.fill(&path, |form| form.set("username", "ADA")).await;
    assert_eq!((page.status, page.location()), (303, "/sign-in"));
    assert!(!ada.is_signed_in().await);
}

async fn a_password_link_is_shown_once_and_works_once(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let page = act(world, &ada, "password", "bo").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    let link = page.texts("#link").concat();
    let path = link.strip_prefix(&format!("http://{}", world.address())).unwrap().to_owned();
    let somebody = world.browser();
    let form = somebody.get(&path).await.form("/reset").set("password", "seven quiet lanterns drift");
    assert_eq!(somebody.submit(form.clone()).await.status, 303);
    assert!(!bo.is_signed_in().await);
    assert_eq!(world.browser().sign_in("bo", "seven quiet lanterns drift").await.status, 303);
    assert_eq!(world.browser().get(&path).await.status, 410);
    let stored = format!("{:?}", world.database.contents().await);
    assert!(!stored.contains(link.split_once('=').unwrap().1));
    let page = ada.get("/operator/events?account=bo&what=accounts").await;
    assert!(page.texts(".table tbody tr").iter().any(|row| row.contains("password link made ada bo")), "{}", page.body);
    world.set_disabled("bo", true).await;
    assert_eq!(act(world, &ada, "password", "bo").await.status, 409);
}

/// A package with one version that an account published in `main`, past the doors.
async fn publish(world: &World, account: &str, name: &str) {
    let package = "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at)
        SELECT $1, id, 'nuget', $1, $1, '', 0, 0, 0, 0 FROM feeds WHERE name = 'main'";
    world.database.execute(package, &[name]).await;
    let owner = "INSERT INTO package_owners (package, account, since) VALUES ($1, $2, 0)";
    world.database.execute(owner, &[name, account]).await;
    let version = "INSERT INTO versions (id, package, version, version_key, published_at, published_by, size, sha512, blob, manifest, downloads)
        VALUES ($1, $1, '1.0.0', '1.0.0', 0, $2, 0, '', '', '{}', 0)";
    world.database.execute(version, &[name, account]).await;
}
