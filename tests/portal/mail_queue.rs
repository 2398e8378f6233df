//! Mails that are not sent: what operators see of them, and what they may do. And what owners see on their list.

use chrono::Duration;
use latchkey::jobs::run_expiry_warnings;

use super::operator::operator;
use crate::support::{
    post_office::Mood,
    world::{World, on_both_engines},
};

on_both_engines! {
    operators_see_what_is_not_sent_and_try_it_again,
    a_dropped_warning_never_comes_back,
    an_owner_sees_that_mails_do_not_arrive_until_one_does,
    a_banner_of_an_expired_token_is_put_away_until_it_expires_again,
}

async fn tick(world: &World) -> String {
    run_expiry_warnings(&world.app(), false, world.now()).await.unwrap().to_string()
}

async fn operators_see_what_is_not_sent_and_try_it_again(world: &World) {
    operator(world, "ada").await;
    world.restart_with_mail_server().await;
    world.vouch_for_everybody().await;
    let ada = world.sign_in("ada").await;
    world.mails().await;
    ada.key(world, "CI").await;
    world.post_office_is(Mood::RefusingRecipients("550 5.1.1 no such user"));
    world.mails().await;
    ada.key(world, "Laptop").await;
    world.post_office_is(Mood::RefusingRecipients("451 4.3.0 try later"));
    world.mails().await;
    let health = ada.get("/operator").await.texts(".table td").concat();
    assert!(!health.contains("Held up"), "one mail that is put off holds up no other: {health}");
    let rows = async |query: &str| ada.get(&format!("/operator/mail{query}")).await.texts(".table tbody tr");
    let all = rows("").await;
    assert_eq!((all.len(), rows("?only=waiting").await.len()), (2, 0));
    let retrying = rows("?only=retrying").await.concat();
    assert!(retrying.contains("ada@example.com") && retrying.contains("recipient: 451 4.3.0 try later"), "{all:?}");
    assert_eq!(rows("?only=failed").await.len(), 1);
    let page = ada.get("/operator/mail?only=failed").await;
    let retry = page.attributes(".acts a", "href").remove(0);
    let retry = &retry[retry.find("/operator").unwrap()..];
    assert!(ada.get(retry).await.body.contains("550 5.1.1 no such user"));
    world.post_office_is(Mood::Accepting);
    let done = ada.fill(retry, |form| form).await;
    assert_eq!((done.status, done.location()), (303, "/operator/mail"));
    assert_eq!(world.mails().await.len(), 1, "what was refused goes out, and the other waits for its time");
    assert_eq!(ada.get(retry).await.status, 404);
    assert!(world.database.events_of("ada").await.contains(&"mail tried again".to_owned()));
    for bad in ["/operator/mail/x/retry", "/operator/mail?before=x'&only=%00"] {
        assert!([200, 404].contains(&ada.get(bad).await.status), "{bad}");
    }
}

async fn a_dropped_warning_never_comes_back(world: &World) {
    operator(world, "ada").await;
    world.restart_with_mail_server().await;
    world.vouch_for_everybody().await;
    let ada = world.sign_in("ada").await;
    let key = ada.key_for(world, "CI", "30").await;
    world.mails().await;
    world.pass(Duration::days(20));
    world.post_office_is(Mood::HangingUpAtOnce);
    tick(world).await;
    let ada = world.sign_in("ada").await;
    let health = ada.get("/operator").await.texts(".table td").concat();
    assert!(health.contains("Held up") && health.contains("hung up"), "{health}");
    let about = ada.get("/operator/mail").await.texts(".table th .sub").concat();
    assert!(about.contains(&format!("“CI” ({}…)", &key.secret[..7])), "{about}");
    let drop = ada.get("/operator/mail").await.attributes(".acts a.danger", "href");
    let drop = drop.iter().find(|path| path.contains("/drop")).unwrap();
    let before =
        world.database.number("SELECT COUNT(*) FROM mails WHERE letter = 'warnings' AND state = 'dropped'", &[]).await;
    assert_eq!(before, 0);
    for path in ada.get("/operator/mail").await.attributes(".acts a.danger", "href") {
        assert_eq!(ada.fill(&path[path.find("/operator").unwrap()..], |form| form).await.status, 303);
    }
    assert_eq!(ada.get(&drop[drop.find("/operator").unwrap()..]).await.status, 404);
    world.post_office_is(Mood::Accepting);
    ada.act(&key.id, "edit", |form| form.set("name", "Build")).await;
    ada.must(&key.id, "deactivate").await;
    ada.must(&key.id, "reactivate").await;
    world.pass(Duration::hours(2));
    assert!(!tick(world).await.contains("Build"));
    assert!(world.database.events_of("ada").await.contains(&"mail dropped".to_owned()));
}

