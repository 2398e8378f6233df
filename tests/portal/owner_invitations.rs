//! Becoming an owner of a package or feed: by saying yes, and by nothing else; and what can be found out on the way.

use chrono::Duration;
use latchkey::tokens::decision::Role;
use reqwest::Method;

use super::members::accepts;
use crate::support::{
    letter::Letter,
    page::{Form, Page},
    person::Browser,
    snapshot::mail_is,
    world::{World, on_both_engines},
};

on_both_engines! {
    an_invitation_is_accepted_by_whom_it_names_once_by_a_press,
    an_invitation_lasts_seven_days,
    the_right_to_invite_is_judged_again,
    an_owner_of_a_package_uploads_to_its_feed,
    an_invitation_is_declined_or_withdrawn,
    whoever_is_invited_is_told_by_mail,
    an_owner_invites_themselves_at_once,
    usernames_cannot_be_tried_out,
}

const MEMBERS: &str = "/feeds/team/members";
const HERE: &str = "/settings/invitations";

async fn team(world: &World) -> (Browser, Browser) {
    let people = (world.ada().await, world.bo().await);
    world.add_feed("team", "ada", false).await;
    people
}

async fn invites(browser: &Browser, username: &str) -> Page {
    browser.fill(MEMBERS, |form| form.set("username", username).set("role", "owner")).await
}

async fn owners(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM members WHERE role = 'owner'", &[]).await
}

/// The form that answers somebody's only invitation.
async fn form(browser: &Browser, answer: &str) -> Form {
    let page = browser.get(HERE).await;
    let actions = page.attributes(&format!(".invitations form[action$='/{answer}']"), "action");
    page.form(actions.first().unwrap_or_else(|| panic!("no invitation in {}", page.body)))
}

async fn an_invitation_is_accepted_by_whom_it_names_once_by_a_press(world: &World) {
    let (ada, bo) = team(world).await;
    let cy = world.sign_up("cy").await;
    assert_eq!(invites(&ada, "bo").await.status, 303);
    assert_eq!((owners(world).await, bo.get("/feeds/team").await.status), (1, 404), "nothing has changed yet");
    let accept = form(&bo, "accept").await;
    assert!(!cy.get(HERE).await.body.contains("team"));
    let value = cy.get(HERE).await.form_value();
    let stolen = Form { fields: vec![("csrf".to_owned(), value)], ..accept.clone() };
    assert_eq!(cy.submit(stolen).await.status, 404, "it names somebody else");
    assert!([404, 405].contains(&bo.send(bo.request(Method::GET, &accept.action)).await.status));
    assert_eq!(owners(world).await, 1);
    let both = futures_util::join!(bo.submit(accept.clone()), bo.submit(accept));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!((statuses, owners(world).await), ([303, 404], 2), "once");
    let accepted = if both.0.status == 303 { both.0 } else { both.1 };
    assert_eq!(accepted.location(), "/feeds/team", "it leads to what they own");
    let events = world.database.events_of("bo").await;
    assert_eq!(events[events.len() - 2..], ["owner invited", "member changed"]);
}

async fn an_invitation_lasts_seven_days(world: &World) {
    let (ada, bo) = team(world).await;
    invites(&ada, "bo").await;
    world.pass(Duration::days(7) - Duration::minutes(1));
    let bo = {
        drop(bo);
        world.sign_in("bo").await
    };
    let accept = form(&bo, "accept").await;
    world.pass(Duration::minutes(2));
    assert_eq!((bo.submit(accept).await.status, owners(world).await), (404, 1));
    assert!(bo.get(HERE).await.body.contains("No invitations"));
}

async fn the_right_to_invite_is_judged_again(world: &World) {
    let (ada, bo) = team(world).await;
    let cy = world.sign_up("cy").await;
    world.set_role("team", "cy", Some(Role::Owner)).await;
    for lost in ["demoted", "disabled"] {
        invites(&cy, "bo").await;
        match lost {
            "demoted" => world.set_role("team", "cy", Some(Role::Writer)).await,
            _ => world.set_disabled("cy", true).await,
        }
        let before = owners(world).await;
        let page = bo.submit(form(&bo, "accept").await).await;
        assert_eq!((page.status, owners(world).await), (409, before), "{lost}: {}", page.body);
        assert!(page.problems().concat().contains("cy may not make anybody an owner any more"), "{}", page.body);
        assert!(bo.get(HERE).await.body.contains("No invitations"), "it is over");
        world.set_role("team", "cy", Some(Role::Owner)).await;
    }
    invites(&ada, "bo").await;
    assert_eq!(accepts(&bo).await.status, 303);
}

