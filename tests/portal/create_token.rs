//! Creating a token: what the form accepts, what comes back when it does not, and the one answer with the key.

use chrono::Duration;
use sha2::{Digest as _, Sha256};

use crate::support::{
    page::Form,
    person::{filled, newest_token, proven},
    snapshot::page_is,
    world::{World, on_both_engines},
};

on_both_engines! {
    a_created_token_shows_its_key_once_and_only_there,
    everything_the_form_says_is_stored,
    every_mistake_keeps_what_was_typed,
    an_empty_field_never_widens_anything,
    a_form_sent_twice_makes_one_token,
    a_date_ends_where_the_account_lives,
    the_operators_maximum_holds,
    a_duplicate_has_the_settings_and_a_key_of_its_own,
    after_a_quarter_of_an_hour_a_page_asks_for_the_password_and_keeps_the_form,
    a_name_left_empty_tells_the_kind_and_the_day,
    a_key_to_everything_for_ever_is_made_only_if_it_is_meant,
    feeds_of_which_none_is_chosen_are_asked_for,
}

async fn a_created_token_shows_its_key_once_and_only_there(world: &World) {
    let ada = world.ada().await;
    let page = ada.create("CI", |form| form).await;
    page_is("token_created", &page);
    assert_eq!(page.header("cache-control"), "no-store");
    let secret = page.secret().unwrap();
    assert_eq!(page.body.matches(&secret).count(), 1, "the key is written once");
    assert!(page.texts("pre").iter().all(|snippet| snippet.contains("YOUR_KEY") || !snippet.contains("lk_")));
    assert!(page.headers.values().all(|value| !value.to_str().unwrap().contains(&secret)));
    assert_eq!(world.refusal(&secret).await, None);

    let id = newest_token(world, "CI").await;
    let hash = world.database.text("SELECT hash FROM token_secrets WHERE token = $1", &[&id]).await;
    assert_eq!(hash, hex::encode(Sha256::digest(&secret)));
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created"]);
    for path in ["/settings/tokens", &format!("/settings/tokens/{id}"), &format!("/settings/tokens/{id}/edit")] {
        let page = ada.get(path).await;
        assert!(page.body.contains(&secret[..7]) && !page.body.contains(&secret[..12]), "{path}");
    }
}

async fn everything_the_form_says_is_stored(world: &World) {
    let ada = world.ada().await;
    let form = ada.get("/settings/tokens/new").await.form("/settings/tokens");
    assert_eq!((form.value("expires"), form.value("feeds")), ("90", "all"));
    let feed = ada.get("/settings/tokens/new").await.attributes("input[name=feed]", "value").remove(0);
    let form = form.set("name", "  <b>CI & \"co\"</b> ").set("note", "In the build system.\r\nAsk Bo.");
    let form = form.add("permission", "nuget:push-version").add("permission", "npm:pull").add("permission", "api:read");
    let form =
        form.set("patterns", "Contoso.**\r\n\r\n@team/*").set("feeds", "some").add("feed", &feed).set("expires", "365");
    let page = ada.submit(form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("&lt;b&gt;CI") || page.body.contains("&#60;b&#62;CI"), "names are text, not markup");
    let row = "SELECT name || '|' || note || '|' || permissions || '|' || patterns || '|' || feeds || '|' || kind FROM tokens WHERE kind = 'personal'";
    let expected = format!(
        "<b>CI & \"co\"</b>|In the build system.\nAsk Bo.|nuget:push-version npm:pull api:read|Contoso.*\n@team/*|{feed}|personal"
    );
    assert_eq!(world.database.text(row, &[]).await, expected);
    let end = "SELECT expires_at FROM tokens WHERE kind = 'personal'";
    assert_eq!(world.database.number(end, &[]).await, (world.now() + Duration::days(365)).timestamp());
}

