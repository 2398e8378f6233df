//! What happened in an account its owner is told by mail, whoever did it: in the transaction of the event, once.

use chrono::Duration;
use latchkey::{
    audit::Actor,
    store::Made,
    tokens::{TokenId, decision::Reason},
};

use super::{
    commands::told,
    operator::{id_of, operator},
};
use crate::support::{
    letter::Letter,
    snapshot::mail_is,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    a_sign_in_from_a_new_device_is_told_and_one_from_a_known_device_is_not,
    the_very_first_sign_in_is_no_news,
    what_lets_a_key_work_or_ends_it_is_told,
    an_edit_is_told_only_if_packages_are_added,
    all_that_happened_between_two_ticks_is_in_one_mail,
    what_is_gravest_is_the_subject,
    what_an_operator_did_names_them_and_asks_for_no_new_password,
    what_another_worker_has_bound_is_told_once,
    no_name_steers_a_mail,
    what_gives_access_is_told_to_whoever_gave_it,
    a_mail_tells_what_was_true_then_whatever_became_of_it,
    whatever_ends_a_live_key_is_told,
    somebody_whose_account_is_deleted_is_told,
    a_step_on_many_tokens_crowds_nothing_out,
    a_first_key_replaces_none,
    the_note_of_a_token_is_told,
    what_ends_nothing_is_not_told,
}

fn subjects(mails: &[Letter]) -> Vec<String> {
    mails.iter().map(|mail| mail.header("Subject").replace("[Latchkey] ", "")).collect()
}

async fn a_sign_in_from_a_new_device_is_told_and_one_from_a_known_device_is_not(world: &World) {
    let ada = world.ada().await;
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    assert_eq!(ada.sign_in("ada", &password_of("ada")).await.status, 303, "it signed up on this device");
    assert!(world.mails().await.is_empty());
    let thief = world.browser().from("198.51.100.9");
    assert_eq!(thief.sign_in("ada", "wrong").await.status, 422);
    assert!(world.mails().await.is_empty(), "nobody is in yet");
    thief.sign_in("ada", &password_of("ada")).await;
    let mail = world.mail().await;
    mail_is("new_device", &mail);
    thief.submit(thief.get("/settings/tokens").await.form("/sign-out")).await;
    thief.sign_in("ada", &password_of("ada")).await;
    assert!(world.mails().await.is_empty(), "told once");
}

async fn the_very_first_sign_in_is_no_news(world: &World) {
    let add = ["account", "add", "--username", "cy", "--email", "cy@example.com"];
    told(world, &add, "seven quiet lanterns drift");
    assert_eq!(world.browser().sign_in("cy", "seven quiet lanterns drift").await.status, 303);
    assert!(world.mails().await.is_empty());
    world.browser().from("198.51.100.9").sign_in("cy", "seven quiet lanterns drift").await;
    assert!(world.mail().await.header("Subject").ends_with("Somebody signed in from a new device"));
}

async fn what_lets_a_key_work_or_ends_it_is_told(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let hint = &key.secret[..7];
    let mail = world.mail().await;
    assert!(mail.header("Subject").contains(hint));
    mail_is("token_created", &mail);
    assert!(!mail.text.contains(&key.secret) && !mail.html.contains(&key.secret));
    let refreshed = ada.refresh(&key.id, "restart").await.secret().unwrap();
    let hint = &refreshed[..7];
    assert_eq!(subjects(&world.mails().await), [format!("The access token “CI” ({hint}…) has a new key")]);
    ada.must(&key.id, "deactivate").await;
    assert!(world.mails().await.is_empty(), "nothing was let in");
    ada.must(&key.id, "reactivate").await;
    assert_eq!(subjects(&world.mails().await), [format!("The access token “CI” ({hint}…) is on again")]);
    ada.must(&key.id, "revoke").await;
    assert_eq!(subjects(&world.mails().await), [format!("The access token “CI” ({hint}…) was revoked")]);
    assert_eq!(ada.refresh(&key.id, "restart").await.status, 409);
    assert!(world.mails().await.is_empty(), "what failed is not told");
}

