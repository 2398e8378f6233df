//! Links in mails lead below the public address, whatever that looks like and whatever host a request claims to be for;
//! each works where it leads, and once.

use chrono::Duration;
use futures_util::future::join_all;
use latchkey::jobs::run_expiry_warnings;
use reqwest::Method;

use crate::support::{
    letter::Letter,
    person::Browser,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    links_lead_below_a_plain_public_address,
    links_lead_below_a_public_address_with_port_and_path,
    links_lead_below_a_public_address_that_is_a_number,
    an_address_confirmed_eight_times_at_once_is_confirmed_once,
    a_new_address_confirmed_on_two_nodes_at_once_is_confirmed_once,
}

const EVIL: &str = "evil.example";

async fn links_lead_below_a_plain_public_address(world: &World) {
    every_link(world, "https://packages.example.com", "https://packages.example.com", "").await;
}

async fn links_lead_below_a_public_address_with_port_and_path(world: &World) {
    let site = "https://packages.example.com:8443/team/keys";
    every_link(world, &format!("{site}/"), site, "/team/keys").await;
}

async fn links_lead_below_a_public_address_that_is_a_number(world: &World) {
    every_link(world, "http://[2001:db8::7]:8080/keys", "http://[2001:db8::7]:8080/keys", "/keys").await;
}

/// All mails with links, asked for by somebody whose requests claim to be for another host.
async fn every_link(world: &World, public_url: &str, site: &str, root: &str) {
    world.restart_with_mail_server().await;
    world.restart_with(&[("public-url", public_url)]).await;
    let eve = world.browser();
    eve.claims.set(Some(EVIL));
    let at = |path: &str| format!("{root}{path}");
    // The path a link leads to, if that is below the public address and nothing in the mail says anything else.
    let path_of = |mail: &Letter, part: &str| {
        for link in mail.links() {
            assert!(link.starts_with(&format!("{site}/")), "{link} in {}", mail.header("Subject"));
        }
        let all = format!("{:?} {} {}", mail.headers, mail.text, mail.html);
        assert!(!all.contains(EVIL) && !all.contains("127.0.0.1"), "{all}");
        let link = mail.links().into_iter().find(|link| link.contains(part)).expect("a link");
        format!("{root}{}", link.strip_prefix(site).unwrap())
    };
    let password = password_of("ada");

    let form = eve.get(&at("/sign-up")).await.form(&at("/sign-up")).set("username", "ada");
    eve.submit(form.set("email", "ada@example.com").set("password", &password)).await;
    let link = path_of(&world.mail().await, "/confirm?link=");
    looking_changes_nothing(world, &link).await;
    assert_eq!(eve.fill(&link, |form| form.set("password", &password)).await.location(), at("/sign-in"));

    eve.fill(&at("/forgot"), |form| form.set("email", "ada@example.com")).await;
    let link = path_of(&world.mail().await, "/reset?link=");
    looking_changes_nothing(world, &link).await;
    assert_eq!(eve.fill(&link, |form| form.set("password", &password)).await.location(), at("/sign-in"));

    eve.fill(&at("/sign-in"), |form| form.set("username", "ada").set("password", &password)).await;
    world.mails().await;
    let form = eve.get(&at("/settings/profile")).await.form(&at("/settings/profile/address"));
    eve.submit(form.set("email", "lovelace@example.org").set("password", &password)).await;
    let mails = world.mails().await;
    let link = mails.iter().find(|mail| mail.header("To") == "lovelace@example.org").unwrap();
    let link = path_of(link, "/confirm?link=");
    looking_changes_nothing(world, &link).await;
    assert_eq!(eve.fill(&link, |form| form).await.location(), at("/sign-in"));

    signs_in(world, &eve, &at("/sign-in")).await;
    eve.fill(&at("/settings/notifications"), |form| form.add("thirty_days", "yes")).await;
    let form = eve.get(&at("/settings/tokens/new")).await.form(&at("/settings/tokens"));
    let made = eve.submit(crate::support::person::filled(form, "CI").set("expires", "90")).await;
    assert!(made.secret().is_some() && !made.body.contains(EVIL));
    let page = eve.fill(&at("/settings/calendar"), |form| form).await;
    let calendar = page.texts("#address").concat();
    let calendar = format!("{root}{}", calendar.strip_prefix(site).expect("below the public address"));
    let calendar = eve.send(eve.bare_request(Method::GET, &calendar)).await.body.replace("\r\n ", "");
    assert!(calendar.contains(&format!("\r\nURL:{site}/settings/tokens/")) && !calendar.contains(EVIL), "{calendar}");

    world.mails().await;
    world.pass(Duration::days(60));
    run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    let reminder = world.mail().await;
    let stop = reminder.header("List-Unsubscribe");
    let stop = stop.strip_prefix(&format!("<{site}")).and_then(|rest| rest.strip_suffix('>')).expect("below it, too");
    let stop = at(stop);
    looking_changes_nothing(world, &stop).await;
    world.pass(Duration::days(20));
    run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    let warning = world.mail().await;
    signs_in(world, &eve, &at("/sign-in")).await;
    for mail in [reminder, warning] {
        let refresh = path_of(&mail, "/refresh");
        assert_eq!(eve.get(&refresh).await.heading(), "Refresh CI");
    }
}

