//! Refreshing, switching off and on, revoking and deleting; and the primary token, which knows only some of these.

use chrono::Duration;
use latchkey::{audit::EventKind, tokens::decision::Reason};

use crate::support::{
    person::{newest_token, proven},
    snapshot::page_is,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_refresh_ends_the_old_key_and_keeps_the_date,
    a_refresh_may_start_the_life_again,
    an_expired_token_must_start_again,
    a_refresh_sent_twice_changes_nothing_the_second_time,
    a_deactivated_token_is_refused_until_it_is_reactivated,
    refreshing_a_token_that_is_off_says_that_it_stays_off,
    a_revoked_token_is_refused_for_good,
    a_page_asks_only_about_what_can_be_done,
    what_is_said_of_a_reactivated_token_is_true_of_its_key,
    a_deleted_token_is_gone_and_its_record_stays,
    refreshing_and_reactivating_ask_for_the_password_after_a_while,
    the_primary_token_has_its_first_key_from_a_refresh,
    the_primary_token_cannot_be_revoked_or_deleted,
    the_primary_token_keeps_within_the_operators_maximum,
}

const END: &str = "SELECT expires_at FROM tokens WHERE id = $1";
const LIVE: &str = "SELECT COUNT(*) FROM token_secrets WHERE token = $1 AND ended_at IS NULL";

async fn a_refresh_ends_the_old_key_and_keeps_the_date(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let end = world.database.number(END, &[&key.id]).await;
    world.pass(Duration::minutes(10));
    let page = ada.refresh(&key.id, "keep").await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Token refreshed"));
    assert_eq!(page.header("cache-control"), "no-store");
    let new = page.secret().unwrap();
    assert_eq!((world.refusal(&key.secret).await, world.refusal(&new).await), (Some(Reason::Replaced), None));
    assert_eq!(world.database.number(END, &[&key.id]).await, end);
    assert_eq!(world.database.number(LIVE, &[&key.id]).await, 1);
    let hint = world.database.text("SELECT hint FROM tokens WHERE id = $1", &[&key.id]).await;
    assert_eq!(hint, new[..7]);
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created", "token refreshed"]);
}

async fn a_refresh_may_start_the_life_again(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    world.pass(Duration::minutes(10));
    assert_eq!(ada.refresh(&key.id, "restart").await.status, 200);
    assert_eq!(world.database.number(END, &[&key.id]).await, (world.now() + Duration::days(90)).timestamp());
    for lifetime in ["", "for ever", "keep\0"] {
        let page = ada.refresh(&key.id, lifetime).await;
        assert_eq!((page.status, page.problem("lifetime").is_empty()), (422, false), "{lifetime:?}");
    }
}

async fn an_expired_token_must_start_again(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_for(world, "CI", "1").await;
    world.pass(Duration::days(2));
    let ada = world.sign_in("ada").await;
    let page = ada.get(&format!("/settings/tokens/{}/refresh", key.id)).await;
    assert_eq!(page.attributes("input[name=lifetime]", "value"), ["restart"]);
    let page = ada.refresh(&key.id, "keep").await;
    assert_eq!((page.status, page.problem("lifetime").is_empty()), (422, false));
    let page = ada.refresh(&key.id, "restart").await;
    assert_eq!(world.refusal(&page.secret().unwrap()).await, None);
    assert_eq!(world.database.number(END, &[&key.id]).await, (world.now() + Duration::days(1)).timestamp());
}

async fn a_refresh_sent_twice_changes_nothing_the_second_time(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}/refresh", key.id);
    let form = ada.get(&path).await.form(&path).set("lifetime", "restart");
    let first = ada.submit(form.clone()).await.secret().unwrap();
    let second = ada.submit(form).await;
    assert_eq!((second.status, second.heading().as_str(), second.secret()), (200, "Already done", None));
    assert_eq!(world.refusal(&first).await, None);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM token_secrets WHERE token = $1", &[&key.id]).await, 2);
}

async fn a_deactivated_token_is_refused_until_it_is_reactivated(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let end = world.database.number(END, &[&key.id]).await;
    let page = ada.act(&key.id, "deactivate", |form| form).await;
    assert_eq!(page.location(), format!("/settings/tokens/{}", key.id));
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::Deactivated));
    ada.must(&key.id, "deactivate").await; // pressed twice, it is done once
    let shown = ada.get(page.location()).await;
    assert!(shown.texts(".page-acts a").iter().any(|act| act.starts_with("Reactivate")), "{}", shown.body);
    ada.must(&key.id, "reactivate").await;
    assert_eq!(world.refusal(&key.secret).await, None);
    assert_eq!(world.database.number(END, &[&key.id]).await, end);
    let events = world.database.events_of("ada").await;
    assert_eq!(events[1..], ["token created", "token deactivated", "token reactivated"]);
}

