//! Packages and feeds in the browser: what there is to see, for whom, and what owners and operators do with it.

use latchkey::{audit::Actor, tokens::decision::Role};
use reqwest::Method;

use crate::support::{
    nupkg::{nupkg, with},
    page::{Form, Page},
    person::{Browser, proven},
    world::{World, on_both_engines},
};

on_both_engines! {
    a_package_is_found_looked_at_unlisted_and_listed_again,
    pages_are_still_found_at_the_addresses_they_had_without_the_kind,
    a_search_marks_what_it_found_and_filters_go_together,
    searches_are_turned_page_by_page,
    lists_and_versions_are_turned_page_by_page,
    only_operators_remove_versions_and_nobody_gets_them_back,
    what_a_package_says_of_itself_is_only_text,
    a_public_feed_is_looked_at_without_signing_in_and_names_nobody,
}

/// A person who has a key for everything, to publish with.
pub struct Publisher {
    pub browser: Browser,
    pub secret: String,
}

impl World {
    /// Somebody signed in, with a key.
    pub async fn publisher(&self, username: &str) -> Publisher {
        let browser = self.sign_up(username).await;
        let key =
            browser.key_with(self, "CI", |form| form.set("patterns", "*").add("permission", "nuget:delete")).await;
        Publisher { browser, secret: key.secret }
    }

    /// A feed of somebody's.
    pub async fn add_feed(&self, name: &str, owner: &str, public: bool) {
        let app = self.app();
        let owner = app.store.account_named(owner).await.unwrap().unwrap();
        let mut tx = app.store.begin().await.unwrap();
        tx.add_feed(name, public, owner.id, &Actor::host("feed add"), self.now()).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }

    /// Gives somebody a role in a feed, or takes it away, as an operator does.
    pub async fn set_role(&self, feed: &str, username: &str, role: Option<Role>) {
        let app = self.app();
        let account = app.store.account_named(username).await.unwrap().unwrap();
        let feed = app.store.feed(feed, None).await.unwrap().unwrap().feed;
        let mut tx = app.store.begin().await.unwrap();
        tx.change_member(&feed, account.id, role, &Actor::host("feed member"), self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn make_operator(&self, username: &str) {
        self.database.execute("UPDATE accounts SET operator_since = 1 WHERE username = $1", &[username]).await;
    }
}

impl Publisher {
    /// Pushes a version to a feed.
    pub async fn push(&self, feed: &str, id: &str, version: &str, more: &str) -> Page {
        self.send(feed, with(id, version, more)).await
    }

    pub async fn send(&self, feed: &str, file: Vec<u8>) -> Page {
        let request = self.browser.bare_request(Method::PUT, &format!("/feeds/{feed}/nuget/v3/package"));
        let request = request.header("x-nuget-apikey", &self.secret).header("content-type", "application/octet-stream");
        Page::of(request.body(file).send().await.unwrap()).await
    }

    pub async fn pushes(&self, feed: &str, id: &str, version: &str) {
        let page = self.send(feed, nupkg(id, version)).await;
        assert_eq!(page.status, 201, "{}", page.body);
    }

    /// Asks for a version's bytes with the key.
    async fn downloads(&self, id: &str, version: &str) -> u16 {
        let path = format!("/v3/flat/{id}/{version}/{id}.{version}.nupkg");
        let request = self.browser.bare_request(Method::GET, &path).bearer_auth(&self.secret);
        request.send().await.unwrap().status().as_u16()
    }
}

/// The names of the packages a page lists.
fn names(page: &Page) -> Vec<String> {
    page.texts(".packages tbody th a")
}

/// Presses the button of a page that asks.
pub async fn confirm(browser: &Browser, path: &str) -> Page {
    browser.fill(path, |form| form).await
}

async fn pages_are_still_found_at_the_addresses_they_had_without_the_kind(world: &World) {
    let ada = world.publisher("ada").await;
    ada.pushes("main", "Contoso.Core", "1.0.0").await;
    let (old, new) = ("/feeds/main/packages/Contoso.Core", "/feeds/main/packages/nuget/Contoso.Core");
    for (old_rest, new_rest) in [
        ("", ""),
        ("?after=1.0.0&from=%20", "?after=1.0.0&from=%20"),
        ("/1.0.0", "/-/1.0.0"),
        ("/1.0.0/unlist", "/-/1.0.0/unlist"),
        ("/owners", "/-/owners"),
        ("/owners/7", "/-/owners/7"),
    ] {
        let page = ada.browser.get(&format!("{old}{old_rest}")).await;
        assert_eq!((page.status, page.location()), (308, format!("{new}{new_rest}").as_str()), "{old_rest}");
    }
    assert_eq!(ada.browser.get(new).await.status, 200);
    let form = ada.browser.get(&format!("{new}/-/1.0.0/unlist")).await.form(&format!("{new}/-/1.0.0/unlist"));
    let sent = ada.browser.post(&format!("{old}/1.0.0/unlist"), &[("csrf", form.value("csrf"))]).await;
    assert_eq!((sent.status, sent.location()), (308, format!("{new}/-/1.0.0/unlist").as_str()));
    assert_eq!(ada.browser.submit(form).await.status, 303);
    for none in ["/feeds/main/packages/nuget/A/owners/B/C", "/feeds/main/packages/A/-/-/1.0.0"] {
        assert_eq!(ada.browser.get(none).await.status, 404, "{none}");
    }
}

async fn a_package_is_found_looked_at_unlisted_and_listed_again(world: &World) {
    let ada = world.publisher("ada").await;
    let teaching = ada.browser.get("/feeds/main").await;
    assert!(teaching.texts(".empty pre")[0].starts_with("dotnet nuget push Contoso.Core.1.0.0.nupkg --source http://"));
    ada.pushes("main", "Contoso.Core", "1.0.0").await;
    ada.pushes("main", "Contoso.Core", "1.10.0-beta").await;
    ada.pushes("main", "Fabrikam.Core", "1.0.0").await;
    let (id, hint) = (world.database.text("SELECT id FROM tokens WHERE name = 'CI'", &[]).await, &ada.secret[..7]);

    for list in ["/packages", "/feeds/main"] {
        assert_eq!(names(&ada.browser.get(list).await), ["Contoso.Core", "Fabrikam.Core"]);
        assert_eq!(names(&ada.browser.get(&format!("{list}?q=CONTOSO+counts")).await), ["Contoso.Core"]);
        let none = ada.browser.get(&format!("{list}?q=%00100%25+_")).await;
        assert_eq!(none.texts(".empty h2"), ["No packages match “100% _”"]);
    }
    let page = ada.browser.get("/feeds/main/packages/nuget/contoso.core").await;
    assert_eq!((page.heading().as_str(), page.texts(".version")), ("Contoso.Core", vec!["1.0.0".to_owned()]));
    assert_eq!(page.texts(".versions tbody th a"), ["1.10.0-beta", "1.0.0"], "the highest first");
    assert_eq!(page.attributes(".versions td[data-label=Published] a", "href")[0], format!("/settings/tokens/{id}"));
    assert!(page.texts(".versions td[data-label=Published]")[0].contains(&format!("by ada with {hint}…")));

    let path = "/feeds/main/packages/nuget/Contoso.Core/-/1.0.0";
    let done = confirm(&ada.browser, &format!("{path}/unlist")).await;
    assert_eq!((done.status, done.location()), (303, path));
    assert_eq!(ada.browser.get(done.location()).await.texts(".badge"), ["Unlisted"]);
    assert_eq!(ada.browser.get("/packages").await.texts(".packages td[data-label=Version] .top")[0], "1.10.0-beta");
    confirm(&ada.browser, "/feeds/main/packages/nuget/Contoso.Core/-/1.10.0-beta/unlist").await;
    assert_eq!(names(&ada.browser.get("/packages").await), ["Fabrikam.Core"]);
    assert_eq!(names(&ada.browser.get("/packages?q=contoso&unlisted=yes").await), ["Contoso.Core"]);
    assert_eq!(ada.downloads("contoso.core", "1.0.0").await, 200);
    assert_eq!(confirm(&ada.browser, &format!("{path}/relist")).await.status, 303);
    assert_eq!(names(&ada.browser.get("/packages").await), ["Contoso.Core", "Fabrikam.Core"]);
    let events = world.database.events_of("ada").await;
    assert_eq!(events[events.len() - 3..], ["version unlisted", "version unlisted", "version relisted"]);

    // A colleague of the feed looks at it, without the way to the token and without buttons.
    let bo = world.bo().await;
    for (q, found) in [
        ("owner:Ada", &["Contoso.Core", "Fabrikam.Core"][..]),
        ("contoso+OWNER:ada", &["Contoso.Core"]),
        ("owner:bo", &[]),
        ("owner:ada+owner:bo", &[]),
    ] {
        assert_eq!(names(&bo.get(&format!("/packages?q={q}")).await), found, "{q}");
    }
    let page = bo.get("/feeds/main/packages/nuget/Contoso.Core").await;
    assert!(page.texts(".versions td[data-label=Published]")[0].contains(&format!("by ada with {hint}…")));
    assert!(
        page.attributes(".versions td[data-label=Published] a", "href").is_empty() && page.texts(".acts a").is_empty()
    );
    world.database.execute("DELETE FROM accounts WHERE username = 'ada'", &[]).await;
    let page = bo.get("/feeds/main/packages/nuget/Contoso.Core").await;
    assert!(
        page.texts(".versions td[data-label=Published]")[0].contains(&format!("by a deleted account with {hint}…"))
    );
}

async fn a_search_marks_what_it_found_and_filters_go_together(world: &World) {
    let ada = world.publisher("ada").await;
    world.add_feed("team", "ada", false).await;
    for (feed, name, version) in
        [("main", "Contoso.Core", "1.0.0"), ("main", "Core.Tools", "1.0.0-beta"), ("team", "Fabrikam.Core", "1.0.0")]
    {
        ada.pushes(feed, name, version).await;
    }
    let page = ada.browser.get("/packages?q=CORE").await;
    assert_eq!(names(&page), ["Core.Tools", "Contoso.Core", "Fabrikam.Core"]);
    assert_eq!(page.texts(".packages mark"), ["Core", "Core", "Core"]);
    assert_eq!(page.attributes("#find input[data-live]", "value"), ["CORE"]);
    for (query, found) in [
        ("q=core&stable=yes", &["Contoso.Core", "Fabrikam.Core"][..]),
        ("q=core&feed=team", &["Fabrikam.Core"]),
        ("q=core&feed=nowhere", &[]),
        ("feed=team&kind=nuget", &["Fabrikam.Core"]),
        ("kind=npm", &[]),
        ("q=core&kind=npm", &[]),
        ("deprecated=yes", &[]),
        ("stable=yes", &["Contoso.Core", "Fabrikam.Core"]),
        ("q=packageid:contoso.core", &["Contoso.Core"]),
        ("q=%25", &[]),
        ("q=core&page=2", &[]),
        ("q=core&page=x&kind=x", &["Core.Tools", "Contoso.Core", "Fabrikam.Core"]),
    ] {
        assert_eq!(names(&ada.browser.get(&format!("/packages?{query}")).await), found, "{query}");
    }
    let links = ada.browser.get("/packages?q=core&feed=team").await.attributes(".chips a", "href");
    assert!(links.iter().any(|link| link == "/packages?q=core&feed=team&kind=npm"), "{links:?}");
}

async fn searches_are_turned_page_by_page(world: &World) {
    let ada = world.publisher("ada").await;
    for number in 0..52 {
        ada.pushes("main", &format!("Many.P{number:02}"), "1.0.0").await;
    }
    let first = ada.browser.get("/packages?q=many").await;
    assert_eq!((names(&first).len(), names(&first)[0].as_str()), (50, "Many.P00"));
    let next = first.attributes("[rel=next]", "href").pop().unwrap();
    assert_eq!(next, "/packages?q=many&page=2");
    let second = ada.browser.get(&next).await;
    assert_eq!(names(&second), ["Many.P50", "Many.P51"]);
    assert_eq!(second.attributes("[rel=prev]", "href"), ["/packages?q=many"]);
}

async fn lists_and_versions_are_turned_page_by_page(world: &World) {
    let ada = world.publisher("ada").await;
    world.add_feed("team", "ada", false).await;
    for number in 0..52 {
        ada.pushes("main", "Many.Versions", &format!("1.{number}.0")).await;
        ada.pushes("team", &format!("Many.P{number:02}"), "1.0.0").await;
    }
    let path = "/feeds/main/packages/nuget/Many.Versions";
    let first = ada.browser.get(path).await;
    let shown = first.texts(".versions tbody th a");
    assert_eq!((shown.len(), shown[0].as_str(), shown[49].as_str()), (50, "1.51.0", "1.2.0"));
    let next = first.attributes("[rel=next]", "href").pop().unwrap();
    let second = ada.browser.get(next.trim_end_matches("#versions")).await;
    assert_eq!(second.texts(".versions tbody th a"), ["1.1.0", "1.0.0"]);
    let from = ada.browser.get(&format!("{path}?from=1.7")).await.texts(".versions tbody th a");
    assert_eq!((from.len(), from[0].as_str()), (8, "1.7.0"));
    let between = ada.browser.get(&format!("{path}?from=1.7.5-x")).await.texts(".versions tbody th a");
    assert_eq!(between[0], "1.7.0");
    let wrong = ada.browser.get(&format!("{path}?from=seven%3Cb%3E")).await;
    assert_eq!(
        (wrong.status, wrong.problem("from").as_str()),
        (200, "This is not a version. Write one such as 1.2.0.")
    );

    for list in ["/packages", "/feeds/team"] {
        let first = ada.browser.get(&format!("{list}?q=many")).await;
        let next = first.attributes("[rel=next]", "href").pop().unwrap();
        let second = ada.browser.get(&next).await;
        let all: Vec<_> = names(&first).into_iter().chain(names(&second)).collect();
        let mut sorted = all.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((names(&first).len(), &all), (50, &sorted), "{list}");
        assert_eq!(all.len(), if list == "/packages" { 53 } else { 52 });
    }
    for strange in ["after=%00", "after=%40%40", "after=zzz%40nowhere", "q=a&q=b", "after=%ff", "unlisted=2"] {
        assert_eq!(ada.browser.get(&format!("/packages?{strange}")).await.status, 200, "{strange}");
    }
    assert_eq!(ada.browser.get("/feeds").await.texts(".table tbody td:last-child"), ["1 package", "52 packages"]);
}

async fn only_operators_remove_versions_and_nobody_gets_them_back(world: &World) {
    let ada = world.publisher("ada").await;
    for version in ["1.0.0", "1.1.0"] {
        ada.pushes("main", "Contoso.Core", version).await;
    }
    let path = "/feeds/main/packages/nuget/Contoso.Core/-/1.1.0";
    let remove = format!("{path}/remove");
    assert!(!ada.browser.get(path).await.body.contains(&remove));
    assert_eq!(ada.browser.get(&remove).await.status, 404);
    let oz = world.sign_up("oz").await;
    world.make_operator("oz").await;
    assert!(oz.get(path).await.body.contains(&remove));

    world.pass(chrono::Duration::minutes(16));
    for mistyped in ["", "1.1", "Contoso.Core 1.1.0", "1.1.0-"] {
        let page = oz.fill(&remove, |form| proven(form, "oz").set("number", mistyped)).await;
        let problem = page.problem("number");
        assert_eq!((page.status, problem.as_str()), (422, "Type 1.1.0 to remove this version."), "{mistyped}");
        assert!(page.form(&remove).fields.contains(&("number".to_owned(), mistyped.to_owned())), "it stays");
    }
    let typed = |form: Form| form.set("number", " 1.1.0 ");
    let refused = oz.fill(&remove, |form| typed(form).set("proof_password", "not the password")).await;
    assert_eq!((refused.status, refused.problem("proof_password").as_str()), (422, "This is not your password."));
    assert_eq!(ada.downloads("contoso.core", "1.1.0").await, 200);
    let done = oz.fill(&remove, |form| typed(proven(form, "oz"))).await;
    assert_eq!((done.status, done.location()), (303, path));
    assert_eq!(ada.downloads("contoso.core", "1.1.0").await, 404);
    let again = ada.push("main", "Contoso.Core", "1.1", "").await;
    assert_eq!((again.status, again.body.contains("was removed by the operator")), (409, true));
    for browser in [&ada.browser, &oz] {
        let page = browser.get(path).await;
        assert!(
            page.texts(".banner strong")[0].starts_with("Removed on 1 Mar 2027, 09:16 UTC by the operator."),
            "{}",
            page.body
        );
        assert!(!page.body.contains("Counts things"), "what it said of itself is forgotten");
        for verb in ["unlist", "relist", "remove"] {
            assert_eq!(browser.get(&format!("{path}/{verb}")).await.status, 404, "{verb}");
        }
    }
    assert_eq!(ada.browser.get("/feeds/main/packages/nuget/Contoso.Core").await.texts("h1 + .version"), ["1.0.0"]);

    let last = "/feeds/main/packages/nuget/Contoso.Core/-/1.0.0/remove";
    assert_eq!(oz.fill(last, |form| form.set("number", "1.0.0")).await.status, 303);
    let page = ada.browser.get("/feeds/main/packages/nuget/Contoso.Core").await;
    assert!(page.texts(".banner strong")[0].starts_with("Every version was removed on 1 Mar 2027"));
    assert!(names(&ada.browser.get("/packages?unlisted=yes").await).is_empty());
    assert_eq!(world.database.texts("SELECT DISTINCT search_text FROM packages", &[]).await, [""]);
    assert_eq!(std::fs::read_dir(world.folder().join("packages/nuget")).unwrap().flatten().count(), files(world));
    let events = world.database.number("SELECT COUNT(*) FROM events WHERE verb = 'package.version_removed'", &[]).await;
    assert_eq!(events, 2);
}

/// Folders of package files that are not empty.
fn files(world: &World) -> usize {
    let shelves = std::fs::read_dir(world.folder().join("packages/nuget")).unwrap().flatten();
    let full = shelves.filter(|shelf| std::fs::read_dir(shelf.path()).unwrap().next().is_some()).count();
    assert_eq!(full, 0, "the bytes of removed versions are gone");
    std::fs::read_dir(world.folder().join("packages/nuget")).unwrap().count()
}

async fn what_a_package_says_of_itself_is_only_text(world: &World) {
    let ada = world.publisher("ada").await;
    let hostile = "<title>&lt;script&gt;alert(1)&lt;/script&gt;</title><tags>\"&gt;&lt;img/src=x/onerror=alert(1)&gt; {{7*7}}</tags>\
        <projectUrl>javascript:alert(1)</projectUrl><licenseUrl>data:text/html,x</licenseUrl>\
        <releaseNotes>&lt;/p&gt;&lt;form action='https://evil.example'&gt;</releaseNotes>\
        <dependencies><dependency id='Fabrikam' version='[1.0,2.0)'/></dependencies>";
    assert_eq!(ada.push("main", "Contoso.Core", "1.0.0", hostile).await.status, 201);
    let good = "<projectUrl>https://contoso.example/a?b=\"&amp;c</projectUrl><license type='expression'>MIT</license>";
    assert_eq!(ada.push("main", "Contoso.Good", "1.0.0", good).await.status, 201);
    for path in
        ["/packages", "/feeds/main/packages/nuget/Contoso.Core", "/feeds/main/packages/nuget/Contoso.Core/-/1.0.0"]
    {
        let page = ada.browser.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.texts("script").concat().is_empty() && page.attributes("img", "src").is_empty(), "{path}");
        assert!(page.attributes("form", "action").iter().all(|action| action.starts_with('/')), "{path}");
        let links = page.attributes("a", "href");
        assert!(links.iter().all(|link| link.starts_with('/') || link.starts_with('#')), "{path}: {links:?}");
    }
    let page = ada.browser.get("/feeds/main/packages/nuget/Contoso.Good").await;
    let link = "a[rel='nofollow noopener noreferrer ugc']";
    assert_eq!(page.attributes(link, "href"), ["https://contoso.example/a?b=%22&c"]);
    assert_eq!(page.texts(link), ["contoso.example/a"]);
}

async fn a_public_feed_is_looked_at_without_signing_in_and_names_nobody(world: &World) {
    let ada = world.publisher("ada").await;
    world.add_feed("open", "ada", true).await;
    world.add_feed("team", "ada", false).await;
    for feed in ["main", "open", "team"] {
        ada.pushes(feed, &format!("Contoso.{feed}"), "1.0.0").await;
    }
    let stranger = world.browser();
    let bo = world.bo().await;
    assert_eq!(names(&stranger.get("/packages").await), ["Contoso.open"]);
    assert!(names(&stranger.get("/packages?q=owner:ada").await).is_empty());
    assert_eq!(stranger.get("/feeds").await.texts(".table tbody th a"), ["open"]);
    assert_eq!(names(&bo.get("/packages").await), ["Contoso.main", "Contoso.open"]);
    assert_eq!(bo.get("/feeds").await.texts(".table tbody th a"), ["main", "open"]);
    assert_eq!(ada.browser.get("/feeds").await.texts(".table tbody th a"), ["main", "open", "team"]);
    for path in
        ["/feeds/open", "/feeds/open/packages/nuget/Contoso.open", "/feeds/open/packages/nuget/Contoso.open/-/1.0.0"]
    {
        let page = stranger.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("by ada") && !page.body.contains(&ada.secret[..7]), "{path}");
        assert!(page.attributes("form[method=post]", "action").is_empty(), "{path}");
    }
    for path in ["/feeds/team", "/feeds/none", "/feeds/main", "/feeds/NO", "/feeds/team/packages/nuget/Contoso.team"] {
        let page = stranger.get(path).await;
        assert_eq!(page.status, 303, "{path}");
        assert!(page.location().starts_with("/sign-in?next="), "{path}");
    }
}