async fn an_edit_is_told_only_if_packages_are_added(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    world.mails().await;
    ada.act(&key.id, "edit", |form| form.set("name", "Build")).await;
    assert!(world.mails().await.is_empty());
    ada.act(&key.id, "edit", |form| form.set("patterns", "Contoso.*\nFabrikam.*")).await;
    let subject = world.mail().await.header("Subject");
    assert!(subject.contains("Packages were added to"), "{subject}");
    ada.act(&key.id, "edit", |form| form.set("patterns", "Fabrikam.*")).await;
    assert!(world.mails().await.is_empty());
    ada.act(&key.id, "edit", |form| form.set("patterns", "Fabrikam.*\nFabrikam.Core.*")).await;
    assert!(world.mails().await.is_empty(), "what is covered already adds nothing");
    let edited = "SELECT COUNT(*) FROM events WHERE verb = 'token.edited'";
    let before = world.database.number(edited, &[]).await;
    ada.act(&key.id, "edit", |form| form.set("patterns", "fabrikam.core.*\nFABRIKAM.*\nFabrikam.*")).await;
    assert_eq!(world.database.number(edited, &[]).await, before, "order and case change nothing");
}

async fn all_that_happened_between_two_ticks_is_in_one_mail(world: &World) {
    let ada = world.ada().await;
    for number in 0..22 {
        assert_eq!(ada.create(&format!("Key {number}"), |form| form).await.status, 200);
        world.pass(Duration::seconds(1));
    }
    let bo = world.bo().await;
    bo.key(world, "Bo's").await;
    let mails = world.mails().await;
    let to_ada = mails.iter().find(|mail| mail.header("To") == "ada@example.com").unwrap();
    assert_eq!((mails.len(), to_ada.header("Subject").as_str()), (2, "[Latchkey] 22 things happened in your account"));
    for number in 0..22 {
        assert!(to_ada.text.contains(&format!("“Key {number}”")), "each is told: {}", to_ada.text);
    }
    assert!(!to_ada.text.contains("Bo's"));
    assert!(world.mails().await.is_empty());
}

async fn what_is_gravest_is_the_subject(world: &World) {
    let ada = world.ada().await;
    ada.key(world, "CI").await;
    ada.key(world, "Laptop").await;
    let form = ada.get("/settings/password").await.form("/settings/password");
    let form = form.set("current", &password_of("ada")).set("new", "copper lantern drifts past noon");
    assert_eq!(ada.submit(form).await.status, 303);
    assert_eq!(subjects(&world.mails().await), ["Your password was changed, and 2 more things"]);
}

async fn what_an_operator_did_names_them_and_asks_for_no_new_password(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let (by_page, by_command) = (bo.key(world, "CI").await, bo.key(world, "Old CI").await);
    world.mails().await;
    assert_eq!(ada.fill(&format!("/operator/tokens/{}/revoke", by_page.id), |form| form).await.status, 303);
    mail_is("revoked_by_operator", &world.mail().await);
    let (app, by) = (world.app(), Actor::host("latchkey token revoke"));
    let token = app.store.token(TokenId::parse(&by_command.id).unwrap()).await.unwrap().unwrap();
    app.store.revoke_token(&token, Made::Too, &by, world.now()).await.unwrap();
    world.pass(Duration::minutes(1));
    bo.key(world, "Mine").await;
    mail_is("revoked_by_command", &world.mail().await);
}

async fn what_another_worker_has_bound_is_told_once(world: &World) {
    let ada = world.ada().await;
    ada.key(world, "CI").await;
    let app = world.app();
    let one = latchkey::jobs::send_mails(&app, world.now());
    let two = latchkey::jobs::send_mails(&app, world.now());
    let (one, two) = futures_util::join!(one, two);
    one.unwrap();
    two.unwrap();
    world.pass(Duration::minutes(1));
    assert_eq!(world.mails().await.len(), 1);
    assert_eq!(world.database.number("SELECT COUNT(*) FROM mails", &[]).await, 1);
}

