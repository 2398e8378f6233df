//! What strangers ask for without end: it keeps nobody from signing in, from their mails or from a new password, fills
//! nobody's mailbox, and is answered alike whatever there is.

use std::cell::Cell;

use chrono::Duration;
use futures_util::future::join_all;
use latchkey::{
    audit::{Actor, EventDetail, EventKind, Subject},
    notifications::MailKind,
};

use crate::support::{
    page::{Form, Page},
    person::Browser,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    what_strangers_have_hashed_leaves_sign_in_its_places,
    a_refused_sign_up_costs_its_source_as_much_as_any_other,
    accounts_without_a_mail_server_are_made_twenty_times_an_hour_by_one_source,
    mails_for_nobody_cost_the_minute_nothing,
    half_of_a_minute_is_kept_for_mails_without_a_link,
    a_site_with_many_networks_has_little_more_than_one,
    strangers_have_one_ceiling_and_nobody_else_is_under_it_alone,
    a_stranger_gets_three_mails_in_six_hours_whoever_has_them_sent,
    a_mail_goes_to_the_address_as_its_owner_wrote_it,
    one_stranger_leaves_the_owner_resets_and_many_leave_them_to_known_devices,
    names_cannot_be_tried_out_with_a_confirmation,
    a_mailed_reset_confirms_the_address_and_no_other_link_does,
}

async fn asks(browser: &Browser, email: &str) -> Page {
    browser.fill("/forgot", |form| form.set("email", email)).await
}

async fn signs_up(browser: &Browser, username: &str, email: &str) -> Page {
    let form = browser.get("/sign-up").await.form("/sign-up").set("username", username).set("email", email);
    browser.submit(form.set("password", &password_of(username))).await
}

async fn waiting(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM mails WHERE state = 'pending'", &[]).await
}

/// The places in a world that each have a share of their own.
fn from(world: &World, number: usize) -> Browser {
    world.browser().from(&format!("198.51.100.{number}"))
}

async fn what_strangers_have_hashed_leaves_sign_in_its_places(world: &World) {
    world.ada().await;
    world.restart_with_mail_server().await;
    let (app, done) = (world.app(), Cell::new(false));
    let flood = join_all((0..40).map(async |_| {
        while !done.get() {
            if app.passwords.for_strangers().hash("a password of a stranger").await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await; // the line is full
            }
        }
    }));
    let people = async {
        for _ in 0..3 {
            assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 303);
        }
        let mut answers = Vec::new();
        for number in 0..5 {
            answers.push(signs_up(&from(world, number), "cy", "cy@example.com").await.status);
        }
        assert!(answers.contains(&503), "sign-ups wait with the strangers: {answers:?}");
        done.set(true);
    };
    futures_util::join!(flood, people);
}

async fn a_refused_sign_up_costs_its_source_as_much_as_any_other(world: &World) {
    world.restart_with_mail_server().await;
    let cy = world.browser();
    for number in 0..20 {
        assert_eq!(signs_up(&cy, "cy", "cy@example.com").await.status, 200, "{number}");
    }
    assert_eq!(waiting(world).await, 3, "all but three were for nothing");
    let page = signs_up(&cy, "cy", "cy@example.com").await;
    assert_eq!((page.status, page.header("retry-after").is_empty()), (429, false));
    assert_eq!(signs_up(&from(world, 1), "cy", "cy@example.com").await.status, 200);
}

async fn accounts_without_a_mail_server_are_made_twenty_times_an_hour_by_one_source(world: &World) {
    world.bo().await;
    let cy = from(world, 1);
    for number in 0..20 {
        let page = signs_up(&cy, "bo", &format!("cy{number}@example.com")).await;
        assert_eq!((page.status, page.problem("username").is_empty()), (422, false), "a name that is taken, {number}");
    }
    for username in ["bo", "cy"] {
        let page = signs_up(&cy, username, "cy@example.com").await;
        assert_eq!((page.status, page.problem("username").as_str()), (429, ""));
    }
    assert_eq!(signs_up(&from(world, 2), "cy", "cy@example.com").await.status, 303);
}

