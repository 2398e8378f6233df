//! Keys of an older system: imported whole or not at all, listed with the way forward, warned of, retired.

use chrono::Duration;
use latchkey::{
    cli::legacy::{Summary, import},
    jobs::{retire_legacy_keys, run_expiry_warnings},
    tokens::legacy::Policy,
};
use reqwest::Method;

use super::operator::operator;
use crate::support::{
    database::Engine,
    nupkg::nupkg,
    person::newest_token,
    world::{World, on_both_engines, walk},
};

on_both_engines! {
    a_list_with_a_wrong_line_imports_nothing_and_names_it,
    a_list_that_is_none_is_refused,
    keys_come_as_text_or_as_hash_and_once,
    an_import_tells_when_its_first_key_ends,
    a_key_of_another_account_is_not_taken_over,
    the_pages_show_a_legacy_key_and_the_way_forward,
    a_push_moves_the_one_warning,
    an_idle_key_is_warned_of_once_and_retired_once,
    a_new_key_that_never_pushed_has_a_year,
    an_operator_finds_a_pasted_key_of_an_older_system,
    a_pasted_key_of_an_older_system_is_kept_nowhere,
}

const GUID: &str = "5F1D2C3B-89ab-4cde-8f01-23456789abcd";
/// SHA-256 of that key in lower case.
const HASH: &str = "ca2e3e753b0b3421769462a18db2d737be2c9748784528c92f1d505000a33685";

async fn imported(world: &World, list: &str, policy: Option<Policy>) -> Summary {
    import(&world.app(), list.as_bytes(), policy).await.unwrap()
}

async fn refused(world: &World, list: &str) -> String {
    import(&world.app(), list.as_bytes(), None).await.unwrap_err().to_string()
}

async fn legacy_tokens(world: &World) -> i64 {
    world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'legacy'", &[]).await
}

async fn a_list_with_a_wrong_line_imports_nothing_and_names_it(world: &World) {
    world.ada().await;
    let text = "old_Key-0123456789abcdefghijklmnopqrstuv";
    let ours = "lk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";
    let list = format!(
        "account,key,sha256,shape,created,last_push\n\
         ada,{GUID},,,2016-05-01,2026-01-02T03:04:05Z\n\
         nobody,{text},,,2016-05-01,\n\
         ada,short,,,2016-05-01,\n\
         ada,{ours},,,2016-05-01,\n\
         ada,,abc,guid,2016-05-01,\n\
         ada,,{HASH},oval,2016-05-01,\n\
         ada,{text},{HASH},,2016-05-01,\n\
         ada,{text},,guid,2016-05-01,\n\
         ada,{text},,,yesterday,\n\
         ada,{text},,,2036-05-01,\n\
         ada,,,,2016-05-01,\n\
         ada,{},,,2016-05-01,\n\
         {text},{{{GUID}}},,,1816-05-01,soon\n",
        GUID.to_ascii_lowercase()
    );
    let said = refused(world, &list).await;
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "nothing was imported:");
    let expected = [
        "line 3: there is no account “nobody”",
        "line 4: key: this is no GUID, nor 32 to 128 letters, digits, dashes and underscores",
        "line 5: key: this is no GUID, nor 32 to 128 letters, digits, dashes and underscores",
        "line 6: sha256: write 64 hexadecimal digits",
        "line 7: shape: write guid or text",
        "line 8: give either key or sha256",
        "line 9: shape: this key has the shape text",
        "line 10: created: write a time such as 2019-05-01 or 2019-05-01T10:00:00Z",
        "line 11: created: this is in the future",
        "line 12: give a key, or a sha256 and a shape",
        "line 13: this key stands in line 2 already",
        "line 14: account: this is no username",
        "line 14: key: write a GUID without braces",
        "line 14: created: this lies before 1970",
        "line 14: last_push: write a time such as 2019-05-01 or 2019-05-01T10:00:00Z",
    ];
    assert_eq!(lines[1..], expected);
    assert!(!said.contains(text) && !said.to_ascii_lowercase().contains(&GUID[9..]), "no key is said: {said}");
    assert_eq!(legacy_tokens(world).await, 0);
}

