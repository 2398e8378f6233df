//! An operator adds people in the browser: one by a form, many by a list; they choose their passwords themselves.

use chrono::Duration;
use reqwest::Method;

use super::operator::{id_of, operator};
use crate::support::{
    page::{Form, Page},
    person::{Browser, proven},
    snapshot::mail_is,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    somebody_is_added_by_a_form_and_chooses_a_password_by_the_link,
    with_a_mail_server_the_link_is_mailed,
    ten_people_are_added_from_a_list_that_is_pasted_or_uploaded,
    a_list_with_a_mistake_adds_nobody_and_stays,
    a_column_that_is_unknown_is_told_and_the_people_are_added,
    a_list_in_another_encoding_is_read_and_shown_first,
    a_list_that_comes_too_late_is_kept,
    a_list_of_five_hundred_is_kept_while_its_sender_signs_in_again,
    an_invitation_is_sent_again_or_withdrawn_until_it_is_used,
    what_only_somebody_withdrawn_owned_goes_to_an_heir,
    a_disabled_person_gets_no_link,
    of_an_invitation_and_a_password_link_the_newer_one_works,
    an_invitation_that_waits_to_be_mailed_ends_as_its_link_would,
    a_first_password_is_chosen_and_not_changed,
    a_link_lives_a_week,
    adding_people_asks_for_the_password_and_is_for_operators,
}

const NEW: &str = "/operator/accounts/new";
const IMPORT: &str = "/operator/accounts/import";
const INVITATIONS: &str = "/operator/accounts/invitations";
const PASSWORD: &str = "seven quiet lanterns drift";

