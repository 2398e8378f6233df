//! Members of feeds and owners of packages: who says so, what holds from then on, and what nobody else can find out.

use latchkey::tokens::decision::Role;
use reqwest::Method;

use super::packages::confirm;
use crate::support::{
    page::Page,
    person::{Browser, proven},
    world::{World, on_both_engines},
};

on_both_engines! {
    a_feed_that_cannot_be_read_is_like_none_for_every_address,
    members_are_added_changed_and_taken_out,
    a_feed_is_never_without_an_owner,
    opening_a_feed_asks_for_the_password_and_holds_at_once,
    an_owner_chooses_what_keys_get_for_packages_they_do_not_cover,
    a_package_has_an_owner_at_any_time,
    rights_in_the_browser_are_those_of_the_account,
    only_operators_create_feeds_and_set_everybodys_role,
}

/// Every address below a feed that a browser may send something to, and the fields it takes.
const SUBMITS: [(&str, &[(&str, &str)]); 7] = [
    ("/access", &[("readers", "public"), ("uncovered", "refuse")]),
    ("/members", &[("username", "bo"), ("role", "owner")]),
    ("/members/{account}", &[("role", "none")]),
    ("/packages/nuget/Contoso.Core/-/owners", &[("username", "bo")]),
    ("/packages/nuget/Contoso.Core/-/owners/{account}", &[]),
    ("/packages/nuget/Contoso.Core/-/1.0.0/unlist", &[]),
    ("/packages/nuget/Contoso.Core/-/1.0.0/remove", &[]),
];
const LOOKS: [&str; 4] = ["", "?q=contoso", "/packages/nuget/Contoso.Core", "/packages/nuget/Contoso.Core/-/1.0.0"];

/// Says yes to the only invitation there is.
pub async fn accepts(browser: &Browser) -> Page {
    let page = browser.get("/settings/invitations").await;
    let accept = page.attributes(".invitations form[action$='/accept']", "action");
    assert_eq!(accept.len(), 1, "{}", page.body);
    browser.submit(page.form(&accept[0])).await
}

async fn id_of(world: &World, username: &str) -> String {
    world.database.text("SELECT id FROM accounts WHERE username = $1", &[username]).await
}

/// The answer to a form that is sent although its page was never shown.
async fn sends(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let value = browser.get("/settings/password").await.form_value();
    let fields: Vec<_> = [("csrf", value.as_str())].into_iter().chain(fields.iter().copied()).collect();
    browser.post(path, &fields).await
}