async fn an_owner_of_a_package_uploads_to_its_feed(world: &World) {
    let (ada, bo) = (world.publisher("ada").await, world.bo().await);
    world.add_feed("team", "ada", false).await;
    ada.pushes("team", "Contoso.Core", "1.0.0").await;
    world.set_role("team", "bo", Some(Role::Writer)).await;
    let path = "/feeds/team/packages/nuget/Contoso.Core/-/owners";
    assert_eq!(ada.browser.fill(path, |form| form.set("username", "bo")).await.status, 303);
    world.set_role("team", "bo", Some(Role::Reader)).await;
    let page = bo.submit(form(&bo, "accept").await).await;
    assert_eq!(page.status, 409, "{}", page.body);
    assert!(page.problems().concat().contains("you may not upload to team"), "{}", page.body);
    world.set_role("team", "bo", Some(Role::Writer)).await;
    assert_eq!(accepts(&bo).await.status, 303, "the invitation was kept");
    assert_eq!(bo.get(path).await.status, 200);
}

async fn an_invitation_is_declined_or_withdrawn(world: &World) {
    let (ada, bo) = team(world).await;
    invites(&ada, "bo").await;
    assert_eq!(bo.submit(form(&bo, "decline").await).await.status, 303);
    assert!(bo.get(HERE).await.body.contains("No invitations"));
    invites(&ada, "bo").await;
    let accept = form(&bo, "accept").await;
    let page = ada.get(MEMBERS).await;
    let withdraw = page.attributes("form[action*='/invitations/']", "action");
    assert_eq!(withdraw.len(), 1, "{}", page.body);
    assert_eq!(ada.submit(page.form(&withdraw[0])).await.status, 303);
    assert_eq!((bo.submit(accept).await.status, owners(world).await), (404, 1));
    let events = world.database.events_of("bo").await;
    let about: Vec<_> = events.iter().filter(|event| event.starts_with("owner")).collect();
    assert_eq!(about, ["owner invited", "owner invitation declined", "owner invited", "owner invitation withdrawn"]);
}

async fn whoever_is_invited_is_told_by_mail(world: &World) {
    let (ada, _) = team(world).await;
    invites(&ada, "bo").await;
    let mut mails = world.mails().await;
    mails.sort_by_key(Letter::outline);
    assert_eq!(mails.len(), 2);
    mail_is("owner_invited_told_to_the_one_who_did", &mails[0]);
    mail_is("owner_invited", &mails[1]);
}

async fn an_owner_invites_themselves_at_once(world: &World) {
    let ada = crate::portal::operator::operator(world, "ada").await;
    let page = ada.fill("/feeds/main/members", |form| form.set("username", "ada").set("role", "owner")).await;
    assert_eq!((page.status, owners(world).await), (303, 1), "{}", page.body);
}

async fn usernames_cannot_be_tried_out(world: &World) {
    let (ada, bo) = team(world).await;
    world.add_feed("other", "bo", false).await;
    let tries = async |username: &str| ada.fill(MEMBERS, |form| form.set("username", username).set("role", "")).await;
    for number in 0..20 {
        assert_eq!(tries(&format!("nobody{number}")).await.status, 422, "{number}");
    }
    for username in ["nobody", "bo"] {
        let page = tries(username).await;
        assert_eq!((page.status, page.header("retry-after").is_empty()), (429, false), "{username}");
        assert_eq!(page.form(MEMBERS).value("username"), username, "what was typed stays");
    }
    let page = bo.fill("/feeds/other/members", |form| form.set("username", "nobody")).await;
    assert_eq!(page.status, 422, "others have a share of their own");
    world.pass(Duration::minutes(10));
    for _ in 0..3 {
        let page = ada.fill(MEMBERS, |form| form.set("username", "bo").set("role", "reader")).await;
        assert_eq!(page.status, 303, "a name that is right takes nothing: {}", page.body);
    }
}