/// Sends a form as browsers send one with a file in it.
async fn uploads(browser: &Browser, form: Form, file: impl AsRef<[u8]>) -> Page {
    let mut body = String::new();
    for (name, value) in form.fields.iter().filter(|(name, _)| name != "file") {
        body += &format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\ncontent-type: text/csv\r\n\r\n";
    let body = [body.as_bytes(), file.as_ref(), b"\r\n--edge--\r\n"].concat();
    let request =
        browser.request(Method::POST, &form.action).header("content-type", "multipart/form-data; boundary=edge");
    browser.send(request.body(body)).await
}

async fn pastes(browser: &Browser, list: &str) -> Page {
    let form = browser.get(IMPORT).await.form(IMPORT).set("people", list);
    uploads(browser, form, "").await
}

async fn adds(browser: &Browser, username: &str) -> Page {
    let email = format!("{username}@example.com");
    browser.fill(NEW, |form| form.set("username", username).set("email", &email).set("zone", "Europe/Berlin")).await
}

/// The path of a link that a page shows.
fn path(world: &World, link: &str) -> String {
    link.strip_prefix(&world.app().settings.public_url.of("")).unwrap_or_else(|| panic!("{link}")).to_owned()
}

/// Chooses a password by a link, or finds that it does not work.
async fn chooses(world: &World, link: &str) -> Page {
    let browser = world.browser();
    let page = browser.get(&path(world, link)).await;
    if page.status != 200 {
        return page;
    }
    browser.submit(page.form("/reset").set("password", PASSWORD)).await
}

async fn accounts(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM accounts", &[]).await
}

async fn somebody_is_added_by_a_form_and_chooses_a_password_by_the_link(world: &World) {
    let ada = operator(world, "ada").await;
    let page = adds(&ada, "bo").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{}", page.body);
    let links = page.texts("code.key");
    assert_eq!(links.len(), 1, "{}", page.body);
    assert_eq!(world.browser().sign_in("bo", "").await.status, 422, "there is no password yet");
    let marks = async || ada.get("/operator/accounts").await.texts("tbody .badge.off");
    assert_eq!(marks().await, ["Invited"]);
    let page = world.browser().get(&path(world, &links[0])).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Choose a password"));
    assert_eq!(chooses(world, &links[0]).await.status, 303);
    assert_eq!(chooses(world, &links[0]).await.status, 410, "it works once");
    assert_eq!(world.browser().sign_in("bo", PASSWORD).await.status, 303);
    assert!(marks().await.is_empty());
    assert_eq!(world.database.text("SELECT time_zone FROM accounts WHERE username = 'bo'", &[]).await, "Europe/Berlin");
    let events = world.database.events_of("bo").await;
    let expected = ["account created", "account invited", "sign-in failed", "account invitation accepted"];
    assert_eq!(events[..4], expected);
    assert!(ada.get(INVITATIONS).await.body.contains("No pending invitations"));
    let told = world.mails().await;
    let to_ada = told.iter().find(|mail| mail.header("To") == "ada@example.com").expect("the operator is told");
    assert!(to_ada.header("Subject").ends_with("You added the account bo"), "{}", to_ada.header("Subject"));
    let taken = adds(&ada, "BO").await;
    assert_eq!((taken.status, taken.problem("username").is_empty()), (422, false));
    assert_eq!(taken.form(NEW).value("zone"), "Europe/Berlin", "what was typed stays");
}

async fn with_a_mail_server_the_link_is_mailed(world: &World) {
    let ada = operator(world, "ada").await;
    world.restart_with_mail_server().await;
    assert_eq!(adds(&ada, "bo").await.status, 303);
    let mails = world.mails().await;
    let mail = mails.iter().find(|mail| mail.header("To") == "bo@example.com").expect("a mail to bo");
    mail_is("invitation", mail);
    let done = world.browser().fill(&mail.link(world), |form| form.set("password", PASSWORD)).await;
    assert_eq!(done.status, 303);
    let bo = world.browser();
    assert_eq!(bo.sign_in("bo", PASSWORD).await.status, 303);
    bo.key(world, "CI").await;
    let confirmed = "SELECT COUNT(*) FROM accounts WHERE username = 'bo' AND email_confirmed_at IS NOT NULL";
    assert_eq!(world.database.number(confirmed, &[]).await, 1);
}

async fn ten_people_are_added_from_a_list_that_is_pasted_or_uploaded(world: &World) {
    let ada = operator(world, "ada").await;
    let list = |from: usize| {
        let lines = (from..from + 10).map(|number| format!("person{number},person{number}@example.com,\n"));
        format!("username,email,operator\n{}", lines.collect::<String>())
    };
    let page = pastes(&ada, &list(0)).await;
    let links = page.texts("code.key");
    assert_eq!((page.status, links.len(), accounts(world).await), (200, 10, 11), "{}", page.body);
    assert_eq!(chooses(world, &links[7]).await.status, 303);
    assert_eq!(world.browser().sign_in("person7", PASSWORD).await.status, 303);
    let form = ada.get(IMPORT).await.form(IMPORT);
    let page = uploads(&ada, form, &list(10)).await;
    assert_eq!((page.status, page.texts("code.key").len(), accounts(world).await), (200, 10, 21), "{}", page.body);
    assert_eq!(ada.get(INVITATIONS).await.texts(".table tbody tr").len(), 19);
}

async fn a_list_with_a_mistake_adds_nobody_and_stays(world: &World) {
    let ada = operator(world, "ada").await;
    let list = "username,email\nbo,bo@example.com\nada,cy@example.com\ndee,ADA@example.com\n";
    let page = pastes(&ada, list).await;
    assert_eq!((page.status, accounts(world).await), (422, 1));
    let problems = page.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("Line 3: The username “ada”"), "{problems:?}");
    assert!(problems[1].starts_with("Line 4: The address “ADA@example.com”"), "{problems:?}");
    assert_eq!(page.form(IMPORT).value("people").trim(), list.trim(), "what was pasted stays");
    let form = ada.get(IMPORT).await.form(IMPORT);
    let page = uploads(&ada, form, "username,email\nada,cy@example.com\nx,nowhere\n").await;
    assert!(page.problems()[0].starts_with("Line 2: The username “ada”"), "what is taken is told with the rest");
    let form = ada.get(IMPORT).await.form(IMPORT);
    let page = uploads(&ada, form, "username,email\nx,nowhere\n").await;
    assert_eq!((page.status, page.problems().len()), (422, 2), "{:?}", page.problems());
    assert!(page.form(IMPORT).value("people").contains("x,nowhere"), "what was uploaded can be mended");
    let form = ada.get(IMPORT).await.form(IMPORT).set("people", list);
    let page = uploads(&ada, form, b"PK\x03\x04\x14\x00\x06\x00\x08\x00").await;
    assert_eq!((page.status, page.problem("file").contains("as CSV")), (422, true), "{}", page.body);
    assert_eq!(page.form(IMPORT).value("people").trim(), list.trim(), "what was pasted stays");
    assert_eq!(accounts(world).await, 1);
}

