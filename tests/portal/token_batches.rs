//! Several tokens in one step: those ticked in the list, and all of them in an emergency.

use chrono::Duration;
use latchkey::tokens::decision::Reason;

use crate::support::{
    page::Page,
    person::{Browser, Key, newest_token, proven},
    world::{World, on_both_engines},
};

on_both_engines! {
    several_tokens_are_revoked_in_one_step,
    several_tokens_are_switched_off_and_on_again,
    only_what_was_looked_at_is_reactivated,
    an_old_page_undoes_no_later_freeze,
    what_is_off_for_a_while_can_be_switched_off_until_further_notice_or_revoked,
    what_cannot_be_done_is_said_and_left_out,
    another_accounts_tokens_are_left_alone,
    a_step_leads_back_to_where_it_began,
    a_freeze_switches_off_every_live_token_and_its_undo_exactly_those,
    a_freeze_ends_what_would_come_back_by_itself,
    a_token_reactivated_during_a_freeze_stays_out_of_its_undo,
    a_freeze_keeps_the_warnings_right,
    many_tokens_freeze_in_batches,
    undoing_a_freeze_asks_for_the_password_after_a_while,
}

const PATH: &str = "/settings/tokens/selected";

/// Ticks tokens in the list, presses a button, and answers the page that asks.
async fn asked(browser: &Browser, step: &str, ids: &[&str]) -> Page {
    let ticked: String = ids.iter().map(|id| format!("&token={id}")).collect();
    browser.get(&format!("{PATH}?step={step}&from=state%3Dactive{ticked}")).await
}

/// The same, and confirms.
async fn done(browser: &Browser, step: &str, ids: &[&str]) -> Page {
    browser.submit(asked(browser, step, ids).await.form(PATH)).await
}

async fn three_keys(world: &World) -> (Browser, [Key; 3]) {
    let ada = world.ada().await;
    let keys = [ada.key(world, "One").await, ada.key(world, "Two").await, ada.key(world, "Three").await];
    (ada, keys)
}

async fn refusals<const N: usize>(world: &World, keys: &[Key; N]) -> [Option<Reason>; N] {
    let mut refusals = [None; N];
    for (refusal, key) in refusals.iter_mut().zip(keys) {
        *refusal = world.refusal(&key.secret).await;
    }
    refusals
}

/// How many events of this kind there are in all.
async fn events(world: &World, verb: &str) -> i64 {
    world.database.number("SELECT COUNT(*) FROM events WHERE verb = $1", &[verb]).await
}

/// Asks for the freeze, or its undo, and confirms.
async fn must(browser: &Browser, what: &str) {
    let page = browser.fill(&format!("/settings/tokens/{what}"), |form| form).await;
    assert_eq!((page.status, page.location().split('?').next()), (303, Some("/settings/tokens")), "{}", page.body);
}

async fn several_tokens_are_revoked_in_one_step(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let page = asked(&ada, "revoke", &[&keys[0].id, &keys[1].id]).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Revoke 2 tokens"));
    assert_eq!(page.texts(".table tbody th .top"), ["One", "Two"]);
    assert_eq!(refusals(world, &keys).await, [None; 3], "nothing is done by asking");
    let page = ada.submit(page.form(PATH)).await;
    assert_eq!((page.status, page.location()), (303, "/settings/tokens?state=active"));
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Revoked), Some(Reason::Revoked), None]);
    assert_eq!(events(world, "token.revoked").await, 2);
    let said = ada.get(page.location()).await.texts(".banner.ok");
    assert_eq!(said, ["The selected tokens are revoked. Their keys are refused for good."]);
    let again =
        ada.post(PATH, &[("csrf", page_value(&ada).await.as_str()), ("step", "revoke"), ("token", &keys[0].id)]).await;
    assert_eq!((again.status, events(world, "token.revoked").await), (303, 2), "done once");
    let shown = ada.get(&format!("/settings/tokens/{}", keys[0].id)).await;
    assert_eq!(shown.texts(".history tbody td:nth-child(4)")[0], "Otter 7, 203.0.113.7");
}

async fn page_value(browser: &Browser) -> String {
    browser.get("/settings/tokens/new").await.form_value()
}

async fn several_tokens_are_switched_off_and_on_again(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let ids = [keys[0].id.as_str(), &keys[2].id];
    let page = done(&ada, "deactivate", &ids).await;
    assert_eq!(page.location(), "/settings/tokens?state=active");
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated), None, Some(Reason::Deactivated)]);
    world.pass(Duration::minutes(16));
    let page = done(&ada, "reactivate", &ids).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Confirm it is you"), "it widens what keys can do");
    let form = page.form(PATH);
    assert_eq!((form.values("token").len(), form.value("from")), (2, "state=active"), "the choice is kept");
    assert_eq!(ada.submit(proven(form, "ada")).await.status, 303);
    assert_eq!(refusals(world, &keys).await, [None; 3]);
    assert_eq!((events(world, "token.deactivated").await, events(world, "token.reactivated").await), (2, 2));
}