async fn no_name_steers_a_mail(world: &World) {
    let ada = world.ada().await;
    let name = "=?utf-8?q?x?= <b>“Bcc: eve@example.com”</b> https://evil.example";
    assert_eq!(ada.create(name, |form| form).await.status, 200);
    let mail = world.mail().await;
    assert_eq!(mail.header("To"), "ada@example.com");
    assert!(mail.headers.iter().all(|(header, _)| header != "Bcc"));
    assert!(!mail.html.contains("<b>") && !mail.html.contains("href=\"https://evil"), "{}", mail.html);
}

async fn a_mail_tells_what_was_true_then_whatever_became_of_it(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    ada.act(&key.id, "edit", |form| form.set("name", "Build").set("patterns", "Contoso.*\nFabrikam.*")).await;
    ada.must(&key.id, "delete").await;
    let mail = world.mail().await;
    let hint = &key.secret[..7];
    for said in [
        format!("A new access token: “CI” ({hint}…)"),
        format!("Packages were added to the access token “Build” ({hint}…)"),
        format!("The access token “Build” ({hint}…) was deleted"),
    ] {
        assert!(mail.text.contains(&said), "{said}: {}", mail.text);
    }
    let facts = |label: &str| mail.text.lines().filter(|line| line.trim_start().starts_with(label)).count();
    assert_eq!((facts("May  "), facts("Packages  "), facts("Expires  ")), (2, 2, 2), "{}", mail.text);
    let mut packages: Vec<_> =
        mail.text.lines().filter_map(|line| line.trim_start().strip_prefix("Packages  ")).collect();
    packages.sort_unstable();
    assert_eq!(packages, ["Contoso.*", "Contoso.*, Fabrikam.*"], "each as it was then");
    assert!(!mail.text.contains("/settings/tokens/"), "there is no page of it: {}", mail.text);
}

async fn whatever_ends_a_live_key_is_told(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let mut keys = Vec::new();
    for name in ["Revoked", "Deleted", "Off, deleted", "By page", "Switched off", "One of two", "Two of two"] {
        keys.push(bo.key(world, name).await.id);
    }
    bo.must(&keys[2], "deactivate").await;
    world.mails().await;
    let told = async |expected: &[&str]| {
        let mail = world.mail().await;
        assert_eq!(mail.header("To"), "bo@example.com");
        for said in expected {
            assert!(mail.text.contains(said), "{said}: {}", mail.text);
        }
    };
    bo.must(&keys[0], "revoke").await;
    told(&["“Revoked”", "was revoked"]).await;
    bo.must(&keys[1], "delete").await;
    told(&["“Deleted”", "was deleted", "refused for good"]).await;
    bo.must(&keys[2], "delete").await;
    told(&["“Off, deleted”", "was deleted"]).await;
    ada.fill(&format!("/operator/tokens/{}/revoke", keys[3]), |form| form).await;
    told(&["“By page”", "was revoked", "ada, an operator of this host"]).await;
    ada.fill(&format!("/operator/tokens/{}/deactivate", keys[4]), |form| form).await;
    told(&["“Switched off”", "was deactivated", "until you reactivate", "ada, an operator of this host"]).await;
    let both = format!("/settings/tokens/selected?step=revoke&token={}&token={}", keys[5], keys[6]);
    bo.fill(&both, |form| form).await;
    told(&["2 access tokens were revoked", "“One of two”", "“Two of two”"]).await;
    bo.key(world, "Last").await;
    world.mails().await;
    bo.fill("/settings/tokens/freeze", |form| form).await;
    told(&["All your access tokens were frozen"]).await;
    world.set_disabled("bo", true).await;
    told(&["Your account was disabled", "the host itself"]).await;
}

async fn somebody_whose_account_is_deleted_is_told(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    let key = bo.key(world, "CI").await;
    world.mails().await;
    let path = format!("/operator/accounts/{}/delete", id_of(world, "bo").await);
    assert_eq!(ada.fill(&path, |form| form.set("username", "bo")).await.status, 303);
    assert_eq!(world.refusal(&key.secret).await, Some(Reason::NotAToken));
    let mail = world.mail().await;
    assert_eq!(mail.outline(), ("bo@example.com".to_owned(), "[Latchkey] Your account was deleted".to_owned()));
    let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("Its access tokens are refused from now on"), "{text}");
    assert!(world.mails().await.is_empty(), "told once");
}