async fn a_column_that_is_unknown_is_told_and_the_people_are_added(world: &World) {
    let ada = operator(world, "ada").await;
    let told =
        "The column “Operater” is unknown here and is left out. Known columns: username, email, operator, time_zone.";
    let list = |username: &str| format!("username,email,Operater\n{username},{username}@example.com,yes\n");
    let page = pastes(&ada, &list("x")).await;
    assert_eq!((page.status, page.texts(".banner.warn")), (422, vec![told.to_owned()]), "{}", page.body);
    let page = pastes(&ada, &list("bo")).await;
    assert_eq!((page.status, page.texts(".banner.warn")), (200, vec![told.to_owned()]), "{}", page.body);
    assert_eq!(page.texts("code.key").len(), 1);
    let page = pastes(&ada, "username,email\ncy,cy@example.com\n").await;
    assert_eq!((page.status, page.texts(".banner.warn").len()), (200, 0), "{}", page.body);
    world.restart_with_mail_server().await;
    let ada = world.sign_in("ada").await;
    let page = pastes(&ada, &list("dee")).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Invited"), "{}", page.body);
    assert_eq!((page.texts(".banner.warn"), page.texts("code.key").len()), (vec![told.to_owned()], 0));
    let operators = "SELECT COUNT(*) FROM accounts WHERE operator_since IS NOT NULL";
    assert_eq!((accounts(world).await, world.database.number(operators, &[]).await), (4, 1));
    let page = pastes(&ada, "username,email\neve,eve@example.com\n").await;
    assert_eq!((page.status, page.location()), (303, INVITATIONS));
}

async fn a_list_in_another_encoding_is_read_and_shown_first(world: &World) {
    let ada = operator(world, "ada").await;
    let sends = async |file: &[u8]| uploads(&ada, ada.get(IMPORT).await.form(IMPORT), file).await;
    let western = b"Name;Full name;E-mail\r\njoerg;J\xf6rg M\xfcller;joerg@example.com\r\n";
    let page = sends(western).await;
    assert_eq!((page.status, page.problems(), accounts(world).await), (200, vec![], 1), "{}", page.body);
    assert!(page.texts(".banner.warn").concat().contains("read as Windows-1252"), "{}", page.body);
    let shown = page.form(IMPORT);
    assert!(shown.value("people").contains("Jörg Müller"), "what was read is shown");
    let page = uploads(&ada, shown, "").await;
    assert_eq!((page.status, page.texts("code.key").len(), accounts(world).await), (200, 1, 2), "{}", page.body);
    let page = sends(b"Name;E-mail\nj\xf6rg;joerg@example.com\n").await;
    assert_eq!((page.status, page.problem("people").starts_with("Line 2: “jörg”")), (422, true), "{}", page.body);
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let page = sends(&utf16("\u{feff}username\temail\tnote\r\nbo\tbo@example.com\tMüller\r\n")).await;
    assert_eq!((page.status, page.texts("code.key").len(), accounts(world).await), (200, 1, 3), "{}", page.body);
}

async fn a_list_that_comes_too_late_is_kept(world: &World) {
    let ada = operator(world, "ada").await;
    let (list, long) = ("username,email\nbo,bo@example.com", "x".repeat(60_000));
    let longest = format!("username,email\n{}", "x".repeat(1_500_000));
    for list in [list, &format!("username,email\n{long}"), &longest] {
        let form = ada.get(IMPORT).await.form(IMPORT).set("csrf", "not it");
        let page = uploads(&ada, form, list).await;
        assert_eq!((page.status, page.problems().len()), (403, 1), "{}", page.body);
        assert_eq!(page.form(IMPORT).value("people").trim(), list, "it can be sent again");
    }
    let form = ada.get(IMPORT).await.form(IMPORT).set("csrf", "not it");
    let page = uploads(&ada, form, b"username,email,note\nbo,bo@example.com,J\xf6rg").await;
    assert_eq!((page.status, page.form(IMPORT).value("people").contains("Jörg")), (403, true), "{}", page.body);
    for field in ["people", "another"] {
        let form = ada.get(IMPORT).await.form(IMPORT).add(field, list);
        assert_eq!(uploads(&ada, form, "").await.status, 422, "{field} is unknown, or there twice");
    }
    let many = (0..500).fold(ada.get(IMPORT).await.form(IMPORT), |form, n| form.add(&format!("f{n}"), ""));
    assert_eq!(uploads(&ada, many, list).await.status, 400, "more fields than any form has");
    let form = ada.get(IMPORT).await.form(IMPORT).set("people", list);
    ada.submit(ada.get("/settings/tokens").await.form("/sign-out")).await;
    let page = uploads(&ada, form, "").await;
    assert_eq!((page.status, accounts(world).await), (403, 1), "{}", page.body);
    let form = page.form("/sign-in").set("username", "ada").set("password", &password_of("ada"));
    let page = ada.submit(form).await;
    assert_eq!((page.status, page.location().split('?').next()), (303, Some(IMPORT)), "{}", page.body);
    let page = ada.get(page.location()).await;
    assert_eq!(page.form(IMPORT).value("people").trim(), list, "what was typed before signing in again");
    let page = uploads(&ada, page.form(IMPORT), "").await;
    assert_eq!((page.status, accounts(world).await), (200, 2), "{}", page.body);
}