async fn only_what_was_looked_at_is_reactivated(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let ids = [keys[0].id.as_str(), &keys[1].id];
    done(&ada, "deactivate", &ids).await;
    let old = asked(&ada, "reactivate", &ids).await.form(PATH);
    ada.must(&keys[1].id, "reactivate").await;
    ada.must(&keys[1].id, "deactivate").await;
    let page = ada.submit(old.clone()).await;
    assert_eq!((page.status, page.problems().len()), (409, 1), "{}", page.body);
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated), Some(Reason::Deactivated), None]);
    assert_eq!(ada.submit(old.without("version")).await.status, 409, "nor without saying what was seen");
    assert_eq!(ada.submit(page.form(PATH)).await.status, 303, "once it has been looked at again");
    assert_eq!(refusals(world, &keys).await, [None; 3]);
}

async fn an_old_page_undoes_no_later_freeze(world: &World) {
    let (ada, keys) = three_keys(world).await;
    must(&ada, "freeze").await;
    let old = ada.get("/settings/tokens/unfreeze").await.form("/settings/tokens/unfreeze");
    must(&ada, "unfreeze").await;
    world.pass(Duration::minutes(1));
    must(&ada, "freeze").await;
    let page = ada.submit(old).await;
    assert_eq!((page.status, page.problems().len()), (409, 1), "{}", page.body);
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated); 3]);
    // A second freeze leaves alone what the first one froze, and is later all the same.
    let old = ada.get("/settings/tokens/unfreeze").await.form("/settings/tokens/unfreeze");
    let fresh = ada.key(world, "Fresh").await;
    world.pass(Duration::minutes(1));
    must(&ada, "freeze").await;
    assert_eq!(ada.submit(old).await.status, 409);
    assert_eq!(world.refusal(&fresh.secret).await, Some(Reason::Deactivated));
}

async fn what_is_off_for_a_while_can_be_switched_off_until_further_notice_or_revoked(world: &World) {
    let (ada, keys) = three_keys(world).await;
    for key in &keys[..2] {
        ada.must(&key.id, "deactivate").await;
        let pause = "UPDATE tokens SET reactivate_at = CAST($2 AS BIGINT) WHERE id = $1";
        world.database.execute(pause, &[&key.id, &(world.now().timestamp() + 600).to_string()]).await;
    }
    let page = asked(&ada, "deactivate", &[&keys[0].id]).await;
    assert_eq!(page.heading(), "Deactivate 1 token");
    assert_eq!(ada.submit(page.form(PATH)).await.status, 303);
    done(&ada, "revoke", &[&keys[1].id]).await;
    world.pass(Duration::hours(1));
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated), Some(Reason::Revoked), None]);
    let paused = "SELECT COUNT(*) FROM tokens WHERE reactivate_at IS NOT NULL";
    assert_eq!((world.database.number(paused, &[]).await, events(world, "token.deactivated").await), (0, 3));
}

/// Why tokens are left as they are, as the table below the heading says after each hint.
fn left_out(page: &Page) -> Vec<String> {
    let reasons = page.texts("h2 + .board th .sub");
    reasons.into_iter().map(|text| text.split_once("… ").map_or(text.clone(), |(_, why)| why.to_owned())).collect()
}

async fn what_cannot_be_done_is_said_and_left_out(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let primary = newest_token(world, "Primary token").await;
    ada.must(&keys[0].id, "revoke").await;
    ada.must(&keys[1].id, "deactivate").await;
    let all = [primary.as_str(), &keys[0].id, &keys[1].id, &keys[2].id];
    let page = asked(&ada, "revoke", &all).await;
    assert_eq!(page.heading(), "Revoke 2 tokens");
    assert_eq!(left_out(&page), ["already revoked", "the primary token can only be deactivated"]);
    let page = asked(&ada, "deactivate", &all).await;
    assert_eq!(left_out(&page), ["revoked, which is final", "already off"]);
    let page = asked(&ada, "reactivate", &[&keys[0].id, &keys[2].id]).await;
    assert!(page.texts("main button").is_empty(), "nothing to confirm: {}", page.body);
    // A form that was kept back: what it names is judged again.
    let csrf = page_value(&ada).await;
    let fields: Vec<_> =
        [("csrf", csrf.as_str()), ("step", "revoke")].into_iter().chain(all.map(|id| ("token", id))).collect();
    assert_eq!(ada.post(PATH, &fields).await.status, 303);
    let revoked = "SELECT COUNT(*) FROM tokens WHERE revoked_at IS NOT NULL";
    assert_eq!((world.database.number(revoked, &[]).await, events(world, "token.revoked").await), (3, 3));
}