async fn refreshing_a_token_that_is_off_says_that_it_stays_off(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let warned = async |until: &str| {
        ada.act(&key.id, "deactivate", |form| form.set("until", until)).await;
        let asked = ada.get(&format!("/settings/tokens/{}/refresh", key.id)).await;
        let shown = ada.refresh(&key.id, "keep").await;
        assert_eq!(world.refusal(&shown.secret().unwrap()).await, Some(Reason::Deactivated));
        for page in [&asked, &shown] {
            let link = page.attributes(".banner.warn a", "href");
            assert_eq!(link, [format!("/settings/tokens/{}/reactivate", key.id)], "{until}");
        }
        shown.texts(".banner.warn strong").concat()
    };
    assert_eq!(warned("open").await, "This token is switched off, and a refresh leaves it off.");
    ada.must(&key.id, "reactivate").await;
    assert!(warned("1h").await.starts_with("This token is switched off until 1 Mar 2027, 10:00"));
    ada.must(&key.id, "reactivate").await;
    assert_eq!(ada.refresh(&key.id, "keep").await.texts(".banner.warn").len(), 0);
}

async fn a_revoked_token_is_refused_for_good(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada.act(&key.id, "revoke", |form| form).await;
    assert_eq!((page.status, page.location()), (303, format!("/settings/tokens/{}", key.id).as_str()));
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::Revoked));
    for verb in ["deactivate", "reactivate"] {
        assert_eq!(ada.act(&key.id, verb, |form| form).await.status, 409, "{verb}");
    }
    assert_eq!(ada.refresh(&key.id, "restart").await.status, 409);
    assert_eq!(ada.act(&key.id, "revoke", |form| form).await.status, 303, "revoked is what was wanted");
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::Revoked));
    let list = ada.get("/settings/tokens").await;
    assert_eq!(list.texts(&format!("#token-{} .badge", key.id)), ["Revoked"]);
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created", "token revoked"]);
}

async fn a_page_asks_only_about_what_can_be_done(world: &World) {
    let ada = world.ada().await;
    let primary = newest_token(world, "Primary token").await;
    let (live, off, paused) =
        (ada.key(world, "Live").await, ada.key(world, "Off").await, ada.key(world, "Paused").await);
    let (revoked, over) = (ada.key(world, "Revoked").await, ada.key_for(world, "Over", "1").await);
    let off_and_over = ada.key_for(world, "Off and over", "1").await;
    world.pass(Duration::minutes(1));
    ada.must(&off.id, "deactivate").await;
    ada.must(&off_and_over.id, "deactivate").await;
    ada.act(&paused.id, "deactivate", |form| form.set("until", "7d")).await;
    ada.must(&revoked.id, "revoke").await;
    world.pass(Duration::days(2));
    let ada = world.sign_in("ada").await;
    let verbs = ["edit", "refresh", "deactivate", "reactivate", "revoke", "delete"];
    for (id, can) in [
        (&live.id, &["edit", "refresh", "deactivate", "revoke", "delete"][..]),
        (&off.id, &["edit", "refresh", "reactivate", "revoke", "delete"]),
        (&paused.id, &["edit", "refresh", "deactivate", "reactivate", "revoke", "delete"]),
        (&over.id, &["edit", "refresh", "revoke", "delete"]),
        (&off_and_over.id, &["edit", "refresh", "reactivate", "revoke", "delete"]),
        (&revoked.id, &["delete"]),
        (&primary, &["edit", "refresh", "deactivate"]),
    ] {
        let page = ada.get(&format!("/settings/tokens/{id}")).await;
        let offered = page.attributes(".page-acts a", "href");
        for verb in verbs {
            let path = format!("/settings/tokens/{id}/{verb}");
            let page = ada.get(&path).await;
            let asks = !page.attributes(&format!("form[action='{path}']"), "action").is_empty();
            assert_eq!((page.status, asks), (200, can.contains(&verb)), "{path}: {}", page.texts("main").concat());
            // What is off for a while can be given another end; its page offers to switch it on.
            let is_aside = verb == "deactivate" && can.contains(&"reactivate");
            assert_eq!(offered.contains(&path), can.contains(&verb) && !is_aside, "{path} among {offered:?}");
        }
    }
    for (state, key) in
        [("active", &live), ("off", &off), ("paused", &paused), ("expired", &over), ("revoked", &revoked)]
    {
        page_is(&format!("token_that_is_{state}"), &ada.get(&format!("/settings/tokens/{}", key.id)).await);
    }
    let before = world.database.events_of("ada").await;
    for (id, verb) in [(&live.id, "reactivate"), (&over.id, "deactivate"), (&revoked.id, "edit")] {
        assert_eq!(ada.act(id, verb, |form| form).await.status, 409, "{verb}");
    }
    assert_eq!(world.database.events_of("ada").await, before, "nothing is recorded");
}