async fn a_list_that_is_none_is_refused(world: &World) {
    world.ada().await;
    for (list, why) in [
        ("", "needs the columns account, created"),
        ("account,created\nada,2016-05-01\n", "needs the columns account, created, and key, or sha256 and shape"),
        ("account,created,sha256\nada,2016-05-01,ab\n", "needs the columns"),
        ("account,key,created,pasword\n", "not “pasword”"),
        ("account,key,created,key\n", "the column key stands there twice"),
        ("account,key,created\nada,abc\n", "line 2: it has 2 values, and the first line names 3 columns"),
        ("account;key;created\n", "separate the columns with commas"),
        (&format!("{GUID},ada,2016-05-01\n"), "line 1: column 1 has no name; the first line names the columns"),
    ] {
        let said = refused(world, list).await;
        assert!(said.starts_with("nothing was imported:") && said.contains(why), "{said}");
        assert!(!said.contains(GUID), "{said}");
    }
}

async fn keys_come_as_text_or_as_hash_and_once(world: &World) {
    let ada = world.ada().await;
    let list = format!("\u{feff}Account, SHA256, shape, created, name\nADA, {HASH}, guid, 2016-05-01,\"Old, of CI\"\n");
    assert_eq!(imported(world, &list, None).await, Summary { imported: 1, ..Summary::default() });
    // The same key again, as text: it stays as it is.
    let again = format!("account,key,created\nada,{GUID},2017-01-01\n");
    let summary = imported(world, &again, Some(Policy::Idle)).await;
    assert_eq!(summary.to_string(), "Imported 0 keys. One was imported before and stays as it is.");
    assert_eq!(legacy_tokens(world).await, 1);
    let id = newest_token(world, "Old, of CI").await;
    assert_eq!(ada.get(&format!("/settings/tokens/{id}")).await.heading(), "Old, of CI");
    let ends =
        "SELECT COUNT(*) FROM tokens WHERE kind = 'legacy' AND (expires_at IS NOT NULL OR retires_at IS NOT NULL)";
    assert_eq!(world.database.number(ends, &[]).await, 0);
    assert_eq!(world.database.events_of("ada").await, ["account created", "legacy key imported"]);
}

async fn an_import_tells_when_its_first_key_ends(world: &World) {
    world.ada().await;
    let list = format!(
        "account,key,created,last_push,name\nada,{GUID},2016-05-01,2027-02-01,{}\nada,{},2016-05-01,,\n",
        GUID.to_ascii_lowercase(),
        "old_Key-0123456789abcdefghijklmnopqrstuv"
    );
    assert_eq!(refused(world, &list).await, "nothing was imported:\nline 2: name: this looks like a key");
    let summary = imported(world, &list.replace(&GUID.to_ascii_lowercase(), "CI"), Some(Policy::Idle)).await;
    assert_eq!(summary.to_string(), "Imported 2 keys. The first to end does so on 2027-03-31.");
    let list = format!("account,sha256,shape,created\nada,{},guid,2016-05-01\n", "ab".repeat(32));
    let said = imported(world, &list, None).await.to_string();
    assert_eq!(said, "Imported 1 key. No key ends by itself, as no --policy was given.");
}

async fn a_key_of_another_account_is_not_taken_over(world: &World) {
    world.ada().await;
    world.bo().await;
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), None).await;
    let said = refused(world, &format!("account,key,created\nbo,{GUID},2016-05-01\n")).await;
    assert_eq!(said, "nothing was imported:\nline 2: this key is another token's on this host");
    assert_eq!(legacy_tokens(world).await, 1);
}

async fn the_pages_show_a_legacy_key_and_the_way_forward(world: &World) {
    let ada = world.ada().await;
    let list = format!("account,key,created,last_push,name\nada,{GUID},2016-05-01,2027-02-01T12:00:00Z,Old\n");
    imported(world, &list, Some(Policy::Idle)).await;
    let id = newest_token(world, "Old").await;
    let row = ada.get("/settings/tokens").await;
    let facts = row.texts(&format!("#token-{id}")).concat();
    assert!(facts.contains("Old Legacy 5f1d2c3… Active"), "{facts}");
    assert!(facts.contains("ago an older system") && facts.contains("1 Feb 2028"), "{facts}");
    assert_eq!(row.attributes(&format!("#token-{id} td[data-label=Retires] time"), "title"), ["1 Feb 2028, 12:00 UTC"]);
    assert!(!facts.contains("Refresh"), "{facts}");
    let page = ada.get(&format!("/settings/tokens/{id}")).await;
    assert!(page.body.contains("comes from an older system"), "{}", page.body);
    let acts = page.texts(".page-acts a");
    assert!(acts.iter().any(|act| act.starts_with("Duplicate")) && !acts.iter().any(|act| act.starts_with("Refresh")));

    assert_eq!(
        ada.get(&format!("/settings/tokens/{id}/duplicate")).await.form("/settings/tokens").values("permission"),
        ["nuget:pull", "nuget:push", "nuget:push-version", "nuget:delete"]
    );
    let refresh = ada.refresh(&id, "restart").await;
    assert_eq!(refresh.status, 409, "{}", refresh.body);
    world.pass(Duration::days(338));
    let ada = world.sign_in("ada").await;
    let retired = ada.get(&format!("/settings/tokens/{id}")).await;
    assert!(retired.body.contains("Retired") && retired.body.contains("no package was pushed"), "{}", retired.body);
    ada.must(&id, "delete").await;
    assert_eq!(legacy_tokens(world).await, 0);
}