async fn another_accounts_tokens_are_left_alone(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let bos = world.bo().await.key(world, "Of Bo").await;
    let nothing = "/settings/tokens";
    for query in [format!("step=revoke&token={}", bos.id), "step=revoke".to_owned(), "step=revoke&token=1".to_owned()] {
        assert_eq!(ada.get(&format!("{PATH}?{query}")).await.location(), nothing, "{query}");
    }
    let csrf = page_value(&ada).await;
    for step in ["deactivate", "revoke"] {
        let fields = [("csrf", csrf.as_str()), ("step", step), ("token", &bos.id), ("token", &keys[0].id)];
        assert_eq!(ada.post(PATH, &fields).await.status, 303, "{step}");
    }
    assert_eq!((world.refusal(&bos.secret).await, world.refusal(&keys[0].secret).await), (None, Some(Reason::Revoked)));
    for query in ["", "step=delete&token=1", "step=revoke&colour=red", "step=revoke&step=revoke"] {
        assert_eq!(ada.get(&format!("{PATH}?{query}")).await.status, 404, "{query}");
    }
    must(&ada, "freeze").await;
    assert_eq!(world.refusal(&bos.secret).await, None);
}

async fn a_step_leads_back_to_where_it_began(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let list = ada.get("/settings/tokens?sort=name&state=active&q=o").await;
    let from = list.attributes("form input[name=from]", "value").remove(0);
    assert_eq!(from, "state=active&sort=name&q=o");
    let path = format!("{PATH}?step=deactivate&token={}&from={}", keys[0].id, from.replace('&', "%26"));
    let page = ada.get(&path).await;
    assert_eq!(page.attributes("a.trail", "href"), ["/settings/tokens?state=active&sort=name&q=o"]);
    let page = ada.submit(page.form(PATH)).await;
    assert_eq!(page.location(), "/settings/tokens?state=active&sort=name&q=o");
    let page = ada.get(&format!("{PATH}?step=deactivate&token={}&from=//evil.example/", keys[1].id)).await;
    assert_eq!(page.attributes("a.trail", "href"), ["/settings/tokens"], "only our own list is gone back to");
}

async fn a_freeze_switches_off_every_live_token_and_its_undo_exactly_those(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let primary = newest_token(world, "Primary token").await;
    ada.must(&keys[1].id, "deactivate").await;
    let page = ada.get("/settings/tokens/freeze").await;
    assert!(page.texts("main .steps").concat().contains("2 tokens are active"), "{}", page.body);
    must(&ada, "freeze").await;
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated); 3]);
    let alerts = ada.get("/settings/tokens").await.texts(".alerts li");
    assert!(alerts[0].starts_with("Frozen since"), "{alerts:?}");
    assert_eq!(
        world
            .database
            .text("SELECT COALESCE(CAST(deactivated_at AS TEXT), 'on') FROM tokens WHERE id = $1", &[&primary])
            .await,
        "on"
    );
    let page = ada.get("/settings/tokens/freeze").await;
    assert_eq!(page.texts("main .button"), ["Undo the freeze", "Back to Access tokens"], "there is nothing left to do");
    let again = ada.post("/settings/tokens/freeze", &[("csrf", page_value(&ada).await.as_str())]).await;
    assert_eq!(again.status, 303, "{}", again.body);
    let fresh = ada.key(world, "Made meanwhile").await;
    assert_eq!(world.refusal(&fresh.secret).await, None);
    ada.must(&keys[2].id, "revoke").await;
    must(&ada, "unfreeze").await;
    assert_eq!(refusals(world, &keys).await, [None, Some(Reason::Deactivated), Some(Reason::Revoked)]);
    assert!(ada.get("/settings/tokens").await.texts(".alerts").is_empty());
    assert_eq!((events(world, "token.deactivated").await, events(world, "token.reactivated").await), (3, 1));
    assert_eq!(ada.get("/settings/tokens/unfreeze").await.texts("main button").len(), 0);
}

async fn a_freeze_ends_what_would_come_back_by_itself(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let back_in = async |key: &Key, seconds: i64| {
        ada.must(&key.id, "deactivate").await;
        let sql = "UPDATE tokens SET reactivate_at = CAST($2 AS BIGINT) WHERE id = $1";
        world.database.execute(sql, &[&key.id, &(world.now().timestamp() + seconds).to_string()]).await;
    };
    back_in(&keys[0], 60).await;
    back_in(&keys[1], 600).await;
    world.pass(Duration::seconds(60));
    assert_eq!(refusals(world, &keys).await, [None, Some(Reason::Deactivated), None]);
    must(&ada, "freeze").await;
    world.pass(Duration::hours(1));
    let ada = world.sign_in("ada").await;
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated); 3]);
    must(&ada, "unfreeze").await;
    assert_eq!(refusals(world, &keys).await, [None, Some(Reason::Deactivated), None]);
}

