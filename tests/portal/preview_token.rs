//! What the form of a token comes to, before it is sent: covered packages, odd patterns, packages to tick, presets and
//! mornings; all of it without a script, and none of it makes anything.

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use latchkey::tokens::{FeedId, Kind, PackageKey, ServedKinds, decision::Role};
use reqwest::Method;

use crate::support::{
    page::{Form, Page},
    person::{Browser, newest_token, with_fields},
    world::{World, on_both_engines},
};

on_both_engines! {
    the_form_says_what_the_patterns_cover,
    only_packages_that_one_may_use_are_counted,
    odd_patterns_are_pointed_out,
    a_ticked_package_becomes_a_line,
    packages_to_tick_are_found_by_their_words,
    ten_thousand_packages_are_counted_and_more_are_said_to_be_more,
    a_preset_chooses_the_boxes_on_the_server,
    a_name_that_is_taken_is_said_and_does_not_block,
    the_end_can_be_a_weekday_morning,
    the_preview_is_for_its_own_page_only,
    hostile_previews_keep_nobody_else_waiting,
}

/// Publishes packages without their files.
async fn publish(world: &World, feed: &str, owner: &str, names: &[&str]) {
    let feed = world.database.text("SELECT id FROM feeds WHERE name = $1", &[feed]).await;
    let owner = world.database.text("SELECT id FROM accounts WHERE username = $1", &[owner]).await;
    for name in names {
        let id = PackageKey::generate(world.now(), &mut latchkey::random::system()).to_string();
        let package = "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at)
             VALUES ($1, $2, 'nuget', $3, $4, '', 1, 1, 0, 0)";
        world.database.execute(package, &[&id, &feed, name, &name.to_ascii_lowercase()]).await;
        let owned = "INSERT INTO package_owners (package, account, since) VALUES ($1, $2, 0)";
        world.database.execute(owned, &[&id, &owner]).await;
    }
}