async fn every_mistake_keeps_what_was_typed(world: &World) {
    let ada = world.ada().await;
    let long = "x".repeat(129);
    let many = (0..101).map(|number| format!("a{number}\n")).collect::<String>();
    for (field, value, problem) in [
        ("name", long.as_str(), "name"),
        ("name", "a\u{202e}b", "name"),
        ("name", "a\0b", "name"),
        ("note", "a\0b", "note"),
        ("note", &"x".repeat(501), "note"),
        ("permission", "nuget:everything", "permission"),
        ("permission", "api:introspect", "permission"),
        ("permission", "nuget:pull api:introspect", "permission"),
        ("permission", "nuget:pull,api:introspect", "permission"),
        ("permission", "a\0b", "permission"),
        ("patterns", "", "patterns"),
        ("patterns", "Contoso#Core", "patterns"),
        ("patterns", "a\0b", "patterns"),
        ("patterns", "Contoso.[a-z]", "patterns"),
        ("patterns", &many, "patterns"),
        ("feeds", "none", "feeds"),
        ("feeds", "some", "feeds"),
        ("expires", "", "expires"),
        ("expires", "0", "expires"),
        ("expires", "-1", "expires"),
        ("expires", "99999999999999999999", "expires"),
        ("expires", "2027-12-31", "expires"),
        ("expires", "keep", "expires"),
        ("expires", "date", "expires_on"),
    ] {
        let page = ada.create("CI for Contoso", |form| form.set("note", "In the vault.").set(field, value)).await;
        assert_eq!((page.status, page.secret()), (422, None), "{field} {value:?}: {}", page.body);
        assert!(!page.problem(problem).is_empty(), "{field} {value:?}: {:?}", page.problems());
        let again = page.form("/settings/tokens");
        for kept in ["name", "note", "patterns"].into_iter().filter(|kept| *kept != field) {
            assert!(
                ["CI for Contoso", "In the vault.", "Contoso.*"].contains(&again.value(kept)),
                "{kept} after {field}"
            );
        }
        if field != "permission" {
            assert_eq!(again.values("permission"), ["nuget:pull", "nuget:push"], "{field}");
        }
    }
    for date in ["2027-02-28", "2027-02-30", "0000-00-00", "2999-01-01", "tomorrow", "2027-3-9", "a\0b"] {
        let page = ada.create("CI", |form| form.set("expires", "date").set("expires_on", date)).await;
        assert_eq!((page.status, page.problem("expires_on").is_empty()), (422, false), "{date}");
        assert_eq!(page.form("/settings/tokens").value("expires"), "date");
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 0);
    assert_eq!(world.database.events_of("ada").await, ["account created"]);
}

async fn an_empty_field_never_widens_anything(world: &World) {
    let ada = world.ada().await;
    for field in ["permission", "patterns", "feeds", "expires"] {
        let page = ada.create("CI", |form| form.without(field)).await;
        assert_eq!((page.status, page.secret()), (422, None), "{field}");
    }
    let page =
        ada.create("CI", |form| form.set("feeds", "some").add("feed", "0190a000-0000-7000-8000-000000000001")).await;
    assert_eq!((page.status, page.problem("feeds").is_empty()), (422, false), "a feed that is not there");
}

async fn a_form_sent_twice_makes_one_token(world: &World) {
    let ada = world.ada().await;
    let form = filled(ada.get("/settings/tokens/new").await.form("/settings/tokens"), "CI");
    let first = ada.submit(form.clone()).await;
    let second = ada.submit(form.set("name", "Another name")).await;
    assert_eq!((second.status, second.heading().as_str(), second.secret()), (200, "Already done", None));
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 1);
    assert_eq!(world.refusal(&first.secret().unwrap()).await, None);
    let id = newest_token(world, "CI").await;
    let refresh = format!("/settings/tokens/{id}/refresh");
    assert_eq!(second.attributes(".button.main", "href"), [refresh]);
    assert_eq!(world.database.events_of("ada").await, ["account created", "token created"]);
}