async fn a_token_reactivated_during_a_freeze_stays_out_of_its_undo(world: &World) {
    let (ada, keys) = three_keys(world).await;
    must(&ada, "freeze").await;
    ada.must(&keys[0].id, "reactivate").await;
    assert_eq!(done(&ada, "reactivate", &[&keys[1].id]).await.status, 303);
    ada.must(&keys[0].id, "deactivate").await;
    ada.must(&keys[1].id, "deactivate").await;
    must(&ada, "unfreeze").await;
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated), Some(Reason::Deactivated), None]);
}

async fn a_freeze_keeps_the_warnings_right(world: &World) {
    let (ada, keys) = three_keys(world).await;
    let notices = "SELECT COALESCE(cancelled_because, 'owed') || ' ' || due_at || ' ' || occasion FROM notices WHERE subject = $1 AND kind = 'warning'";
    let before = world.database.text(notices, &[&keys[0].id]).await;
    must(&ada, "freeze").await;
    let cancelled = world.database.text(notices, &[&keys[0].id]).await;
    assert_eq!(cancelled, before.replace("owed", "the token is deactivated"));
    // An end that was moved meanwhile has its own warning afterwards, as the form would have made it.
    let date = |form: crate::support::page::Form| form.set("expires", "date").set("expires_on", "2027-04-01");
    assert_eq!(ada.act(&keys[1].id, "edit", date).await.status, 303);
    must(&ada, "unfreeze").await;
    assert_eq!(world.database.text(notices, &[&keys[0].id]).await, before);
    let mail_content = "SELECT due_at || ' ' || occasion FROM notices WHERE subject = $1 AND kind = 'warning' AND cancelled_at IS NULL";
    let after_undo = world.database.text(mail_content, &[&keys[1].id]).await;
    ada.must(&keys[1].id, "deactivate").await;
    ada.must(&keys[1].id, "reactivate").await;
    assert_eq!(world.database.text(mail_content, &[&keys[1].id]).await, after_undo);
    let day = ada.key_for(world, "For a day", "1").await;
    must(&ada, "freeze").await;
    must(&ada, "unfreeze").await;
    assert!(world.database.texts(mail_content, &[&day.id]).await.is_empty(), "so short a life is not warned of");
}

async fn many_tokens_freeze_in_batches(world: &World) {
    let ada = world.ada().await;
    ada.key(world, "CI").await;
    let copies = "INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at, expires_at, version)
        SELECT '0190a000-0000-7000-8000-00000' || (1000000 + n.i), t.account, t.kind, t.name, t.name_key, t.note, t.permissions, t.patterns, t.feeds, t.hint, t.created_at, t.issued_at, t.expires_at, 1
        FROM tokens t, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700) SELECT i FROM n) n WHERE t.name = 'CI'";
    world.database.execute(copies, &[]).await;
    must(&ada, "freeze").await;
    let off =
        "SELECT COUNT(*) FROM tokens WHERE deactivated_at IS NOT NULL AND frozen_at = deactivated_at AND version = 2";
    assert_eq!((world.database.number(off, &[]).await, events(world, "token.deactivated").await), (701, 701));
    let page = ada.get("/settings/tokens/unfreeze").await;
    assert!(page.texts("main dd").contains(&"701 tokens".to_owned()), "{}", page.body);
    must(&ada, "unfreeze").await;
    let on = "SELECT COUNT(*) FROM tokens WHERE deactivated_at IS NULL AND frozen_at IS NULL AND version = 3";
    assert_eq!((world.database.number(on, &[]).await, events(world, "token.reactivated").await), (701, 701));
    let each =
        "SELECT COUNT(*) FROM (SELECT token FROM events WHERE verb = 'token.reactivated' GROUP BY token) each_token";
    assert_eq!(world.database.number(each, &[]).await, 701, "one for each");
}

async fn undoing_a_freeze_asks_for_the_password_after_a_while(world: &World) {
    let (ada, keys) = three_keys(world).await;
    world.pass(Duration::minutes(16));
    must(&ada, "freeze").await;
    let path = "/settings/tokens/unfreeze";
    let page = ada.fill(path, |form| form).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Confirm it is you"));
    assert_eq!(refusals(world, &keys).await, [Some(Reason::Deactivated); 3]);
    assert_eq!(ada.submit(proven(page.form(path), "ada")).await.status, 303);
    assert_eq!(refusals(world, &keys).await, [None; 3]);
}
