//! Deprecating on the page of a package: who may, what pages say then, who is told, and how it is taken back.

use crate::support::{
    npm::{MAIN, document, package},
    page::Page,
    person::{Browser, proven},
    snapshot::{mail_is, page_is},
    world::{World, on_both_engines},
};

on_both_engines! {
    an_owner_deprecates_versions_and_takes_it_back,
    the_other_owners_are_told_once_in_ten_minutes,
    somebody_elses_package_is_named_with_a_fresh_proof_only,
    a_form_that_cannot_be_done_comes_back_filled,
    only_owners_find_the_page,
    an_npm_package_is_deprecated_on_its_page,
}

const CORE: &str = "/feeds/main/packages/nuget/Contoso.Core";
const FORM: &str = "/feeds/main/packages/nuget/Contoso.Core/-/deprecation";
const LIFT: &str = "/feeds/main/packages/nuget/Contoso.Core/-/deprecation/lift";

async fn owns(world: &World, package: &str, username: &str) {
    let owner = "INSERT INTO package_owners (package, account, since)
         SELECT p.id, a.id, 1 FROM packages p, accounts a WHERE p.name = $1 AND a.username = $2";
    world.database.execute(owner, &[package, username]).await;
}

/// Fills the form that deprecates.
async fn say(browser: &Browser, fields: &[(&str, &str)]) -> Page {
    let form = browser.get(FORM).await.form(FORM);
    browser.submit(fields.iter().fold(form, |form, (name, value)| form.set(name, value))).await
}

async fn an_owner_deprecates_versions_and_takes_it_back(world: &World) {
    let ada = world.publisher("ada").await;
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        ada.pushes("main", "Contoso.Core", version).await;
    }
    ada.pushes("main", "Contoso.Next", "1.0.0").await;
    let page = ada.browser.get(CORE).await;
    assert_eq!(page.attributes("h1 ~ * a.button, .title .buttons a", "href"), [FORM]);
    let form = ada.browser.get(FORM).await;
    page_is("deprecate", &form);
    assert_eq!(form.attributes("form[action$='/lift']", "action").len(), 0, "there is nothing to take back");

    let hostile = "Use \"2\" <b>now</b> https://evil.example";
    let done = say(
        &ada.browser,
        &[("versions", "<2.0.0"), ("reason", "critical-bugs"), ("message", hostile), ("alternative", "contoso.next")],
    )
    .await;
    assert_eq!((done.status, done.location()), (303, CORE), "{}", done.body);
    let page = ada.browser.get(CORE).await;
    assert_eq!(page.texts(".versions .badge.warn"), ["Deprecated", "Deprecated"]);
    assert!(page.texts(".deprecated").is_empty(), "the newest version is good");
    let old = ada.browser.get(&format!("{CORE}/-/1.1.0")).await;
    assert_eq!(old.texts(".deprecated bdi"), [hostile]);
    assert_eq!(old.texts(".deprecated strong"), ["Deprecated: Critical bugs."]);
    assert_eq!(
        old.attributes(".deprecated a", "href"),
        ["/feeds/main/packages/nuget/Contoso.Next"],
        "no address of the message is a link"
    );
    let said = old.texts(".deprecated").concat();
    assert!(said.contains("(owned by ada)") && said.contains("Written by ada."), "{said}");
    assert_eq!(old.texts(".title .buttons a")[0], "Change deprecation");

    assert_eq!(say(&ada.browser, &[("versions", "*"), ("reason", "legacy")]).await.status, 303);
    assert_eq!(ada.browser.get(CORE).await.texts(".deprecated strong"), ["Deprecated: Legacy."]);
    let names = |page: &Page| page.texts(".packages tbody th a");
    assert_eq!(names(&ada.browser.get("/packages?deprecated=yes").await), ["Contoso.Core"]);
    assert_eq!(names(&ada.browser.get("/packages?q=contoso&deprecated=yes").await), ["Contoso.Core"]);
    let bo = world.bo().await;
    assert!(bo.get(CORE).await.texts(".deprecated").concat().contains("Written by ada."));

    let page = ada.browser.get(&format!("{FORM}?versions=1.1.0")).await;
    assert_eq!(page.form(FORM).value("message"), "It is no longer maintained.");
    let lift = page.form(LIFT);
    assert_eq!(lift.value("lifted"), "1.1.0");
    assert_eq!(ada.browser.submit(lift.clone()).await.status, 303);
    assert_eq!(ada.browser.get(CORE).await.texts(".versions .badge.warn").len(), 2);
    assert_eq!(ada.browser.submit(lift.set("lifted", "*")).await.status, 303);
    assert!(ada.browser.get(CORE).await.texts(".badge.warn").is_empty());
    assert!(names(&ada.browser.get("/packages?deprecated=yes").await).is_empty());
    let events = world.database.events_of("ada").await;
    assert_eq!(
        events[events.len() - 4..],
        ["version deprecated", "version deprecated", "deprecation lifted", "deprecation lifted"]
    );
}

