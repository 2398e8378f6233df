//! What a key was refused is on its owner's pages at once, with the step that mends it; nobody else sees it.

use chrono::Duration;
use reqwest::Method;

use crate::support::{
    page::Page,
    person::{Browser, Key},
    snapshot::page_is,
    world::{World, on_both_engines},
};

on_both_engines! {
    every_refusal_names_its_rule_and_the_step_that_mends_it,
    what_was_mended_says_so,
    open_refusals_are_counted_in_the_menu_until_they_are_fixed_or_old,
    the_step_for_a_feed_ticks_it_and_saves_nothing,
    refusals_are_paged_by_key,
    nobody_sees_the_refusals_of_others,
    a_token_switched_off_for_a_while_is_on_again_by_itself_and_told_who_came,
    a_pause_moves_no_warning,
    old_keys_are_told_until_nobody_comes_with_them,
}

/// A request with a key as a build machine makes it; gives the status.
async fn tries(from: &Browser, method: Method, path: &str, key: &Key) -> u16 {
    let request = from.bare_request(method, path).header("x-nuget-apikey", key.secret.as_str());
    from.send(request).await.status
}

async fn reads(from: &Browser, package: &str, key: &Key) -> u16 {
    tries(from, Method::GET, &format!("/v3/flat/{package}/index.json"), key).await
}

/// Lets the feed have packages of these names: what it has not, no key is refused.
async fn has(world: &World, names: &[String]) {
    for name in names {
        let insert = "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at, newest)
            SELECT $1, id, 'nuget', $1, LOWER($1), '', 1, 1, 0, 0, '' FROM feeds WHERE name = 'main'";
        world.database.execute(insert, &[name]).await;
    }
}