/// Queues so many mails with a link to one address, as if strangers had asked for them.
async fn queued(world: &World, count: usize, email: &str) {
    let app = world.app();
    let mut tx = app.store.begin().await.unwrap();
    for _ in 0..count {
        tx.add_mail(&app.new_mail(MailKind::PasswordReset, None, email), world.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// How a mail is claimed and found to be owed to nobody, or handed over: what is said of each claim of a minute.
async fn claims(world: &World, per_minute: i64) -> Vec<String> {
    let (app, now) = (world.app(), world.now());
    let mut claimed = Vec::new();
    while let Some(mail) = app.store.claim_mail(now, now + Duration::minutes(10), Some(per_minute)).await.unwrap() {
        let mut tx = app.store.begin().await.unwrap();
        let mail_content = tx.mail_content(&mail, &[0; 32], now).await.unwrap();
        tx.commit().await.unwrap();
        if mail_content.is_some() {
            claimed.push(mail.kind.in_words().to_owned());
        }
    }
    claimed
}

async fn mails_for_nobody_cost_the_minute_nothing(world: &World) {
    let ada = world.ada().await;
    queued(world, 30, "nobody@example.com").await;
    queued(world, 1, "ada@example.com").await;
    assert_eq!(claims(world, 4).await, ["Link for a new password"]);
    assert_eq!(waiting(world).await, 1, "nobody's are gone");
    ada.submit(ada.get("/settings/profile").await.form("/settings/profile/confirm")).await;
    assert_eq!(claims(world, 4).await, ["Confirm an address"], "three places of this minute are left");
}

async fn half_of_a_minute_is_kept_for_mails_without_a_link(world: &World) {
    world.ada().await;
    let app = world.app();
    let account = app.store.account_named("ada").await.unwrap().unwrap().id;
    let happened = async |count: i64| {
        let mut tx = app.store.begin().await.unwrap();
        for _ in 0..count {
            let by = Actor::host("a test");
            let (subject, detail) = (Subject::account(account), EventDetail::Nothing);
            let event = tx.record(EventKind::PasswordChanged, &by, subject, detail, world.now()).await.unwrap();
            tx.enqueue_security_notification(account, event, None, world.now()).await.unwrap();
            let mail = app.new_mail(MailKind::Happened, Some(account), "ada@example.com");
            assert!(tx.bind_security_notifications((account, None), &mail, world.now()).await.unwrap());
        }
        tx.commit().await.unwrap();
    };
    queued(world, 20, "ada@example.com").await;
    happened(1).await;
    let (link, told) = ("Link for a new password", "What happened in an account");
    assert_eq!(claims(world, 6).await, [link, link, link, told]);
    world.pass(Duration::minutes(1));
    happened(20).await;
    assert_eq!(claims(world, 6).await, [link, link, link, told, told, told], "neither holds the other up");
    world.pass(Duration::minutes(1));
    assert_eq!(claims(world, 2).await, [link, told]);
}

async fn a_site_with_many_networks_has_little_more_than_one(world: &World) {
    let cy = world.browser();
    let ask = async |network: &str, number: usize| {
        cy.address.replace(format!("2001:db8:{network}::{number:x}"));
        asks(&cy, &format!("somebody{number}@example.com")).await.status
    };
    let mut answers = Vec::new();
    for number in 0..63 {
        answers.push(ask(&format!("7:1{:02x}", number / 21), number).await);
    }
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 40, "{answers:?}");
    assert_eq!((ask("7:1ff", 64).await, ask("7:2ff", 65).await, ask("8:1ff", 66).await), (429, 200, 200));
}

async fn strangers_have_one_ceiling_and_nobody_else_is_under_it_alone(world: &World) {
    let ada = world.ada().await;
    world.restart_with_mail_server().await;
    asks(&from(world, 1), "nobody@example.com").await;
    let used = "UPDATE rate_limits SET free_at = CAST($1 AS BIGINT) WHERE subject = 'requests of all strangers'";
    let later = (world.now() + Duration::hours(1)).timestamp().to_string();
    world.database.execute(used, &[&later]).await;
    for email in ["nobody@example.com", "cy@example.com", "dee@example.com"] {
        assert_eq!(signs_up(&from(world, 1), "cy", email).await.status, 200, "each network has three more");
    }
    assert_eq!(asks(&from(world, 1), "ada@example.com").await.status, 429);
    assert_eq!(signs_up(&from(world, 1), "cy", "ada@example.com").await.status, 429);
    assert_eq!(asks(&from(world, 2), "ada@example.com").await.status, 200, "others still get theirs");
    world.mails().await;
    assert_eq!(asks(&ada, "Ada@example.com").await.status, 200);
    assert_eq!(world.mail().await.header("To"), "ada@example.com");
    world.pass(Duration::minutes(65));
    assert_eq!(asks(&from(world, 1), "nobody@example.com").await.status, 200);
}

async fn a_stranger_gets_three_mails_in_six_hours_whoever_has_them_sent(world: &World) {
    let people = [("ada", world.ada().await), ("bo", world.bo().await)];
    world.sign_up("eve").await;
    world.restart_with_mail_server().await;
    for to in ["cy@example.com", "eve@example.com"] {
        let (mut answers, mut mails) = (Vec::new(), Vec::new());
        for (name, browser) in &people {
            for _ in 0..2 {
                let form = browser.get("/settings/profile").await.form("/settings/profile/address");
                let page = browser.submit(form.set("email", to).set("password", &password_of(name))).await;
                answers.push((page.status, page.location().to_owned()));
                let profile = browser.get("/settings/profile").await;
                assert!(profile.texts(".about").concat().contains(to), "it is asked for");
                mails.extend(world.mails().await.into_iter().filter(|mail| mail.header("To") == to));
            }
        }
        assert!(answers.iter().all(|answer| *answer == (303, "/settings/profile".to_owned())));
        let mut pages = Vec::new();
        for email in [to, "somebody@example.com"] {
            let page = signs_up(&from(world, 1), "cy", email).await;
            pages.push((page.status, page.header_names(), page.without_tags().replace(email, "…")));
        }
        assert_eq!(pages[0], pages[1]);
        let to_sign_up = world.mails().await.into_iter().filter(|mail| mail.header("To") == to).count();
        assert_eq!((mails.len(), to_sign_up), (3, 0), "{to}");
        if to == "cy@example.com" {
            let page = world.browser().get(&mails[2].link(world)).await;
            assert_eq!(page.status, 200, "who asks in vain keeps the link that is out");
        } else {
            assert!(mails[2].header("Subject").ends_with("You already have an account"));
        }
    }
}

async fn a_mail_goes_to_the_address_as_its_owner_wrote_it(world: &World) {
    let ada = world.ada().await;
    world.bo().await;
    world.restart_with_mail_server().await;
    asks(&from(world, 1), "ADA@example.com").await;
    signs_up(&from(world, 1), "cy", "aDa@example.com").await;
    let form = ada.get("/settings/profile").await.form("/settings/profile/address");
    ada.submit(form.set("email", "BO@example.com").set("password", &password_of("ada"))).await;
    let mails = world.mails().await;
    let taken = world.post_office.borrow().as_ref().unwrap().taken();
    let mut recipients: Vec<_> = taken.iter().map(|mail| mail.recipient.as_str()).collect();
    recipients.sort_unstable();
    let ada = "ada@example.com";
    assert_eq!(recipients, [ada, ada, ada, "bo@example.com"], "and the word of the address that is asked for");
    for mail in mails {
        assert!(recipients.contains(&mail.header("To").as_str()), "{}", mail.header("To"));
    }
}

async fn one_stranger_leaves_the_owner_resets_and_many_leave_them_to_known_devices(world: &World) {
    let ada = world.ada().await;
    let mut answers = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        for number in 0..24 {
            let cy = from(world, number / 6);
            cy.get("/").await;
            let page = asks(&cy, email).await;
            answers.push((page.status, page.header_names(), page.without_tags().replace(email, "…")));
            if email == "ada@example.com" && number < 8 {
                let left = if number < 6 { number.min(4) + 1 } else { number };
                assert_eq!(waiting(world).await as usize, left, "who asks from elsewhere gets one");
            }
            world.pass(Duration::seconds(1));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
    let after_many = waiting(world).await;
    assert_eq!(after_many, 40);
    let strangers = async |number: usize| asks(&from(world, number), "ada@example.com").await.status;
    assert_eq!((strangers(10).await, waiting(world).await), (200, 41), "beyond twenty there is one more");
    assert_eq!((strangers(11).await, waiting(world).await), (200, 41), "whose link still works when the next is due");
    world.pass(Duration::minutes(11));
    assert_eq!((strangers(12).await, waiting(world).await), (200, 42));
    world.mails().await;
    for _ in 0..6 {
        assert_eq!(asks(&ada, "ada@example.com").await.status, 200);
    }
    assert_eq!(world.mails().await.len(), 5, "her own device has a share of its own");
}

async fn names_cannot_be_tried_out_with_a_confirmation(world: &World) {
    world.ada().await;
    world.restart_with_mail_server().await;
    let mut links = Vec::new();
    for email in ["cy@example.com", "dee@example.com"] {
        signs_up(&world.browser(), "cy", email).await;
        links.push(world.mail().await.link(world));
    }
    let tries = async |browser: &Browser, link: &str| {
        let form = browser.get(link).await.form("/confirm").set("password", &password_of("cy"));
        let form = Form { fields: form.fields.into_iter().filter(|(name, _)| name != "username").collect(), ..form };
        browser.submit(form.add("username", "ada")).await.status
    };
    let cy = from(world, 1);
    for number in 0..20 {
        assert_eq!(tries(&cy, &links[0]).await, 422, "{number}");
    }
    assert_eq!(tries(&cy, &links[0]).await, 429);
    assert_eq!(tries(&from(world, 2), &links[0]).await, 429, "the link has had its tries");
    let dee = from(world, 1); // others behind the same address follow theirs
    let done = dee.fill(&links[1], |form| form.set("password", &password_of("cy"))).await;
    assert_eq!(done.location(), "/sign-in");
}

async fn a_mailed_reset_confirms_the_address_and_no_other_link_does(world: &World) {
    world.ada().await;
    let sets = async |link: &str| {
        let password = format!("seven quiet lanterns drift {}", world.now().timestamp());
        let page = world.browser().fill(link, |form| form.set("password", &password)).await;
        assert_eq!(page.location(), "/sign-in");
        world.mails().await;
        world.database.number("SELECT COUNT(*) FROM accounts WHERE email_confirmed_at IS NOT NULL", &[]).await
    };
    asks(&world.browser(), "ada@example.com").await;
    assert_eq!(sets(&world.mail().await.link(world)).await, 0, "an operator may have read the file");
    world.restart_with_mail_server().await;
    assert_eq!(sets(&world.password_link("ada").await).await, 0, "an operator handed it over");
    for _ in 0..2 {
        asks(&world.browser(), "ada@example.com").await;
        assert_eq!(sets(&world.mail().await.link(world)).await, 1);
    }
    let events = world.database.events_of("ada").await;
    assert_eq!(events.iter().filter(|verb| *verb == "address confirmed").count(), 1, "{events:?}");
}