async fn a_feed_that_cannot_be_read_is_like_none_for_every_address(world: &World) {
    let ada = world.publisher("ada").await;
    let bo = world.bo().await;
    world.add_feed("team", "ada", false).await;
    ada.pushes("team", "Contoso.Core", "1.0.0").await;
    let account = id_of(world, "ada").await;
    world.make_operator("bo").await;
    let before = world.database.contents().await;
    let at = |feed: &str, rest: &str| format!("/feeds/{feed}{}", rest.replace("{account}", &account));
    let alike = |there: &Page, none: &Page, path: &str| {
        assert_eq!((there.status, none.status), (404, 404), "{path}");
        assert_eq!(there.without_tags(), none.without_tags(), "{path}");
        assert_eq!(there.header_names(), none.header_names(), "{path}");
    };
    for rest in LOOKS.into_iter().chain(SUBMITS.map(|(rest, _)| rest)) {
        alike(&bo.get(&at("team", rest)).await, &bo.get(&at("none", rest)).await, rest);
    }
    for (rest, fields) in SUBMITS {
        alike(&sends(&bo, &at("team", rest), fields).await, &sends(&bo, &at("none", rest), fields).await, rest);
    }
    let stranger = world.browser();
    let own = stranger.get("/sign-in").await.form_value();
    for (rest, fields) in SUBMITS {
        let fields: Vec<_> = [("csrf", own.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let answers =
            [stranger.post(&at("team", rest), &fields).await, stranger.post(&at("none", rest), &fields).await];
        assert_eq!(
            answers.map(|page| (page.status, page.heading())),
            [(403, "Sign in".to_owned()), (403, "Sign in".to_owned())],
            "{rest}"
        );
    }
    assert_eq!(world.database.contents().await, before);
    for rest in LOOKS.into_iter().chain(SUBMITS.map(|(rest, _)| rest)).filter(|rest| !rest.ends_with("/remove")) {
        assert_eq!(ada.browser.get(&at("team", rest)).await.status, 200, "{rest}");
    }
    for bad in [
        "%00",
        "..%2f",
        "Team",
        "%ff",
        "a/packages/%00",
        "main/packages/nuget/No.Such",
        "main/packages/nuget/a/-/1.x",
        "main/members/x",
    ] {
        assert_eq!(ada.browser.get(&format!("/feeds/{bad}")).await.status, 404, "{bad}");
    }
}

async fn members_are_added_changed_and_taken_out(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    world.add_feed("team", "ada", false).await;
    let members = "/feeds/team/members";
    for (username, problem) in [
        ("", "Enter a username."),
        ("nobody", "No account with this username."),
        ("bo@example.com", "No account with this username."),
    ] {
        let page = ada.fill(members, |form| form.set("username", username).set("role", "writer")).await;
        assert_eq!((page.status, page.problem("username").as_str()), (422, problem));
        let form = page.form(members);
        assert_eq!((form.value("username"), form.value("role")), (username, "writer"), "what was typed stays");
    }
    assert_eq!(bo.get("/feeds/team").await.status, 404);
    let added = ada.fill(members, |form| form.set("username", "BO").set("role", "reader")).await;
    assert_eq!((added.status, added.location()), (303, "/feeds/team/members"));
    assert_eq!(bo.get("/feeds/team").await.texts(".badge"), ["Private", "You: reader"]);
    assert_eq!(bo.get(members).await.status, 404, "members are the owners' to see");

    let one = format!("{members}/{}", id_of(world, "bo").await);
    world.pass(chrono::Duration::minutes(16));
    let asked = ada.fill(&one, |form| form.set("role", "owner")).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    assert_eq!(ada.fill(&one, |form| proven(form.set("role", "owner"), "ada")).await.status, 303);
    assert_eq!(bo.get(members).await.status, 404, "nobody becomes an owner without saying yes");
    assert_eq!(accepts(&bo).await.status, 303);
    assert_eq!(bo.get(members).await.texts(".people td[data-label=Role]"), ["Owner", "Owner"]);
    assert_eq!(ada.fill(&one, |form| form.set("role", "king")).await.status, 422);
    assert_eq!(ada.fill(&one, |form| form.set("role", "none")).await.status, 303);
    assert_eq!((bo.get("/feeds/team").await.status, ada.get(&one).await.status), (404, 404));
    let events = world.database.events_of("bo").await;
    assert_eq!(events[events.len() - 3..], ["owner invited", "member changed", "member removed"]);
}

async fn a_feed_is_never_without_an_owner(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    world.add_feed("team", "ada", false).await;
    let own = format!("/feeds/team/members/{}", id_of(world, "ada").await);
    let his = format!("/feeds/team/members/{}", id_of(world, "bo").await);
    for role in ["none", "reader", "writer"] {
        let page = ada.fill(&own, |form| form.set("role", role)).await;
        let problem = "This is the only owner of the feed. Make somebody else an owner first.";
        assert_eq!((page.status, page.problem("role").as_str()), (422, problem), "{role}");
    }
    world.set_role("team", "bo", Some(Role::Owner)).await;
    // Both step down at the same moment: one of them stays.
    let (first, second) = (ada.get(&own).await.form(&own), bo.get(&his).await.form(&his));
    let both = futures_util::join!(ada.submit(first.set("role", "reader")), bo.submit(second.set("role", "none")));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
    let owners = world.database.number("SELECT COUNT(*) FROM members WHERE role = 'owner'", &[]).await;
    assert_eq!(owners, 1);
}

async fn opening_a_feed_asks_for_the_password_and_holds_at_once(world: &World) {
    let ada = world.ada().await;
    world.add_feed("team", "ada", false).await;
    let (stranger, access) = (world.browser(), "/feeds/team/access");
    assert_eq!(ada.get(access).await.form(access).value("everyone"), "", "only main has a role for everybody");
    world.pass(chrono::Duration::minutes(16));
    let asked = ada.fill(access, |form| form.set("readers", "public")).await;
    assert_eq!((asked.status, asked.form(access).value("readers")), (200, "public"));
    assert_eq!(stranger.get("/feeds/team").await.status, 303);
    assert_eq!(ada.fill(access, |form| proven(form.set("readers", "public"), "ada")).await.status, 303);
    assert_eq!(stranger.get("/feeds/team").await.texts(".badge"), ["Public"]);
    assert_eq!(ada.fill(access, |form| form.set("readers", "everybody")).await.status, 422);
    for _ in 0..2 {
        assert_eq!(ada.fill(access, |form| form.set("readers", "private")).await.status, 303);
    }
    assert_eq!(stranger.get("/feeds/team").await.status, 303);
    let verbs = "SELECT verb FROM events WHERE feed = 'team' AND verb LIKE 'feed.made%' ORDER BY verb";
    assert_eq!(world.database.texts(verbs, &[]).await, ["feed.made_private", "feed.made_public"]);
}

async fn an_owner_chooses_what_keys_get_for_packages_they_do_not_cover(world: &World) {
    let ada = world.ada().await;
    world.add_feed("mirror", "ada", false).await;
    let access = "/feeds/mirror/access";
    assert_eq!(ada.get(access).await.form(access).value("uncovered"), "refuse");
    assert_eq!(ada.fill(access, |form| form.set("uncovered", "perhaps")).await.status, 422);
    for _ in 0..2 {
        assert_eq!(ada.fill(access, |form| form.set("uncovered", "pass-on")).await.status, 303);
    }
    assert_eq!(ada.get(access).await.form(access).value("uncovered"), "pass-on");
    assert_eq!(ada.fill(access, |form| form.set("uncovered", "refuse")).await.status, 303);
    let changes = world.database.number("SELECT COUNT(*) FROM events WHERE feed = 'mirror'", &[]).await;
    assert_eq!(changes, 2 + 2, "made, its owner, and the two changes");
}

async fn a_package_has_an_owner_at_any_time(world: &World) {
    let ada = world.publisher("ada").await;
    let bo = world.publisher("bo").await;
    world.add_feed("team", "ada", false).await;
    world.set_role("team", "bo", Some(Role::Writer)).await;
    bo.pushes("team", "Contoso.Core", "1.0.0").await;
    world.sign_up("cy").await;
    world.set_role("team", "cy", Some(Role::Reader)).await;
    let owners = "/feeds/team/packages/nuget/Contoso.Core/-/owners";
    let last = confirm(&bo.browser, &format!("{owners}/{}", id_of(world, "bo").await)).await;
    assert_eq!(
        (last.status, last.problems()),
        (409, vec!["This is the only owner of the package. Add another one first.".to_owned()])
    );
    let reader = bo.browser.fill(owners, |form| form.set("username", "cy")).await;
    assert_eq!(
        (reader.status, reader.problem("username").as_str()),
        (422, "cy is no writer in team. An owner of the feed can make them one.")
    );
    for _ in 0..2 {
        assert_eq!(bo.browser.fill(owners, |form| form.set("username", "Ada")).await.status, 303);
    }
    assert_eq!(bo.browser.get(owners).await.texts(".people th[scope=row]"), ["bo You", "ada invited by bo"]);
    assert_eq!(accepts(&ada.browser).await.status, 303);
    assert_eq!(ada.browser.get(owners).await.texts(".people th[scope=row]"), ["ada You", "bo"]);
    assert_eq!(confirm(&ada.browser, &format!("{owners}/{}", id_of(world, "bo").await)).await.status, 303);
    assert_eq!(bo.push("team", "Contoso.Core", "1.1.0", "").await.status, 403);
    assert_eq!(bo.browser.get(owners).await.status, 404);
    let count = "SELECT COUNT(*) FROM events WHERE verb LIKE 'package.owner%'";
    assert_eq!(world.database.number(count, &[]).await, 2);
}

async fn rights_in_the_browser_are_those_of_the_account(world: &World) {
    let ada = world.publisher("ada").await;
    let bo = world.publisher("bo").await;
    world.add_feed("team", "ada", false).await;
    world.set_role("team", "bo", Some(Role::Writer)).await;
    ada.pushes("team", "Contoso.Hers", "1.0.0").await;
    bo.pushes("team", "Contoso.His", "1.0.0").await;
    let unlist = |name: &str| format!("/feeds/team/packages/nuget/{name}/-/1.0.0/unlist");
    for (role, his, hers) in [
        (Some(Role::Writer), 200, 404),
        (Some(Role::Owner), 200, 200),
        (Some(Role::Reader), 404, 404),
        (None, 404, 404),
        (Some(Role::Writer), 200, 404),
    ] {
        world.set_role("team", "bo", role).await;
        let statuses =
            [bo.browser.get(&unlist("Contoso.His")).await.status, bo.browser.get(&unlist("Contoso.Hers")).await.status];
        assert_eq!(statuses, [his, hers], "{role:?}");
        assert_eq!(sends(&bo.browser, &unlist("Contoso.Hers"), &[]).await.status, if hers == 200 { 303 } else { 404 });
        let delete = bo.browser.bare_request(Method::DELETE, "/feeds/team/nuget/v3/package/Contoso.Hers/1.0.0");
        let door = delete.header("x-nuget-apikey", &bo.secret).send().await.unwrap().status().as_u16();
        assert_eq!(door == 204, hers == 200, "the door says the same: {door}");
    }
}

async fn only_operators_create_feeds_and_set_everybodys_role(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    assert!(ada.get("/feeds").await.body.contains("The operator of this host creates feeds."));
    assert_eq!(ada.get("/feeds/main/access").await.status, 404);
    world.make_operator("bo").await;
    let form = async || bo.get("/operator/feeds/new").await.form("/operator/feeds");
    let page = bo.submit(form().await.set("name", "Not A Name").set("owner", "nobody")).await;
    let kept = page.form("/operator/feeds");
    assert_eq!((page.status, page.problems().len(), kept.value("name")), (422, 2, "Not A Name"));
    let made = bo.submit(form().await.set("name", "team").set("owner", "ada")).await;
    assert_eq!((made.status, made.location()), (303, "/operator/feeds"));
    assert_eq!(bo.get("/feeds/team").await.status, 404, "it is ada's, not the operator's");
    assert_eq!(ada.get("/feeds/team").await.texts(".badge"), ["Private", "You: owner"]);
    let taken = bo.submit(form().await.set("name", "team").set("owner", "bo")).await;
    assert_eq!(taken.problem("name"), "There is a feed of this name already. Choose another name.");

    assert_eq!(bo.fill("/feeds/main/access", |form| form.set("everyone", "none")).await.status, 303);
    assert_eq!(ada.get("/feeds/main").await.status, 404);
    assert_eq!(bo.get("/feeds/main").await.texts(".badge"), ["Private"], "operators can still change it back");
    world.set_role("main", "ada", Some(Role::Owner)).await;
    let form = ada.get("/feeds/main/access").await.form("/feeds/main/access");
    assert_eq!(form.value("everyone"), "", "everybody's role is the operator's to set");
    let tried = ada.submit(form.set("everyone", "writer")).await;
    assert_eq!((tried.status, world.sign_up("cy").await.get("/feeds/main").await.status), (303, 404));
}