async fn feed(world: &World, name: &str, owner: &str, member: Option<(&str, Role)>) -> FeedId {
    let app = world.app();
    let account = async |name: &str| app.store.account_named(name).await.unwrap().unwrap();
    let by = latchkey::audit::Actor::host("feed add");
    let mut tx = app.store.begin().await.unwrap();
    let feed = tx.add_feed(name, false, account(owner).await.id, &by, world.now()).await.unwrap().unwrap();
    if let Some((member, role)) = member {
        tx.set_member(feed, name, account(member).await.id, role, &by, world.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    feed
}

async fn blank(ada: &Browser) -> Form {
    ada.get("/settings/tokens/new").await.form("/settings/tokens")
}

/// Presses Preview.
async fn preview(ada: &Browser, form: Form) -> Page {
    let page = ada.submit(form.set("step", "preview")).await;
    assert_eq!((page.status, page.secret(), page.problems()), (200, None, vec![]), "{}", page.body);
    page
}

async fn covered(ada: &Browser, patterns: &str) -> Vec<String> {
    preview(ada, blank(ada).await.set("patterns", patterns)).await.texts("#coverage p")
}

async fn the_form_says_what_the_patterns_cover(world: &World) {
    let ada = world.ada().await;
    assert_eq!(
        covered(&ada, "Contoso.*").await,
        ["There is no NuGet package yet; future ones that match will be covered."]
    );
    publish(world, "main", "ada", &["Contoso", "Contoso.Core", "contoso.web", "Fabrikam"]).await;
    let form = blank(&ada).await.set("name", "CI").set("note", "Vault.").set("patterns", "Contoso.*");
    let page = preview(&ada, form.set("expires", "30").add("permission", "nuget:pull")).await;
    let lines = page.texts("#coverage p");
    assert_eq!(lines[0], "2 of your 4 NuGet packages, and future ones that match. Contoso.Core, contoso.web");
    assert!(lines[1].contains("but not “Contoso” itself"), "{lines:?}");
    let form = page.form("/settings/tokens");
    assert_eq!(
        ["name", "note", "patterns", "expires", "permission"].map(|field| form.value(field)),
        ["CI", "Vault.", "Contoso.*", "30", "nuget:pull"]
    );
    assert_eq!(world.database.number("SELECT COUNT(*) FROM tokens WHERE kind = 'personal'", &[]).await, 0);
    assert_eq!(covered(&ada, "*").await.len(), 1);
    assert_eq!(covered(&ada, "contoso.core").await, ["1 of your 4 NuGet packages. Contoso.Core"]);
    assert!(covered(&ada, "").await.is_empty());
    let key = ada.key(world, "CI").await;
    let edit = ada.get(&format!("/settings/tokens/{}/edit", key.id)).await;
    assert!(edit.texts("#coverage strong").concat().starts_with("2 of your 4"), "an edit says it at once");
}

async fn only_packages_that_one_may_use_are_counted(world: &World) {
    let ada = world.ada().await;
    world.bo().await;
    let team = feed(world, "team", "bo", Some(("ada", Role::Reader))).await.to_string();
    feed(world, "secret", "bo", None).await;
    publish(world, "main", "ada", &["Hers.One"]).await;
    publish(world, "main", "bo", &["His.One", "His.Two"]).await;
    publish(world, "team", "bo", &["Team.One", "hers.one"]).await;
    publish(world, "secret", "bo", &["Secret.One"]).await;
    let form = blank(&ada).await.set("patterns", "*.One");
    let first = async |form: Form| preview(&ada, form).await.texts("#coverage p").remove(0);
    let both = form.clone().add("permission", "nuget:pull").add("permission", "nuget:push");
    assert_eq!(
        first(both).await,
        "3 of your 4 NuGet packages, and future ones that match. You may publish 1 of them. Hers.One, His.One, Team.One"
    );
    let write = form.clone().set("preset", "write");
    assert_eq!(first(write).await, "The one NuGet package you may publish, and future ones that match. Hers.One");
    let one_feed = form.clone().set("feeds", "some").add("feed", &team);
    assert!(first(one_feed).await.starts_with("2 of your 2 NuGet packages"));
    let other = "SELECT id FROM feeds WHERE name = 'secret'";
    let foreign = form.set("feeds", "some").add("feed", &world.database.text(other, &[]).await);
    assert!(first(foreign).await.starts_with("No package is covered"), "a feed of others stays closed");
}

async fn odd_patterns_are_pointed_out(world: &World) {
    let ada = world.ada().await;
    publish(world, "main", "ada", &["Contoso.Core"]).await;
    let lines = covered(&ada, "Contoso.*\nContoso.Core\n@team/*\na#b").await;
    let said = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(said("“Contoso.Core” is not needed") && said("“@team/*” can match no NuGet package"), "{lines:?}");
    assert!(said("“a#b” contains “#”"), "{lines:?}");
    let form = blank(&ada).await.set("patterns", "@team/*").set("preset", "read").set("kind", "npm");
    let lines = preview(&ada, form).await.texts("#coverage p");
    assert_eq!(lines, ["There is no npm package yet; future ones that match will be covered."]);
    let page = ada.create("CI", |form| form.set("patterns", "a#b\nContoso.*\nc d\n..")).await;
    assert_eq!((page.status, page.texts("#patterns-error .line").len()), (422, 3), "every mistake is told");
    let many = "a#b\n".repeat(5000);
    let page = ada.create("CI", |form| form.set("patterns", &many)).await;
    assert_eq!((page.status, page.texts("#patterns-error .line").len()), (422, 11));
}

async fn a_ticked_package_becomes_a_line(world: &World) {
    let ada = world.ada().await;
    let names: Vec<_> = (0..150).map(|n| format!("Contoso.P{n:03}")).collect();
    publish(world, "main", "ada", &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    publish(world, "main", "ada", &["Fabrikam"]).await;
    let page = ada.get("/settings/tokens/new").await;
    assert_eq!(page.attributes("input[name=pick]", "value").len(), 100);
    assert!(page.texts("#picks .hint").concat().starts_with("51 packages not shown"));
    let form = page.form("/settings/tokens").set("patterns", "Litware.*").set("find", "FABRI").set("step", "find");
    let page = ada.submit(form).await;
    assert_eq!(page.attributes("input[name=pick]", "value"), ["Fabrikam"]);
    let page = ada.submit(page.form("/settings/tokens").add("pick", "Fabrikam").set("step", "preview")).await;
    assert_eq!(page.form("/settings/tokens").value("patterns"), "Litware.*\nFabrikam");
    assert_eq!(page.attributes("input[name=pick][checked][disabled]", "value"), ["Fabrikam"]);
    let form = page.form("/settings/tokens").set("name", "CI").set("preset", "read").add("pick", "Contoso.P001");
    assert_eq!(ada.submit(form.add("pick", "fabrikam")).await.status, 200);
    let stored = "SELECT patterns FROM tokens WHERE name = 'CI'";
    assert_eq!(world.database.text(stored, &[]).await, "Litware.*\nFabrikam\nContoso.P001");
    let page = ada.submit(blank(&ada).await.set("step", "find").set("find", "a\0b<i>")).await;
    assert_eq!((page.status, page.attributes("input[name=pick]", "value").len()), (200, 0));
    let page = ada.create("Bad", |form| form.add("pick", "a#b\nc")).await;
    assert_eq!((page.status, page.problem("patterns").is_empty()), (422, false), "what is ticked is read like a line");
}

async fn packages_to_tick_are_found_by_their_words(world: &World) {
    let (ada, bo) = (world.publisher("ada").await, world.publisher("bo").await);
    world.add_feed("secret", "bo", false).await;
    for (id, more) in
        [("Contoso.Logging.Abstractions", ""), ("Contoso.LoggingTools", "<tags>sinks</tags>"), ("Contoso.Core", "")]
    {
        assert_eq!(ada.push("main", id, "1.0.0", more).await.status, 201);
    }
    bo.pushes("main", "Fabrikam.Logging", "1.0.0").await;
    bo.pushes("secret", "Litware.Logging", "1.0.0").await;
    let found = async |preset: &str, typed: &str| {
        let form = blank(&ada.browser).await.set("preset", preset).set("step", "find").set("find", typed);
        let page = ada.browser.submit(form).await;
        assert_eq!(page.status, 200, "{}", page.body);
        page.attributes("input[name=pick]", "value")
    };
    let [abstractions, tools] = ["Contoso.Logging.Abstractions", "Contoso.LoggingTools"];
    for (preset, typed, names) in [
        ("read", "logging", &[abstractions, tools, "Fabrikam.Logging"][..]),
        ("read", "abstractions logging", &[abstractions]),
        ("read", "sinks", &[tools]),
        ("read", "owner:bo", &["Fabrikam.Logging"]),
        ("write", "logging", &[abstractions, tools]),
        ("read", "ogging", &[abstractions, tools, "Fabrikam.Logging"]),
        ("read", "litware", &[]),
        ("read", "%", &[]),
    ] {
        assert_eq!(found(preset, typed).await, names, "{preset} {typed}");
    }
}

async fn ten_thousand_packages_are_counted_and_more_are_said_to_be_more(world: &World) {
    let ada = world.ada().await;
    publish(world, "main", "ada", &["Contoso.P"]).await;
    let (feed, owner) = ("SELECT feed FROM packages", "SELECT account FROM package_owners");
    let (feed, owner) = (world.database.text(feed, &[]).await, world.database.text(owner, &[]).await);
    let more = "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
         INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at)
         SELECT 'p' || CAST(i AS TEXT), $1, 'nuget', 'Contoso.P' || CAST(i AS TEXT), 'contoso.p' || CAST(i AS TEXT), '', 1, 1, 0, 0 FROM n";
    world.database.execute(more, &[&feed]).await;
    let owners =
        "INSERT INTO package_owners (package, account, since) SELECT id, $1, 0 FROM packages WHERE id LIKE 'p%'";
    world.database.execute(owners, &[&owner]).await;
    assert!(covered(&ada, "Contoso.*\n*9").await[0].starts_with("10,000 of your 10,000 NuGet packages,"));
    publish(world, "main", "ada", &["Zebra"]).await;
    assert!(covered(&ada, "Contoso.*").await[0].contains("10,000 of the first 10,000 NuGet packages (there are more)"));
}

async fn a_preset_chooses_the_boxes_on_the_server(world: &World) {
    let ada = world.ada().await;
    let page = ada.get("/settings/tokens/new").await;
    assert_eq!(
        page.attributes("input[name=preset]", "value"),
        ["read", "read-write", "versions", "write", "full", "custom"]
    );
    let served: Vec<_> = ServedKinds::default().iter().map(Kind::as_str).collect();
    let offered = page.attributes("input[name=kind]", "value");
    assert_eq!(offered[..served.len()], served, "what this host does not serve is not offered");
    assert_eq!(offered[served.len()..], ["nuget-npm"]);
    let read_all = served.iter().map(|kind| format!("{kind}:pull")).collect::<Vec<_>>().join(" ");
    for (preset, kind, permissions) in [
        ("read", "nuget", "nuget:pull"),
        ("read-write", "nuget", "nuget:pull nuget:push"),
        ("write", "npm", "npm:push"),
        ("full", "container", "container:pull container:push container:delete api:read api:manage"),
        ("read", "nuget-npm", read_all.as_str()),
    ] {
        let name = format!("{preset} {kind}");
        let form = page.form("/settings/tokens").set("name", &name).set("patterns", "*").set("preset", preset);
        let form = form.set("kind", kind).set("form_id", blank(&ada).await.value("form_id"));
        // Boxes that were ticked before do not count.
        let made = ada.submit(form.add("permission", "nuget:delete")).await;
        assert_eq!(made.status, 200, "{name}: {}", made.body);
        let stored = "SELECT permissions FROM tokens WHERE id = $1";
        assert_eq!(world.database.text(stored, &[&newest_token(world, &name).await]).await, permissions);
    }
    let refused = ada.submit(page.form("/settings/tokens").set("preset", "write").set("kind", "npm")).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.form("/settings/tokens").value("preset"), "write", "the choice is kept");
    let nothing = ada.create("Nothing", |form| form.without("permission")).await;
    assert_eq!(nothing.problem("permission"), "Choose what the token may do, at least one thing.");
    let strange = ada.create("Strange", |form| form.set("preset", "read").set("kind", "cobol")).await;
    assert_eq!((strange.status, strange.problem("permission").is_empty()), (422, false));
}

async fn a_name_that_is_taken_is_said_and_does_not_block(world: &World) {
    let ada = world.ada().await;
    let key = ada.key(world, "CI").await;
    let taken = async |name: &str| preview(&ada, blank(&ada).await.set("name", name)).await.texts("#same-name code");
    assert_eq!(taken(" ci ").await, [&key.secret[..7]]);
    assert!(taken("CI 2").await.is_empty() && taken("a\0b").await.is_empty());
    let edit = ada.get(&format!("/settings/tokens/{}/edit", key.id)).await;
    assert!(edit.texts("#same-name p").is_empty(), "its own name is not another's");
    ada.key(world, "CI").await;
    let bo = world.bo().await;
    let page = preview(&bo, blank(&bo).await.set("name", "CI")).await;
    assert!(page.texts("#same-name p").is_empty(), "other people's names are their own");
}

async fn the_end_can_be_a_weekday_morning(world: &World) {
    let ada = world.ada().await;
    world.database.execute("UPDATE accounts SET time_zone = 'Europe/Berlin'", &[]).await;
    let page = ada.get("/settings/tokens/new").await;
    assert!(page.texts("[name=expires] option").contains(&"90 days (30 May 2027)".to_owned()), "{}", page.body);
    let form = page.form("/settings/tokens").set("preset", "read").set("patterns", "*").set("step", "preview");
    let shown = ada.submit(form.set("morning", "yes")).await.texts("#sentence").concat();
    assert!(shown.ends_with("in all feeds until 31 May 2027."), "{shown}");
    let end = async |name: &str| {
        let end = world.database.number("SELECT expires_at FROM tokens WHERE name = $1", &[name]).await;
        chrono::DateTime::from_timestamp(end, 0).unwrap().to_rfc3339()
    };
    let exact = ada.key(world, "Exact").await;
    assert_eq!(end("Exact").await, "2027-05-30T09:00:00+00:00", "90 days are 90 days");
    assert_eq!(ada.create("Morning", |form| form.set("morning", "yes")).await.status, 200);
    assert_eq!(end("Morning").await, "2027-05-31T08:00:00+00:00");
    let page = ada.act(&exact.id, "edit", |form| form.set("expires", "30").set("morning", "yes")).await;
    assert_eq!(page.status, 303, "{}", page.body);
    assert_eq!(end("Exact").await, "2027-04-01T08:00:00+00:00");
    world.restart_with(&[("max-token-days", "90")]).await;
    assert_eq!(ada.create("Bounded", |form| form.set("morning", "yes")).await.status, 200);
    assert_eq!(end("Bounded").await, "2027-05-28T08:00:00+00:00", "the Friday before");
}

async fn the_preview_is_for_its_own_page_only(world: &World) {
    let ada = world.ada().await;
    let form = blank(&ada).await.set("patterns", "Contoso.*");
    let part = ada.post("/settings/tokens/preview", &form.fields).await;
    assert_eq!((part.status, part.header("cache-control")), (200, "no-store"));
    assert_eq!(part.texts("#coverage p").len(), 1);
    assert!(!part.body.contains("<html") && !part.body.contains("csrf"));
    let bare = with_fields(ada.bare_request(Method::POST, "/settings/tokens/preview"), &form.fields);
    assert_eq!(ada.send(bare).await.status, 403);
    let stale = crate::support::page::Form { action: "/settings/tokens/preview".to_owned(), ..form.clone() };
    assert_eq!(
        ada.submit(stale.set("csrf", "x")).await.status,
        403,
        "a script asks, and what was typed is in its form"
    );
    let stranger = world.browser();
    let csrf = stranger.get("/sign-in").await.form_value();
    let mut fields = form.clone().set("csrf", &csrf);
    fields.action = "/settings/tokens/preview".to_owned();
    assert_eq!(stranger.submit(fields).await.status, 403, "who is not signed in learns nothing");
    assert_eq!(ada.get("/settings/tokens/preview").await.status, 405);
}

async fn hostile_previews_keep_nobody_else_waiting(world: &World) {
    let (ada, bo) = (world.ada().await, world.bo().await);
    let key = ada.key_with(world, "CI", |form| form.set("preset", "read")).await;
    let account = async |name: &str| world.app().store.account_named(name).await.unwrap().unwrap().id;
    let (hers, app) = (account("ada").await, world.app());
    let stubborn: String = (0..100).map(|n| format!("{}{n:02}\n", "*a".repeat(16))).collect();
    let form = blank(&ada).await.set("patterns", &stubborn).set("step", "preview");
    // Something of hers is at work already: whatever more she asks for waits until that is done.
    let turn = app.previews.turn(hers).await.unwrap();
    let mut asked: FuturesUnordered<_> = (0..16).map(|_| ada.submit(form.clone())).collect();
    let answered = async {
        for _ in 0..20 {
            let check = ada.bare_request(Method::GET, "/api/v1/tokens/current").bearer_auth(&key.secret);
            assert_eq!(ada.send(check).await.status, 200, "keys are checked meanwhile");
        }
        covered(&bo, "Contoso.*").await
    };
    let theirs = tokio::select! {
        biased;
        page = asked.next() => panic!("a preview was made out of turn: {:?}", page.map(|page| page.status)),
        theirs = answered => theirs,
    };
    assert_eq!(theirs.len(), 1, "somebody else's preview is made meanwhile");
    drop(turn);
    while let Some(page) = asked.next().await {
        assert_eq!((page.status, page.problems()), (200, vec![]));
    }
}