fn lines(page: &Page) -> Vec<String> {
    page.texts(".refusals tbody tr").iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn steps(page: &Page) -> Vec<String> {
    page.attributes(".refusals .button", "href")
}

async fn every_refusal_names_its_rule_and_the_step_that_mends_it(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_with(world, "CI", |form| form.untick("permission", "nuget:push")).await;
    has(world, &["Fabrikam.Core".to_owned()]).await;
    let token = format!("/settings/tokens/{}", key.id);
    let step = async |rule: &str, path: &str| {
        let page = ada.get("/settings/refusals").await;
        assert!(lines(&page)[0].contains(rule), "{rule}: {:?}", lines(&page));
        assert_eq!(steps(&page).first().map(String::as_str), Some(path).filter(|path| !path.is_empty()), "{rule}");
        world.pass(Duration::minutes(1));
    };
    reads(&ada, "Fabrikam.Core", &key).await;
    step("patterns covered Fabrikam.Core", &format!("{token}/add?pattern=Fabrikam.Core")).await;
    tries(&ada, Method::PUT, "/v3/package", &key).await;
    step("not allowed to push NuGet packages", &format!("{token}/duplicate?allow=nuget%3Apush")).await;
    tries(&ada, Method::DELETE, "/v3/package/Contoso.Core/1.0.0", &key).await;
    step("not allowed to delete NuGet packages", &format!("{token}/duplicate?allow=nuget%3Adelete")).await;
    ada.must(&key.id, "deactivate").await;
    reads(&ada, "Contoso.Core", &key).await;
    step("was switched off on", &format!("{token}/reactivate")).await;
    ada.must(&key.id, "reactivate").await;
    let refreshed = Key { secret: ada.refresh(&key.id, "keep").await.secret().unwrap(), ..key.clone() };
    reads(&ada, "Contoso.Core", &key).await;
    let page = ada.get("/settings/refusals").await;
    let told = &lines(&page)[0];
    assert!(told.contains("it was replaced on") && told.contains(&refreshed.secret[..7]), "{told}");
    world.pass(Duration::days(91));
    let ada = world.sign_in("ada").await;
    reads(&ada, "Contoso.Core", &refreshed).await;
    let page = ada.get("/settings/refusals").await;
    assert!(lines(&page)[0].contains("The token expired on"), "{:?}", lines(&page));
    assert_eq!(steps(&page)[0], format!("{token}/refresh"));
    world.pass(Duration::minutes(1));
    ada.must(&key.id, "revoke").await;
    reads(&ada, "Contoso.Core", &refreshed).await;
    let page = ada.get(&format!("/settings/refusals?token={}", key.id)).await;
    page_is("refusals", &page);
    assert!(steps(&page).iter().all(|path| *path == format!("{token}/duplicate")), "{:?}", steps(&page));
}

async fn what_was_mended_says_so(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    has(world, &["Fabrikam.Core".to_owned()]).await;
    for _ in 0..2 {
        assert_eq!(reads(&ada, "Fabrikam.Core", &key).await, 403);
        reads(&ada, "Fabrikam.Core", &key).await;
        world.pass(Duration::hours(1));
    }
    let ada = world.sign_in("ada").await;
    let page = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    assert!(lines(&page)[0].contains("Read Fabrikam.Core from main"), "{:?}", lines(&page));
    ada.act(&key.id, "edit", |form| form.set("patterns", "Contoso.*\nFabrikam.*")).await;
    let page = ada.get("/settings/refusals").await;
    assert!(lines(&page)[0].ends_with("Fixed Now covered"), "{:?}", lines(&page));
    assert!(steps(&page).is_empty());
}

async fn open_refusals_are_counted_in_the_menu_until_they_are_fixed_or_old(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    has(world, &["Fabrikam.Core".to_owned(), "Litware.Core".to_owned()]).await;
    let token = format!("/settings/tokens/{}", key.id);
    let counts = async |path: &str| {
        let page = ada.get(path).await;
        (page.texts(".side .count").concat(), page.texts(".contents .count").concat())
    };
    assert_eq!(counts(&token).await, (String::new(), String::new()));
    for name in ["Fabrikam.Core", "Litware.Core"] {
        reads(&ada, name, &key).await;
    }
    assert_eq!(counts("/settings/refusals").await.0, "2 open", "told at once");
    assert_eq!(counts("/settings/tokens").await.0, "2 open");
    assert_eq!(counts(&token).await, ("2 open".to_owned(), "2 open".to_owned()));
    for path in ["/settings/profile", "/settings/tokens/new", "/settings/sessions", &format!("{token}/revoke")] {
        assert_eq!(counts(path).await.0, "2 open", "{path}");
    }
    assert_eq!(counts("/operator").await.0, "");
    assert_eq!(world.sign_up("bo").await.get("/settings/profile").await.texts(".side .count"), Vec::<String>::new());
    ada.act(&key.id, "edit", |form| form.set("patterns", "Contoso.*\nFabrikam.*")).await;
    assert_eq!(counts(&token).await, ("1 open".to_owned(), "1 open".to_owned()), "one is fixed");
    world.pass(Duration::days(8));
    let ada = world.sign_in("ada").await;
    let page = ada.get(&token).await;
    assert!(page.texts(".side .count, .contents .count, .alerts").is_empty(), "what is a week old is only listed");
    assert_eq!(page.texts(".refusals tbody tr").len(), 2);
}

async fn the_step_for_a_feed_ticks_it_and_saves_nothing(world: &World) {
    let ada = world.ada().await;
    let app = world.app();
    let account = app.store.account_named("ada").await.unwrap().unwrap().id;
    let host = latchkey::audit::Actor::host("feed add");
    let mut tx = app.store.begin().await.unwrap();
    let team = tx.add_feed("team", false, account, &host, world.now()).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let key = ada.key_with(world, "CI", |form| form.set("feeds", "some").add("feed", &team.to_string())).await;
    reads(&ada, "Contoso.Core", &key).await;
    let page = ada.get("/settings/refusals").await;
    assert!(lines(&page)[0].contains("limited to other feeds than main"), "{:?}", lines(&page));
    let main = app.store.feed("main", None).await.unwrap().unwrap().feed.id;
    assert_eq!(steps(&page), [format!("/settings/tokens/{}/add?feed={main}", key.id)]);
    let form = ada.get(&steps(&page)[0]).await;
    assert_eq!(form.texts(".diff li"), ["team", "+ Added: main"]);
    assert_eq!(reads(&ada, "Contoso.Core", &key).await, 403, "nothing is saved by looking");
    assert_eq!(ada.submit(form.form(&format!("/settings/tokens/{}/add", key.id))).await.status, 303);
    assert_eq!(reads(&ada, "Contoso.Core", &key).await, 404, "covered now; there is no such package");
    let page = ada.get("/settings/refusals").await;
    assert!(lines(&page)[0].ends_with("Fixed Now covered"), "{:?}", lines(&page));
    world.pass(Duration::seconds(1));
    tries(&ada, Method::GET, "/feeds/nowhere/nuget/v3/query", &key).await;
    let page = ada.get("/settings/refusals").await;
    assert!(lines(&page)[0].contains("There is no feed nowhere that you can use"), "{:?}", lines(&page));
}

async fn refusals_are_paged_by_key(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let names: Vec<_> = (0..120).map(|number| format!("Fabrikam.P{number}")).collect();
    has(world, &names).await;
    for name in &names {
        reads(&ada, name, &key).await;
    }
    // A page waits for a hundred of what was noted last; the job writes the rest.
    latchkey::jobs::write_usage(&world.app()).await.unwrap();
    let (mut path, mut seen) = ("/settings/refusals".to_owned(), Vec::new());
    for expected in [50, 50, 20] {
        let page = ada.get(&path).await;
        assert_eq!(lines(&page).len(), expected);
        seen.extend(steps(&page));
        path = page.attributes(".end a", "href").pop().unwrap_or_default();
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), path.as_str()), (120, "/settings/refusals"), "each once, and back to the newest");
    for wrong in ["after=x", "after=1.%00", "after=99999999999999999999.a", "token=x"] {
        assert_eq!(ada.get(&format!("/settings/refusals?{wrong}")).await.status, 404, "{wrong}");
    }
}