async fn pushes(world: &World, version: &str) -> u16 {
    let file = nupkg("Contoso.Core", version);
    let form =
        reqwest::multipart::Form::new().part("package", reqwest::multipart::Part::bytes(file).file_name("a.nupkg"));
    let browser = world.browser();
    let request = browser.bare_request(Method::PUT, "/v3/package").header("x-nuget-apikey", GUID).multipart(form);
    browser.send(request).await.status
}

async fn a_push_moves_the_one_warning(world: &World) {
    world.ada().await;
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), Some(Policy::Idle)).await;
    let due = "SELECT CAST(due_at AS TEXT) FROM notices WHERE kind = 'warning' ORDER BY due_at";
    let warned_at = |at: chrono::DateTime<chrono::Utc>| vec![(at - Duration::days(10)).timestamp().to_string()];
    assert_eq!(world.database.texts(due, &[]).await, warned_at(world.now() + Duration::days(30)));
    for version in ["1.0.0", "1.0.1"] {
        world.pass(Duration::days(1));
        assert_eq!(pushes(world, version).await, 201);
        let retires = world.now() + Duration::days(365);
        assert_eq!(world.database.texts(due, &[]).await, warned_at(retires), "{version}");
        let stored = world.database.number("SELECT retires_at FROM tokens WHERE kind = 'legacy'", &[]).await;
        assert_eq!(stored, retires.timestamp(), "{version}");
        let others = "SELECT COUNT(*) FROM notices WHERE kind <> 'warning' AND cancelled_at IS NULL";
        assert_eq!(world.database.number(others, &[]).await, 3, "its end and two reminders, whatever is pushed");
    }
}

async fn an_idle_key_is_warned_of_once_and_retired_once(world: &World) {
    world.ada().await;
    imported(world, &format!("account,key,created,name\nada,{GUID},2016-05-01,Old\n"), Some(Policy::Idle)).await;
    world.pass(Duration::days(20));
    let report = run_expiry_warnings(&world.app(), false, world.now()).await.unwrap();
    assert_eq!(report.warned.len(), 1, "{report}");
    world.pass(Duration::days(9));
    assert!(run_expiry_warnings(&world.app(), false, world.now()).await.unwrap().warned.is_empty());
    assert_eq!(retire_legacy_keys(&world.app()).await.unwrap(), "");

    world.pass(Duration::days(1));
    let other = world.open(world.address(), &[]).await.unwrap();
    let app = world.app();
    let (one, two) = futures_util::join!(retire_legacy_keys(&app), retire_legacy_keys(&other));
    assert_eq!(one.unwrap() + &two.unwrap(), "1 retired");
    other.store.close().await;
    assert_eq!(
        world.database.events_of("ada").await,
        ["account created", "legacy key imported", "expiry warning sent", "legacy key retired"]
    );
    let retired = world.database.number("SELECT retired_at FROM tokens WHERE kind = 'legacy'", &[]).await;
    assert_eq!(retired, world.now().timestamp());
    assert_eq!(pushes(world, "1.0.0").await, 403);
}