async fn an_owner_sees_that_mails_do_not_arrive_until_one_does(world: &World) {
    world.sign_up("ada").await;
    world.restart_with_mail_server().await;
    world.vouch_for_everybody().await;
    let ada = world.sign_in("ada").await;
    ada.key_for(world, "CI", "30").await;
    world.mails().await;
    world.pass(Duration::days(20));
    world.post_office_is(Mood::RefusingRecipients("550 5.1.1 <b>no such user</b>"));
    tick(world).await;
    let ada = world.sign_in("ada").await;
    let leads = ada.get("/settings/tokens").await.attributes(".alerts a", "href");
    assert!(leads.contains(&"/settings/profile#undelivered".to_owned()), "{leads:?}");
    let said = ada.get("/settings/profile").await.texts("#undelivered").concat();
    assert!(said.contains("ada@example.com") && said.contains("550 5.1.1 <b>no such user</b>"), "{said}");
    world.post_office_is(Mood::Accepting);
    world.pass(Duration::days(10));
    tick(world).await;
    let ada = world.sign_in("ada").await;
    assert!(ada.get("/settings/profile").await.texts("#undelivered").is_empty());
}

async fn a_banner_of_an_expired_token_is_put_away_until_it_expires_again(world: &World) {
    let ada = world.ada().await;
    let mut keys = Vec::new();
    for name in ["CI", "Laptop", "Docs"] {
        keys.push(ada.key_for(world, name, "30").await);
    }
    world.pass(Duration::days(31));
    let ada = world.sign_in("ada").await;
    let counted = async || ada.get("/settings/tokens").await.texts(".alerts li").concat();
    assert_eq!(counted().await, "3 expired Review");
    let page = ada.get("/settings/tokens").await;
    let path = format!("/settings/tokens/{}/dismiss", keys[0].id);
    assert!(page.attributes("button[form=dismiss]", "formaction").contains(&path), "{}", page.body);
    let form = crate::support::page::Form { action: path, ..page.form("/settings/tokens/dismiss") };
    let done = ada.submit(form).await;
    assert_eq!((done.status, done.location()), (303, "/settings/tokens"));
    assert_eq!(counted().await, "2 expired Review");
    let bo = world.bo().await;
    let foreign = format!("/settings/tokens/{}/dismiss", keys[1].id);
    let value = bo.get("/settings/tokens").await.form_value();
    assert_eq!(bo.post(&foreign, &[("csrf", value.as_str())]).await.status, 404);
    let form = ada.get("/settings/tokens").await.form("/settings/tokens/dismiss");
    assert_eq!(ada.submit(form).await.status, 303);
    assert_eq!(counted().await, "");
    assert_eq!(ada.refresh(&keys[0].id, "restart").await.status, 200);
    world.pass(Duration::days(31));
    let ada = world.sign_in("ada").await;
    let alerts = ada.get("/settings/tokens").await.texts(".alerts li");
    assert_eq!(alerts, ["1 expired Review"], "a later end has its own alert");
    world.pass(Duration::days(31));
    let ada = world.sign_in("ada").await;
    assert!(ada.get("/settings/tokens").await.texts(".alerts li").is_empty(), "after 30 days it goes by itself");
}