async fn signs_in(world: &World, browser: &Browser, path: &str) {
    browser.cookies.borrow_mut().clear();
    let page = browser.fill(path, |form| form.set("username", "ada").set("password", &password_of("ada"))).await;
    assert_eq!(page.status, 303, "{}", page.body);
    world.mails().await;
}

/// As programs do that look where links in mails lead.
async fn looking_changes_nothing(world: &World, link: &str) {
    let before = world.database.contents().await;
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let scanner = world.browser();
        let page = scanner.send(scanner.bare_request(method.clone(), link)).await;
        assert!(method == Method::OPTIONS || page.status == 200, "{method} {link}: {}", page.status);
    }
    assert_eq!(world.database.contents().await, before, "{link}");
}

async fn an_address_confirmed_eight_times_at_once_is_confirmed_once(world: &World) {
    let ada = world.ada().await;
    ada.submit(ada.get("/settings/profile").await.form("/settings/profile/confirm")).await;
    let link = world.mail().await.link(world);
    let browsers: Vec<_> = (0..8).map(|_| world.browser()).collect();
    one_wins(world, &browsers, &link, "account.address_confirmed").await;
}

async fn a_new_address_confirmed_on_two_nodes_at_once_is_confirmed_once(world: &World) {
    let ada = world.ada().await;
    let form = ada.get("/settings/profile").await.form("/settings/profile/address");
    ada.submit(form.set("email", "lovelace@example.org").set("password", &password_of("ada"))).await;
    let mails = world.mails().await;
    let link = mails.iter().find(|mail| mail.header("To") == "lovelace@example.org").unwrap().link(world);
    let other = world.another_node().await;
    let browsers: Vec<_> =
        (0..8).map(|number| if number % 2 == 0 { world.browser() } else { world.browser().through(other) }).collect();
    one_wins(world, &browsers, &link, "account.address_changed").await;
}

/// Everybody opens the link; then all press its button at once.
async fn one_wins(world: &World, browsers: &[Browser], link: &str, verb: &str) {
    let shown = join_all(browsers.iter().map(|browser| browser.get(link))).await;
    let pressed = browsers.iter().zip(&shown).map(|(browser, page)| browser.submit(page.form("/confirm")));
    let mut statuses: Vec<_> = join_all(pressed).await.into_iter().map(|page| page.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410, 410, 410]);
    let events = "SELECT COUNT(*) FROM events WHERE verb = $1";
    assert_eq!(world.database.number(events, &[verb]).await, 1);
}