async fn a_list_of_five_hundred_is_kept_while_its_sender_signs_in_again(world: &World) {
    let ada = operator(world, "ada").await;
    let people = (0..500)
        .map(|n| format!("\r\n\"person.{n:03}\",person.{n}@{}.example.com,no,Europe/Berlin", "department.".repeat(20)));
    let list = format!("username,email,operator,time_zone{}", people.collect::<String>());
    assert!(list.len() > 130_000, "{}", list.len());
    let form = ada.get(IMPORT).await.form(IMPORT).set("people", &list);
    world.database.execute("DELETE FROM sessions", &[]).await;
    let sign_in = uploads(&ada, form, "").await;
    assert_eq!((sign_in.status, sign_in.heading().as_str()), (403, "Sign in"));
    let sign_in = sign_in.form("/sign-in").set("username", "ada").set("password", &password_of("ada"));
    let back = ada.submit(sign_in).await;
    assert_eq!(back.status, 303, "{}", back.body);
    let kept = ada.get(back.location()).await.form(IMPORT).value("people").replace("\r\n", "\n");
    assert!(kept.trim() == list.replace("\r\n", "\n"), "{} of {} came back", kept.len(), list.len());
}

async fn an_invitation_is_sent_again_or_withdrawn_until_it_is_used(world: &World) {
    let ada = operator(world, "ada").await;
    let first = adds(&ada, "bo").await.texts("code.key").concat();
    let id = id_of(world, "bo").await;
    let act = async |verb: &str| ada.fill(&format!("{INVITATIONS}/{id}/{verb}"), |form| form).await;
    let again = act("resend").await;
    let second = again.texts("code.key").concat();
    assert_eq!((again.status, first == second), (200, false), "{}", again.body);
    assert_eq!(chooses(world, &first).await.status, 410, "the newer one takes its place");
    let withdrawn = act("withdraw").await;
    assert_eq!(withdrawn.status, 303, "{}", withdrawn.body);
    assert_eq!((accounts(world).await, chooses(world, &second).await.status), (1, 410));
    let link = adds(&ada, "bo").await.texts("code.key").concat();
    let id = id_of(world, "bo").await;
    let forms = ["resend", "withdraw"].map(|verb| format!("{INVITATIONS}/{id}/{verb}"));
    let late = [ada.get(&forms[0]).await.form(&forms[0]), ada.get(&forms[1]).await.form(&forms[1])];
    assert_eq!(chooses(world, &link).await.status, 303);
    for form in late {
        assert_eq!(ada.submit(form).await.status, 404, "who chose a password is no pending invitation");
    }
    assert_eq!(accounts(world).await, 2);
}

async fn what_only_somebody_withdrawn_owned_goes_to_an_heir(world: &World) {
    let ada = operator(world, "ada").await;
    adds(&ada, "jana").await;
    let form = ada.get("/operator/feeds/new").await.form("/operator/feeds");
    assert_eq!(ada.submit(form.set("name", "team").set("owner", "jana")).await.status, 303);
    let path = format!("{INVITATIONS}/{}/withdraw", id_of(world, "jana").await);
    let why = "Name a new owner: nobody else owns the feed team.";
    let page = ada.fill(&path, |form| form).await;
    assert_eq!((page.status, page.problem("heir").as_str()), (422, why));
    for heir in ["nobody", "jana"] {
        let page = ada.fill(&path, |form| form.set("heir", heir)).await;
        assert_eq!((page.status, page.problem("heir").is_empty()), (422, false), "{heir}");
        assert_eq!(page.form(&path).value("heir"), heir, "what was typed stays");
    }
    world.mails().await;
    assert_eq!(ada.fill(&path, |form| form.set("heir", "ada")).await.status, 303);
    let owners = "SELECT a.username FROM members m JOIN accounts a ON a.id = m.account WHERE m.role = 'owner'";
    assert_eq!(world.database.texts(owners, &[]).await, ["ada"]);
    assert!(world.mail().await.text.contains("You withdrew the account jana"), "each act is mailed");
}