async fn a_new_key_that_never_pushed_has_a_year(world: &World) {
    world.ada().await;
    imported(world, &format!("account,key,created,name\nada,{GUID},2027-02-01,New\n"), Some(Policy::Idle)).await;
    let retires = "SELECT retires_at FROM tokens WHERE kind = 'legacy'";
    let year = "2028-02-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(world.database.number(retires, &[]).await, year.timestamp());

    // As a release before December 2026 imported it.
    let soon = (world.now() + Duration::days(30)).timestamp().to_string();
    world.database.execute("UPDATE tokens SET retires_at = CAST($1 AS BIGINT) WHERE kind = 'legacy'", &[&soon]).await;
    let moved = "UPDATE notices SET occasion = $1, due_at = CAST($1 AS BIGINT) - 864000 WHERE kind = 'warning'";
    world.database.execute(moved, &[&soon]).await;
    assert_eq!(retire_legacy_keys(&world.app()).await.unwrap(), "");
    assert_eq!(world.database.number(retires, &[]).await, year.timestamp());
    let mail_content = "SELECT occasion FROM notices WHERE kind = 'warning' AND cancelled_at IS NULL";
    assert_eq!(world.database.texts(mail_content, &[]).await, [year.timestamp().to_string()]);
    world.pass(Duration::days(31));
    assert_eq!(retire_legacy_keys(&world.app()).await.unwrap(), "", "it is not a year old");
}

async fn an_operator_finds_a_pasted_key_of_an_older_system(world: &World) {
    let ada = operator(world, "ada").await;
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\n"), None).await;
    let page = ada.fill("/operator/tokens/find", |form| form.set("key", GUID)).await;
    assert_eq!(page.status, 303);
    assert!(page.location().ends_with(""), "{}", page.location());
    let unknown = GUID.replace('5', "6");
    assert_eq!(ada.fill("/operator/tokens/find", |form| form.set("key", &unknown)).await.status, 422);
}

/// It is written in steps, so that a long list stops nobody else's change.
#[actix_web::test]
async fn an_import_that_is_cut_short_goes_on_from_there() {
    walk(World::new(Engine::Sqlite), async |world: &World| {
        world.ada().await;
        let keys: String =
            (0..250).map(|n| format!("ada,old_Key-0123456789abcdefghijklmn{n:04},2016-05-01\n")).collect();
        let list = format!("account,key,created\n{keys}");
        let cut = "CREATE TRIGGER cut BEFORE INSERT ON legacy_keys WHEN (SELECT COUNT(*) FROM legacy_keys) >= 150
            BEGIN SELECT RAISE(ABORT, 'cut short'); END";
        world.database.execute(cut, &[]).await;
        refused(world, &list).await;
        assert_eq!(legacy_tokens(world).await, 100, "the first step holds");
        world.database.execute("DROP TRIGGER cut", &[]).await;
        let summary = imported(world, &list, None).await;
        assert_eq!((summary.before, summary.imported), (100, 150));
        assert_eq!(legacy_tokens(world).await, 250);
    })
    .await;
}

async fn a_pasted_key_of_an_older_system_is_kept_nowhere(world: &World) {
    let ada = world.ada().await;
    let text = "old_Key-0123456789abcdefghijklmnopqrstuv";
    imported(world, &format!("account,key,created\nada,{GUID},2016-05-01\nada,{text},2016-05-01\n"), None).await;
    let live = ada.key(world, "Live").await;
    let edit = format!("/settings/tokens/{}/edit", live.id);
    let tried =
        ada.get(&format!("/settings/tokens/{}", live.id)).await.form(&format!("/settings/tokens/{}/try", live.id));
    for key in [GUID, text] {
        for (field, value) in
            [("name", key.to_owned()), ("note", format!("it is {key}.")), ("patterns", format!("{key}*"))]
        {
            let made = ada.create("CI", |form| form.set(field, &value)).await;
            let edited = ada.fill(&edit, |form| form.set(field, &value)).await;
            for page in [made, edited] {
                assert_eq!(page.status, 422, "{field} {key}");
                assert!(
                    page.problem(field).starts_with("This contains a key."),
                    "{field} {key}: {:?}",
                    page.problems()
                );
            }
        }
        for path in ["/packages?q=", "/settings/tokens?q=", "/settings/tokens/new?note="] {
            let page = ada.get(&format!("{path}{key}")).await;
            let without_it = path.split('?').next().unwrap();
            assert_eq!((page.status, page.location()), (303, without_it), "{path}{key}");
        }
        let page = ada.submit(tried.clone().set("action", "nuget:pull").set("feed", "main").set("package", key)).await;
        assert_eq!(page.status, 422);
        assert!(page.problem("package").starts_with("This is a key"), "{:?}", page.problems());
    }
    let stranger = GUID.replace('5', "6");
    assert_eq!(ada.create("CI", |form| form.set("note", &stranger)).await.status, 200, "it is nobody's key");
}