async fn the_other_owners_are_told_once_in_ten_minutes(world: &World) {
    let ada = world.publisher("ada").await;
    world.bo().await;
    for version in ["1.0.0", "1.1.0"] {
        ada.pushes("main", "Contoso.Core", version).await;
    }
    owns(world, "Contoso.Core", "bo").await;
    world.mails().await;
    let hostile = "Run npm i -g x now, see http://evil.example";
    for _ in 0..10 {
        assert_eq!(say(&ada.browser, &[("reason", "other"), ("message", hostile)]).await.status, 303);
        let lift = ada.browser.get(FORM).await.form(LIFT);
        assert_eq!(ada.browser.submit(lift).await.status, 303);
        world.pass(chrono::Duration::seconds(10));
    }
    assert_eq!(say(&ada.browser, &[("reason", "other"), ("message", hostile)]).await.status, 303);
    assert!(world.mails().await.is_empty(), "not yet");
    world.pass(chrono::Duration::minutes(9));
    let mail = world.mail().await;
    assert_eq!(mail.header("To"), "bo@example.com");
    mail_is("deprecated", &mail);
    assert!(!mail.text.contains("http://evil") && !mail.html.contains("evil.example\""));

    let lift = ada.browser.get(FORM).await.form(LIFT);
    assert_eq!(ada.browser.submit(lift.set("lifted", "1.0.0")).await.status, 303);
    world.pass(chrono::Duration::minutes(11));
    let subject = world.mail().await.header("Subject");
    assert!(subject.ends_with("Contoso.Core 1.0.0 in main is no longer deprecated"), "{subject}");
}

async fn somebody_elses_package_is_named_with_a_fresh_proof_only(world: &World) {
    let (ada, bo) = (world.publisher("ada").await, world.publisher("bo").await);
    ada.pushes("main", "Contoso.Core", "1.0.0").await;
    ada.pushes("main", "Contoso.Next", "1.0.0").await;
    bo.pushes("main", "Fabrikam.Core", "1.0.0").await;
    world.pass(chrono::Duration::minutes(16));
    let own = say(&ada.browser, &[("alternative", "Contoso.Next")]).await;
    assert_eq!(own.status, 303, "{}", own.body);
    let asked = say(&ada.browser, &[("alternative", "Fabrikam.Core")]).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    assert!(ada.browser.get(CORE).await.texts(".deprecated").concat().contains("Contoso.Next"));
    let done = ada.browser.submit(proven(asked.form(FORM), "ada")).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let said = ada.browser.get(CORE).await.texts(".deprecated").concat();
    assert!(said.contains("Fabrikam.Core") && said.contains("(owned by bo)"), "{said}");
}

async fn a_form_that_cannot_be_done_comes_back_filled(world: &World) {
    let ada = world.publisher("ada").await;
    ada.pushes("main", "Contoso.Core", "1.0.0").await;
    for (field, value, problem) in [
        ("versions", "[1.0", "Write versions such as 1.2.0"),
        ("versions", "7.0.0", "The package has no version like this."),
        ("reason", "none", "Choose one of the reasons."),
        ("message", "a\u{202e}b", "Write one line"),
        ("alternative", "Contoso.Core", "This is the package itself."),
        ("alternative", "Contoso.None", "The feed has no listed package"),
    ] {
        let again = say(&ada.browser, &[("message", "Old."), (field, value)]).await;
        assert_eq!(again.status, 422, "{field} {value}: {}", again.body);
        assert!(again.problem(field).starts_with(problem), "{field} {value}: {}", again.problem(field));
        if field != "reason" {
            assert_eq!(again.form(FORM).value(field), value);
        }
    }
    let other = say(&ada.browser, &[("reason", "other"), ("message", "")]).await;
    assert_eq!((other.status, other.problem("message").starts_with("Say in one line")), (422, true));
    assert!(ada.browser.get(CORE).await.texts(".badge.warn").is_empty());
}