async fn a_disabled_person_gets_no_link(world: &World) {
    let ada = operator(world, "ada").await;
    adds(&ada, "bo").await;
    let path = format!("{INVITATIONS}/{}/resend", id_of(world, "bo").await);
    world.set_disabled("bo", true).await;
    let listed = async || ada.get(INVITATIONS).await.texts(".table tbody tr").concat();
    assert!(listed().await.contains("Disabled"));
    let page = ada.fill(&path, |form| form).await;
    assert_eq!((page.status, page.problems().concat().contains("Enable it first")), (409, true), "{}", page.body);
    world.set_disabled("bo", false).await;
    assert!(listed().await.contains("Ended"), "the link ended with the account: {}", listed().await);
    assert_eq!(ada.fill(&path, |form| form).await.status, 200);
    assert!(listed().await.contains("in 7 days"), "{}", listed().await);
    assert!(world.database.events_of("bo").await.contains(&"account invited again".to_owned()));
}

async fn of_an_invitation_and_a_password_link_the_newer_one_works(world: &World) {
    let ada = operator(world, "ada").await;
    let invitation = adds(&ada, "bo").await.texts("code.key").concat();
    let id = id_of(world, "bo").await;
    let made = ada.fill(&format!("/operator/accounts/{id}/password"), |form| form).await;
    let link = made.texts("#link").concat();
    assert_eq!(world.browser().get(&path(world, &invitation)).await.status, 410);
    let again = ada.fill(&format!("{INVITATIONS}/{id}/resend"), |form| form).await.texts("code.key").concat();
    assert_eq!(world.browser().get(&path(world, &link)).await.status, 410);
    assert_eq!(chooses(world, &again).await.status, 303);
}

async fn an_invitation_that_waits_to_be_mailed_ends_as_its_link_would(world: &World) {
    let ada = operator(world, "ada").await;
    world.restart_with_mail_server().await;
    let ada_again = world.sign_in("ada").await;
    drop(ada);
    let ada = ada_again;
    let waiting = async || {
        world.database.number("SELECT COUNT(*) FROM mails WHERE letter = 'invitation' AND state = 'pending'", &[]).await
    };
    assert_eq!(adds(&ada, "bo").await.status, 303);
    let path = format!("{INVITATIONS}/{}/resend", id_of(world, "bo").await);
    assert!(ada.get(INVITATIONS).await.texts(".table tbody tr").concat().contains("The mail is on its way"));
    for _ in 0..2 {
        assert_eq!((ada.fill(&path, |form| form).await.status, waiting().await), (303, 1), "only the last one is sent");
    }
    let password = format!("/operator/accounts/{}/password", id_of(world, "bo").await);
    assert_eq!((ada.fill(&password, |form| form).await.status, waiting().await), (200, 0), "the newer link counts");
    assert_eq!((ada.fill(&path, |form| form).await.status, waiting().await), (303, 1));
    world.set_disabled("bo", true).await;
    assert_eq!(waiting().await, 0, "a disabled account has no use for its link");
}

async fn a_first_password_is_chosen_and_not_changed(world: &World) {
    let ada = operator(world, "ada").await;
    let link = adds(&ada, "bo").await.texts("code.key").concat();
    world.mails().await;
    let bo = world.browser();
    let form = bo.get(&path(world, &link)).await.form("/reset").set("password", PASSWORD);
    assert_eq!(bo.submit(form).await.status, 303);
    assert_eq!(bo.get("/sign-in").await.texts(".banner.ok"), ["Your password is set. Sign in with it."]);
    assert!(world.mail().await.header("Subject").ends_with("Your password was chosen"));
    let events = world.database.events_of("bo").await;
    assert_eq!(events[2..], ["account invitation accepted", "password chosen"]);
}

async fn a_link_lives_a_week(world: &World) {
    let ada = operator(world, "ada").await;
    let link = adds(&ada, "bo").await.texts("code.key").concat();
    world.pass(Duration::days(7) - Duration::minutes(1));
    assert_eq!(world.browser().get(&path(world, &link)).await.status, 200);
    world.pass(Duration::minutes(2));
    assert_eq!(world.browser().get(&path(world, &link)).await.status, 410);
    let ada = world.sign_in("ada").await;
    assert!(ada.get(INVITATIONS).await.texts(".table tbody tr").concat().contains("Ended"));
}

async fn adding_people_asks_for_the_password_and_is_for_operators(world: &World) {
    let ada = operator(world, "ada").await;
    let bo = world.bo().await;
    for path in [NEW, IMPORT, INVITATIONS] {
        assert_eq!(bo.get(path).await.status, 404, "{path}");
    }
    let form = ada.get(NEW).await.form(NEW).set("username", "cy").set("email", "cy@example.com");
    world.pass(Duration::minutes(16));
    let page = ada.submit(form.clone()).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Confirm it is you"));
    world.database.execute("UPDATE accounts SET operator_since = NULL WHERE username = 'ada'", &[]).await;
    assert_eq!(ada.submit(proven(form, "ada")).await.status, 404);
    assert_eq!(accounts(world).await, 2);
}