async fn a_step_on_many_tokens_crowds_nothing_out(world: &World) {
    let ada = world.ada().await;
    for number in 0..30 {
        assert_eq!(ada.create(&format!("Key {number}"), |form| form).await.status, 200);
    }
    let last = ada.key(world, "Last").await;
    world.mails().await;
    ada.fill("/settings/tokens/freeze", |form| form).await;
    ada.fill("/settings/tokens/unfreeze", |form| form).await;
    ada.must(&last.id, "revoke").await;
    ada.key(world, "New").await;
    let mail = world.mail().await;
    assert!(mail.outline().1.ends_with("4 things happened in your account"), "{}", mail.outline().1);
    for said in [
        "All your access tokens were frozen",
        "The freeze of your access tokens was undone",
        "The access token “Last”",
        "A new access token: “New”",
    ] {
        assert_eq!(mail.text.matches(said).count(), 1, "{said}: {}", mail.text);
    }
    assert!(!mail.text.contains("“Key 1”"), "{}", mail.text);
    let each = "SELECT COUNT(*) FROM events WHERE verb = 'token.reactivated'";
    assert_eq!(world.database.number(each, &[]).await, 31, "the record has a line for each");
}

async fn a_first_key_replaces_none(world: &World) {
    let ada = world.ada().await;
    let id = crate::support::person::newest_token(world, "Primary token").await;
    ada.refresh(&id, "restart").await;
    let mail = world.mail().await;
    assert!(mail.outline().1.ends_with("has its first key"), "{}", mail.outline().1);
    assert!(!mail.text.contains("old key"), "{}", mail.text);
    ada.refresh(&id, "restart").await;
    assert!(world.mail().await.text.contains("Its old key is refused."));
}

async fn the_note_of_a_token_is_told(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_with(world, "CI", |form| form.set("note", "Vault,\r\nfolder ci")).await;
    let mail = world.mail().await;
    assert!(
        mail.text.contains("Note      Vault, folder ci") && mail.html.contains("Vault, folder ci"),
        "{}",
        mail.text
    );
    ada.must(&key.id, "revoke").await;
    assert!(world.mail().await.text.contains("Note      Vault, folder ci"));
}

async fn what_ends_nothing_is_not_told(world: &World) {
    let ada = world.ada().await;
    let (ended, off) = (ada.key(world, "Ended").await, ada.key(world, "Off").await);
    ada.must(&ended.id, "revoke").await;
    world.mails().await;
    ada.must(&ended.id, "delete").await;
    ada.must(&off.id, "deactivate").await;
    assert!(world.mails().await.is_empty());
}

async fn what_gives_access_is_told_to_whoever_gave_it(world: &World) {
    let ada = operator(world, "ada").await;
    world.bo().await;
    world.add_feed("team", "ada", false).await;
    world.mails().await;
    for (path, typed, said) in [
        ("/settings/calendar", vec![], "A private calendar address was made"),
        ("/feeds/team/members", vec![("username", "bo"), ("role", "writer")], "bo is now writer in the feed team"),
        ("/feeds/team/access", vec![("readers", "public")], "The feed team is public now"),
    ] {
        let form = ada.get(path).await.form(path);
        let form = typed.iter().fold(form, |form, (name, value)| form.set(name, value));
        assert!(ada.submit(form).await.status < 400, "{path}");
        let mails = world.mails().await;
        let to_ada: Vec<_> = mails.iter().filter(|mail| mail.outline().0 == "ada@example.com").collect();
        assert_eq!(to_ada.len(), 1, "{path}");
        assert_eq!(to_ada[0].outline().1, format!("[Latchkey] {said}"));
        assert!(to_ada[0].text.contains("It was done from your account."), "{}", to_ada[0].text);
    }
}