async fn a_date_ends_where_the_account_lives(world: &World) {
    let ada = world.ada().await;
    world.database.execute("UPDATE accounts SET time_zone = 'Asia/Tokyo'", &[]).await;
    let page = ada.create("CI", |form| form.set("expires", "date").set("expires_on", "2027-03-31")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let end: chrono::DateTime<chrono::Utc> = "2027-03-31T15:00:00Z".parse().unwrap();
    assert_eq!(world.database.number("SELECT expires_at FROM tokens WHERE name = 'CI'", &[]).await, end.timestamp());
    assert!(page.texts(".sentence").concat().contains("until 31 Mar 2027,"), "{}", page.body);
}

async fn the_operators_maximum_holds(world: &World) {
    let ada = world.ada().await;
    let forever = ada.key_for(world, "For ever", "never").await;
    world.restart_with(&[("max-token-days", "30")]).await;
    assert_eq!(world.refusal(&forever.secret).await, None, "existing keys stay as they are");
    let page = ada.get("/settings/tokens/new").await;
    assert_eq!(page.attributes("select[name=expires] option", "value"), ["1", "30", "date"]);
    assert_eq!(page.form("/settings/tokens").value("expires"), "30");
    for (expires, date, problem) in
        [("31", "", "expires"), ("90", "", "expires"), ("never", "", "expires"), ("date", "2027-04-02", "expires_on")]
    {
        let page = ada.create("CI", |form| form.set("expires", expires).set("expires_on", date)).await;
        assert_eq!(page.problem(problem), "On this host a token lives at most 30 days.", "{expires} {date}");
    }
    let furthest = (world.now() + Duration::days(30)).timestamp();
    let page = ada.create("To the last day", |form| form.set("expires", "date").set("expires_on", "2027-03-31")).await;
    assert_eq!(page.status, 200);
    let end = "SELECT expires_at FROM tokens WHERE name = $1";
    assert_eq!(world.database.number(end, &["To the last day"]).await, furthest);
    let page = ada.refresh(&forever.id, "restart").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert_eq!(world.database.number(end, &["For ever"]).await, furthest, "a refresh brings it within the maximum");
}

async fn a_duplicate_has_the_settings_and_a_key_of_its_own(world: &World) {
    let ada = world.ada().await;
    let key = ada
        .key_with(world, "CI", |form| form.set("note", "In the vault.").set("patterns", "Contoso.*\nFabrikam.*"))
        .await;
    let page = ada.get(&format!("/settings/tokens/{}/duplicate", key.id)).await;
    assert_eq!(page.heading(), "Duplicate a token");
    let form = page.form("/settings/tokens");
    assert_eq!(
        (form.value("name"), form.value("note"), form.value("patterns")),
        ("CI (copy)", "In the vault.", "Contoso.*\nFabrikam.*")
    );
    assert_eq!(form.values("permission"), ["nuget:pull", "nuget:push"]);
    let copy = ada.submit(form.add("permission", "nuget:delete")).await.secret().unwrap();
    assert_ne!(copy, key.secret);
    assert_eq!((world.refusal(&copy).await, world.refusal(&key.secret).await), (None, None));
    let sql = "SELECT permissions FROM tokens WHERE name = 'CI (copy)'";
    assert_eq!(world.database.text(sql, &[]).await, "nuget:pull nuget:push nuget:delete");
}

async fn after_a_quarter_of_an_hour_a_page_asks_for_the_password_and_keeps_the_form(world: &World) {
    let ada = world.ada().await;
    let early = ada.get("/settings/tokens/new").await;
    assert!(early.texts("#proof_password").is_empty());
    world.pass(Duration::minutes(15) + Duration::seconds(1));
    let form = filled(early.form("/settings/tokens"), "CI").set("note", "In the vault.");
    let asked = ada.submit(form).await;
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Confirm it is you"));
    let wrong = ada.submit(asked.form("/settings/tokens").set("proof_password", "wrong")).await;
    assert_eq!((wrong.status, wrong.problem("proof_password").as_str()), (422, "This is not your password."));
    let form = wrong.form("/settings/tokens");
    assert_eq!((form.value("name"), form.value("note"), form.value("proof_password")), ("CI", "In the vault.", ""));
    let page = ada.submit(proven(form, "ada")).await;
    assert_eq!((page.status, page.heading().as_str()), (200, "Token created"));
    assert_eq!(ada.create("The next one", |form| form).await.status, 200, "the proof counts for what follows");
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 2);
}

async fn a_name_left_empty_tells_the_kind_and_the_day(world: &World) {
    let ada = world.ada().await;
    let placeholder = async || ada.get("/settings/tokens/new").await.attributes("#name", "placeholder");
    assert_eq!(placeholder().await, ["NuGet token, 1 Mar"]);
    for name in ["NuGet token, 1 Mar", "NuGet token, 1 Mar (2)", "NuGet token, 1 Mar (3)"] {
        assert_eq!(placeholder().await, [name]);
        assert_eq!(ada.create("", |form| form).await.status, 200);
        newest_token(world, name).await;
    }
    assert_eq!(ada.create(" ", |form| form.add("permission", "npm:pull")).await.status, 200);
    newest_token(world, "Package token, 1 Mar").await;
    let page = ada.create("", |form| form.set("patterns", "")).await;
    assert_eq!((page.status, page.form("/settings/tokens").value("name")), (422, ""), "what was left empty stays so");
    let names = "SELECT COUNT(DISTINCT name) FROM tokens WHERE kind = 'personal'";
    assert_eq!(world.database.number(names, &[]).await, 4);
}

async fn a_key_to_everything_for_ever_is_made_only_if_it_is_meant(world: &World) {
    let ada = world.ada().await;
    let all = |form: Form| form.set("preset", "full").set("kind", "nuget").set("scope", "all").set("expires", "never");
    let asked = ada.create("Everything", all).await;
    assert_eq!((asked.status, asked.problem("sure").is_empty(), asked.secret()), (422, false, None));
    assert_eq!(asked.texts(".guard.asked").len(), 1, "the page says what such a key is");
    let form = asked.form("/settings/tokens");
    assert_eq!(ada.submit(form.clone().set("expires", "90").set("name", "For a while")).await.status, 200);
    let form_id = ada.get("/settings/tokens/new").await.form("/settings/tokens").value("form_id").to_owned();
    assert_eq!(ada.submit(form.set("sure", "yes").set("form_id", &form_id)).await.status, 200);
    assert_eq!(
        world.database.number("SELECT COUNT(*) FROM tokens WHERE patterns = '*' AND kind = 'personal'", &[]).await,
        2
    );
}

async fn feeds_of_which_none_is_chosen_are_asked_for(world: &World) {
    let ada = world.ada().await;
    let page = ada.create("CI", |form| form.set("feeds", "some")).await;
    assert_eq!((page.status, page.problem("feeds").as_str()), (422, "Choose a feed, or all feeds."));
    assert_eq!(page.texts("details[open] #feeds").len(), 1, "what is folded away is unfolded where it is wrong");
}