async fn what_is_said_of_a_reactivated_token_is_true_of_its_key(world: &World) {
    let ada = world.ada().await;
    let primary = newest_token(world, "Primary token").await;
    let (off, over) = (ada.key(world, "Off").await, ada.key_for(world, "Over", "1").await);
    for id in [&off.id, &over.id, &primary] {
        ada.must(id, "deactivate").await;
    }
    world.mails().await;
    world.pass(Duration::days(2));
    let ada = world.sign_in("ada").await;
    for (id, said) in [
        (&off.id, "Its key works again."),
        (&over.id, "its key stays refused until you refresh it"),
        (&primary, "It has no key yet"),
    ] {
        let asked = ada.act(id, "reactivate", |form| form).await;
        let notice = ada.get(asked.location()).await.texts("main [role=status]").concat();
        assert!(notice.contains(said), "{said}: {notice}");
    }
    let mail = world.mails().await.into_iter().map(|mail| mail.text).collect::<Vec<_>>().concat();
    assert_eq!(mail.matches("Its key works again.").count(), 1, "{mail}");
    assert!(
        mail.contains("Its time is over, so its key stays refused.") && mail.contains("It has no key yet."),
        "{mail}"
    );
}

async fn a_deleted_token_is_gone_and_its_record_stays(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let open_elsewhere = ada.get(&format!("/settings/tokens/{}/delete", key.id)).await;
    let page = ada.act(&key.id, "delete", |form| form).await;
    assert_eq!((page.status, page.location()), (303, "/settings/tokens"));
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::NotAToken));
    assert_eq!(ada.get(&format!("/settings/tokens/{}", key.id)).await.status, 404);
    let again = ada.submit(open_elsewhere.form(&format!("/settings/tokens/{}/delete", key.id))).await;
    assert_eq!(again.status, 404);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM token_secrets", &[]).await, 0);
    let told = world.database.details_of(EventKind::TokenDeleted).await;
    let names: Vec<_> = told.iter().filter_map(|one| Some(one.token()?.token.as_ref()?.name.as_str())).collect();
    assert_eq!(names, ["CI"]);
}

async fn refreshing_and_reactivating_ask_for_the_password_after_a_while(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    ada.must(&key.id, "deactivate").await;
    world.pass(Duration::minutes(16));
    let asked = ada.refresh(&key.id, "restart").await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    let form = asked.form(&format!("/settings/tokens/{}/refresh", key.id));
    assert_eq!(form.value("lifetime"), "restart", "the choice is kept");
    let asked = ada.act(&key.id, "reactivate", |form| form).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::Deactivated));
    let page = ada.submit(proven(asked.form(&format!("/settings/tokens/{}/reactivate", key.id)), "ada")).await;
    assert_eq!(page.status, 303);
    let changed = ada.submit(form).await;
    assert_eq!(changed.status, 409, "it was reactivated since the page was drawn");
    let form = changed.form(&format!("/settings/tokens/{}/refresh", key.id));
    assert_eq!(ada.submit(form).await.status, 200, "one proof is enough for both");
    world.pass(Duration::minutes(16));
    for verb in ["deactivate", "revoke", "delete"] {
        assert_ne!(ada.act(&key.id, verb, |form| form).await.status, 422, "ending a key never asks: {verb}");
    }
}

async fn the_primary_token_has_its_first_key_from_a_refresh(world: &World) {
    let ada = world.ada().await;
    let id = newest_token(world, "Primary token").await;
    world.pass(Duration::minutes(5));
    let page = ada.get(&format!("/settings/tokens/{id}/refresh")).await;
    assert_eq!(page.attributes("input[name=lifetime]", "value"), ["restart"]);
    let page = ada.refresh(&id, "restart").await;
    assert_eq!(world.refusal(&page.secret().unwrap()).await, None);
    assert_eq!(world.database.number(END, &[&id]).await, (world.now() + Duration::days(90)).timestamp());
    let row = "SELECT permissions || ' ' || patterns || ' ' || feeds FROM tokens WHERE id = $1";
    assert_eq!(world.database.text(row, &[&id]).await, "nuget:pull nuget:push * *");
    ada.must(&id, "deactivate").await;
    ada.must(&id, "reactivate").await;
    assert_eq!(ada.act(&id, "edit", |form| form.untick("permission", "nuget:push")).await.status, 303);
    assert_eq!(world.database.text(row, &[&id]).await, "nuget:pull * *");
}

async fn the_primary_token_cannot_be_revoked_or_deleted(world: &World) {
    let ada = world.ada().await;
    let id = newest_token(world, "Primary token").await;
    let key = ada.refresh(&id, "restart").await.secret().unwrap();
    let acts = ada.get(&format!("/settings/tokens/{id}")).await.texts(".page-acts a").concat();
    assert!(!acts.contains("Revoke") && !acts.contains("Delete"), "{acts}");
    for verb in ["revoke", "delete"] {
        let page = ada.act(&id, verb, |form| form).await;
        let said = page.texts("main .lede").concat();
        assert_eq!((page.status, said.contains("primary token cannot be")), (409, true), "{verb}: {said}");
    }
    assert_eq!(world.refusal(&key).await, None);
}

async fn the_primary_token_keeps_within_the_operators_maximum(world: &World) {
    world.restart_with(&[("max-token-days", "7")]).await;
    let ada = world.ada().await;
    let id = newest_token(world, "Primary token").await;
    assert_eq!(ada.refresh(&id, "restart").await.status, 200);
    assert_eq!(world.database.number(END, &[&id]).await, (world.now() + Duration::days(7)).timestamp());
}