async fn only_owners_find_the_page(world: &World) {
    let ada = world.publisher("ada").await;
    ada.pushes("main", "Contoso.Core", "1.0.0").await;
    let form = ada.browser.get(FORM).await.form(FORM);
    let bo = world.bo().await;
    assert_eq!(bo.get(FORM).await.status, 404);
    assert!(!bo.get(CORE).await.body.contains("/-/deprecation"));
    let value = bo.get("/packages").await.form_value();
    let stolen = form.clone().set("csrf", &value);
    assert_eq!(bo.submit(stolen).await.status, 404);
    owns(world, "Contoso.Core", "bo").await;
    assert_eq!(bo.get(FORM).await.status, 200);
    let cut = "DELETE FROM package_owners WHERE account = (SELECT id FROM accounts WHERE username = 'ada')";
    world.database.execute(cut, &[]).await;
    assert_eq!(ada.browser.submit(form).await.status, 404);
    assert!(bo.get(CORE).await.texts(".badge.warn").is_empty());
    let strange = bo.get(&format!("{FORM}?versions=%00%3Cb%3E&versions=2")).await;
    assert_eq!(strange.status, 200);
}

async fn an_npm_package_is_deprecated_on_its_page(world: &World) {
    let browser = world.ada().await;
    let key = browser
        .key_with(world, "npm", |form| {
            form.set("patterns", "*")
                .add("permission", "npm:push")
                .add("permission", "npm:pull")
                .add("permission", "npm:delete")
        })
        .await;
    let put = async |path: &str, body: String| {
        let request = browser.bare_request(reqwest::Method::PUT, path).bearer_auth(&key.secret);
        request.header("content-type", "application/json").body(body).send().await.unwrap().status().as_u16()
    };
    for version in ["1.0.0", "1.1.0"] {
        let tarball = package("@team/ui", version, serde_json::json!({}));
        let body = document("@team/ui", version, "latest", &tarball).to_string();
        assert_eq!(put(&format!("{MAIN}/@team%2fui"), body).await, 201);
    }
    let page = "/feeds/main/packages/npm/@team/ui";
    let form =
        browser.get(&format!("{page}/-/deprecation?versions=1.0.0")).await.form(&format!("{page}/-/deprecation"));
    assert_eq!(form.value("versions"), "1.0.0");
    let done = browser.submit(form.set("reason", "other").set("message", "Use 1.1.")).await;
    assert_eq!(done.status, 303, "{}", done.body);
    let read = browser.bare_request(reqwest::Method::GET, &format!("{MAIN}/@team%2fui")).bearer_auth(&key.secret);
    let mut read: serde_json::Value = read.send().await.unwrap().json().await.unwrap();
    assert_eq!(read["versions"]["1.0.0"]["deprecated"], "Use 1.1.");
    assert_eq!(browser.get(&format!("{page}/-/1.0.0")).await.texts(".deprecated bdi"), ["Use 1.1."]);

    // The same the other way: what a client says is on the page, and gone when the client takes it back.
    for (said, shown) in [("From a client.", &["From a client."][..]), ("", &[])] {
        read["versions"]["1.1.0"]["deprecated"] = serde_json::json!(said);
        assert_eq!(put(&format!("{MAIN}/@team%2fui"), read.to_string()).await, 200);
        assert_eq!(browser.get(page).await.texts(".deprecated bdi"), shown);
        let fresh = browser.bare_request(reqwest::Method::GET, &format!("{MAIN}/@team%2fui")).bearer_auth(&key.secret);
        read = fresh.send().await.unwrap().json().await.unwrap();
    }
}