async fn nobody_sees_the_refusals_of_others(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    let key = ada.key(world, "CI").await;
    has(world, &["Fabrikam.Core".to_owned()]).await;
    reads(&bo, "Fabrikam.Core", &key).await;
    assert_eq!(lines(&ada.get("/settings/refusals").await).len(), 1, "whoever came with the key");
    let page = bo.get("/settings/refusals").await;
    assert!(lines(&page).is_empty() && page.body.contains("Nothing was refused"));
    assert_eq!(bo.get(&format!("/settings/refusals?token={}", key.id)).await.status, 404);
    assert_eq!(world.browser().get("/settings/refusals").await.status, 303);
}

async fn a_token_switched_off_for_a_while_is_on_again_by_itself_and_told_who_came(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let page = ada.act(&key.id, "deactivate", |form| form.set("until", "2h")).await;
    assert_eq!((page.status, page.problem("until").is_empty()), (422, false));
    let page = ada.act(&key.id, "deactivate", |form| form.set("until", "1h")).await;
    assert_eq!(page.location(), format!("/settings/tokens/{}", key.id));
    let robot = world.browser().from("198.51.100.9");
    for _ in 0..3 {
        assert_eq!(reads(&robot, "Contoso.Core", &key).await, 403);
    }
    let page = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    let told = page.texts("#off").concat();
    assert!(told.contains("3 requests") && told.contains("198.51.100.9") && told.contains("in 60 minutes"), "{told}");
    assert_eq!(page.texts(".badge")[0], "Deactivated");
    world.pass(Duration::hours(1) - Duration::seconds(1));
    assert_eq!(reads(&robot, "Contoso.Core", &key).await, 403);
    world.pass(Duration::seconds(1));
    assert_eq!(reads(&robot, "Contoso.Core", &key).await, 404, "no such package, but the key opens the door");
    let ada = world.sign_in("ada").await;
    let page = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    assert_eq!((page.texts(".badge")[0].as_str(), page.texts("#off").len()), ("Active", 0));
    assert!(lines(&page)[0].ends_with("Fixed It is on again"), "{:?}", lines(&page));
    ada.must(&key.id, "revoke").await;
    let page = ada.act(&key.id, "deactivate", |form| form).await;
    assert_eq!(page.status, 409);
}

async fn a_pause_moves_no_warning(world: &World) {
    let ada = world.ada().await;
    let key = ada.key_for(world, "CI", "30").await;
    let mail_content = "SELECT COUNT(*) FROM notices WHERE subject = $1 AND kind = 'warning' AND cancelled_at IS NULL";
    ada.act(&key.id, "deactivate", |form| form.set("until", "7d")).await;
    assert_eq!(world.database.number(mail_content, &[&key.id]).await, 0);
    world.pass(Duration::days(7));
    latchkey::jobs::end_pauses(&world.app()).await.unwrap();
    assert_eq!(world.database.number(mail_content, &[&key.id]).await, 1, "the warning is owed again");
    let ada = world.sign_in("ada").await;
    let events = world.database.events_of("ada").await;
    assert_eq!(events[1..4], ["token created", "token deactivated", "token reactivated"]);
    let page = ada.get(&format!("/settings/tokens/{}", key.id)).await;
    let told = page.texts(".history").concat();
    assert!(told.contains("Token reactivated (by itself)") && told.contains("This host"), "{told}");
}

async fn old_keys_are_told_until_nobody_comes_with_them(world: &World) {
    let ada = world.ada().await;
    let old = ada.key(world, "CI").await;
    let path = format!("/settings/tokens/{}", old.id);
    ada.refresh(&old.id, "keep").await;
    world.pass(Duration::minutes(1));
    assert_eq!(ada.get(&path).await.texts("#late").len(), 0);
    for _ in 0..14 {
        reads(&ada, "Contoso.Core", &old).await;
    }
    world.pass(Duration::minutes(5));
    let told = ada.get(&path).await.texts("#late li").concat();
    assert!(told.contains("was used 14 times since, last 5 minutes ago by Otter 7 from 203.0.113.7"), "{told}");
    world.pass(Duration::seconds(1));
    ada.refresh(&old.id, "keep").await;
    assert_eq!(ada.get(&path).await.texts("#late").len(), 0, "what came before the last refresh is past");
}
