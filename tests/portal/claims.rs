//! Sentences on pages are held against the facts they speak of: every page of a token in every state it can be in. Each
//! kind of claim has one line below; a page that says it of a token of which it is not true fails.

use chrono::{DateTime, Duration, Utc};
use latchkey::tokens::{
    Feeds, Kind, Permission, ServedKinds, State, Token, TokenId, TokenSettings, Verb,
    legacy::{ImportedKey, LegacyKey, Policy},
    lifecycle::primary_permissions,
    listing::REVOKED_LISTED,
    state::state,
};

use crate::support::{
    page::Page,
    person::Browser,
    world::{World, on_both_engines},
};

on_both_engines! {
    every_page_of_a_token_says_what_is_true_of_it,
    a_page_that_shows_a_key_says_what_is_true_of_it,
    lists_and_confirmations_say_what_is_true_of_each_token,
    a_freeze_says_what_it_left_on,
}

/// A token and the moment at which something is said of it.
struct Facts<'a> {
    token: &'a Token,
    now: DateTime<Utc>,
}

impl Facts<'_> {
    fn state(&self) -> State {
        state(self.token, self.now)
    }

    fn is_live(&self) -> bool {
        self.state().is_live()
    }

    fn lives_when_on(&self) -> bool {
        state(&Token { deactivated_at: None, ..self.token.clone() }, self.now).is_live()
    }

    fn is_whole(&self) -> bool {
        let TokenSettings { permissions, patterns, feeds, .. } = &self.token.settings;
        primary_permissions().within(*permissions) && patterns.covers_all() && *feeds == Feeds::All
    }

    fn reads(&self) -> bool {
        let pulls = Kind::ALL.map(|kind| Permission::of(kind, Verb::Pull));
        self.token.settings.permissions.effective().has_any(pulls)
    }
}

type Holds = fn(&Facts<'_>) -> bool;

/// What pages claim in words, and when that is true.
const CLAIMS: [(&str, Holds); 24] = [
    ("key works again", |of| of.lives_when_on()),
    ("refused from the next request on", |of| of.is_live()),
    ("until you delete", |_| false),
    ("stays listed for 30 days", |of| REVOKED_LISTED == Duration::days(30) && of.token.can_be_deleted()),
    ("has no key until its first refresh", |of| of.token.issued_at.is_none()),
    ("It has no key yet", |of| of.token.issued_at.is_none()),
    ("stays the same", |of| of.token.issued_at.is_some()),
    ("covers everything", |_| false),
    ("every feed you can use", |of| of.is_whole()),
    ("which was narrowed since", |of| !of.is_whole()),
    ("without reading", |of| !of.reads()),
    ("Put the key into the client that needs it", |of| of.is_live() && of.token.last_use.is_none()),
    ("Never used.", |of| !of.is_live() && of.token.last_use.is_none()),
    ("cannot be refreshed", |of| !of.token.can_be_refreshed()),
    ("Its time is over", |of| !of.lives_when_on() && of.token.issued_at.is_some()),
    ("The old key is refused from the next request on", |of| of.is_live()),
    ("The old key stays refused", |of| !of.is_live() && of.token.issued_at.is_some()),
    ("This gives the token its first key", |of| of.token.issued_at.is_none()),
    ("It is retired when a year has passed", |of| of.is_live() && of.token.ends_by_retirement()),
    ("It was retired because", |of| of.state() == State::Retired),
    ("comes from an older system", |of| of.token.kind == latchkey::tokens::TokenKind::Legacy),
    ("It stays off until you reactivate it", |of| of.state() == State::Deactivated && of.token.reactivate_at.is_none()),
    ("It turns back on", |of| of.state() == State::Deactivated && of.token.reactivate_at.is_some()),
    ("If you only want a pause", |of| of.is_live()),
];

/// Words for what is offered, and whether this host has a door for it.
fn offers() -> Vec<(&'static str, bool)> {
    let served = |permission: Permission| ServedKinds::default().asks_for(permission);
    vec![
        ("npm packages", served(Permission::of(Kind::Npm, Verb::Pull))),
        ("container images", served(Permission::of(Kind::Container, Verb::Pull))),
        ("the management API", served(Permission::ApiRead)),
        ("docker login", served(Permission::of(Kind::Container, Verb::Pull))),
        ("npm config set", served(Permission::of(Kind::Npm, Verb::Pull))),
    ]
}

/// What a text says of a token that is not true.
fn wrong(text: &str, of: &Facts<'_>) -> Vec<String> {
    let claims = CLAIMS.iter().filter(|(claim, holds)| text.contains(claim) && !holds(of));
    claims.map(|(claim, _)| (*claim).to_owned()).chain(promised(text)).chain(lines(text, of)).collect()
}

/// What this host does not serve is only named together with that.
fn promised(text: &str) -> Vec<String> {
    let unserved = offers().into_iter().filter(|(_, served)| !served);
    let mut found = Vec::new();
    for (offer, _) in unserved {
        let named = text.match_indices(offer).map(|(at, _)| &text[at..]);
        let said = |rest: &&str| rest.chars().take(90).collect::<String>().contains("not served here");
        let nowhere = text.contains("This host does not serve");
        found.extend(named.filter(|rest| !nowhere && !said(rest)).map(|_| offer.to_owned()));
    }
    found
}

/// Example lines are about a package that the token may do this with.
fn lines(text: &str, of: &Facts<'_>) -> Vec<String> {
    let TokenSettings { permissions, patterns, .. } = &of.token.settings;
    let pull = permissions.has(Permission::of(Kind::NuGet, Verb::Pull));
    let push =
        permissions.has_any([Permission::of(Kind::NuGet, Verb::Push), Permission::of(Kind::NuGet, Verb::PushVersion)]);
    let mut found = Vec::new();
    for (verb, may) in [
        ("nuget push ", push),
        ("nuget install ", pull),
        ("add package ", pull),
        ("nuget delete ", permissions.has(Permission::of(Kind::NuGet, Verb::Delete))),
    ] {
        for line in text.split(verb).skip(1) {
            let name = line.split_whitespace().next().unwrap_or_default();
            let name = name.split(".1.0.0").next().unwrap_or_default();
            let is_name = !name.starts_with('"');
            if !may || (is_name && !patterns.covers(name)) {
                found.push(format!("{verb}{name}"));
            }
        }
    }
    found
}

fn main_text(page: &Page) -> String {
    page.texts("main").concat()
}

async fn of_id(world: &World, id: &str) -> Token {
    world.app().store.token(TokenId::parse(id).unwrap()).await.unwrap().unwrap()
}

/// Holds a page against what is true of a token now.
async fn check(world: &World, id: &str, page: &Page, what: &str) {
    let found = untrue(world, id, page, what).await;
    assert!(found.is_empty(), "{found:#?}");
}

/// What a page says of a token that is not true now, with the page.
async fn untrue(world: &World, id: &str, page: &Page, what: &str) -> Vec<String> {
    let token = of_id(world, id).await;
    let found = wrong(&main_text(page), &Facts { token: &token, now: world.now() });
    let state = state(&token, world.now());
    assert!(page.status < 500, "{what} of {}: {}", token.settings.name, page.status);
    let name = &token.settings.name;
    found.iter().map(|claim| format!("{what} of {name} ({state:?}) says {claim:?}: {}", main_text(page))).collect()
}

const PAGES: [&str; 13] = [
    "",
    "/record",
    "/clients",
    "/versions",
    "/edit",
    "/duplicate",
    "/refresh",
    "/deactivate",
    "/reactivate",
    "/revoke",
    "/delete",
    "/narrow",
    "/add?pattern=Litware.Core",
];

/// A token in every state, made in this order; then a month has passed.
async fn tokens(world: &World) -> (Browser, Vec<String>) {
    let ada = world.ada().await;
    let mut ids = vec![world.database.text("SELECT id FROM tokens WHERE kind = 'primary'", &[]).await];
    for (name, days) in [
        ("Active", "365"),
        ("Soon", "36"),
        ("Expired", "30"),
        ("Off", "365"),
        ("Off and expired", "30"),
        ("Off for a while", "365"),
        ("Revoked", "365"),
        ("Endless", "never"),
    ] {
        ids.push(ada.key_for(world, name, days).await.id);
    }
    for (name, permission, patterns) in [
        ("Narrow", "nuget:push", "Fabrikam.*"),
        ("Exact", "nuget:pull nuget:push", "Litware"),
        ("npm", "npm:pull npm:push", "@team/*"),
        ("Containers", "container:push", "team/app"),
        ("Deletes", "nuget:delete", "Contoso.*"),
        ("API", "api:read api:manage", "*"),
        ("All", "nuget:pull nuget:push nuget:delete container:push npm:push api:read api:manage", "*"),
    ] {
        let scopes = |form: crate::support::page::Form| {
            permission.split(' ').fold(form.without("permission"), |form, scope| form.add("permission", scope))
        };
        ids.push(
            ada.key_with(world, name, |form| scopes(form).set("expires", "365").set("patterns", patterns)).await.id,
        );
    }
    for (key, name, last_push) in [
        ("5f1d2c3b-0000-4000-8000-00805f9b34f1", "Legacy", Some(world.now())),
        ("5f1d2c3b-0000-4000-8000-00805f9b34f2", "Retired", None),
    ] {
        ids.push(imported(world, key, name, last_push).await);
    }
    ada.act(&ids[1], "edit", |form| form.set("name", "Active, edited")).await;
    ada.must(&ids[7], "revoke").await;
    world.pass(Duration::days(20));
    let ada = world.sign_in("ada").await;
    for id in [&ids[4], &ids[5]] {
        ada.must(id, "deactivate").await;
    }
    world.pass(Duration::days(9));
    let ada = world.sign_in("ada").await;
    ada.act(&ids[6], "deactivate", |form| form.set("until", "7")).await;
    world.pass(Duration::days(2));
    (world.sign_in("ada").await, ids)
}

async fn imported(world: &World, key: &str, name: &str, last_push: Option<DateTime<Utc>>) -> String {
    let (app, rng) = (world.app(), &mut latchkey::random::system());
    let account = app.store.account_named("ada").await.unwrap().unwrap().id;
    let key = LegacyKey::parse(key).unwrap();
    let key = ImportedKey {
        account,
        name: name.to_owned(),
        hash: key.hash(),
        shape: key.shape(),
        hint: Some(key.hint().to_owned()),
        created_at: world.now() - Duration::days(2_000),
        last_push,
    };
    let token = key.to_token(Some(Policy::Idle), TokenId::generate(world.now(), rng), world.now(), rng);
    let mut tx = app.store.begin().await.unwrap();
    tx.import_key(&key, &token, &latchkey::audit::Actor::host("test"), world.now()).await.unwrap();
    tx.commit().await.unwrap();
    token.id.to_string()
}

async fn every_page_of_a_token_says_what_is_true_of_it(world: &World) {
    let (ada, ids) = tokens(world).await;
    let (mut states, mut found) = (Vec::new(), Vec::new());
    for id in &ids {
        states.push(state(&of_id(world, id).await, world.now()).label());
        for page in PAGES {
            found.extend(untrue(world, id, &ada.get(&format!("/settings/tokens/{id}{page}")).await, page).await);
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    for label in ["Not issued", "Active", "Expires soon", "Expired", "Deactivated", "Revoked", "Retired"] {
        assert!(states.contains(&label), "{label} is among {states:?}");
    }
}

async fn a_page_that_shows_a_key_says_what_is_true_of_it(world: &World) {
    let (ada, ids) = tokens(world).await;
    for id in &ids {
        let token = of_id(world, id).await;
        if !token.can_be_refreshed() {
            continue;
        }
        let page = ada.refresh(id, "restart").await;
        assert_eq!(page.status, 200, "{}: {}", token.settings.name, page.body);
        check(world, id, &page, "the page with the key").await;
        check(world, id, &ada.get(&format!("/settings/tokens/{id}")).await, "the page after it").await;
    }
    ada.act(&ids[0], "edit", |form| form.set("scope", "match").set("patterns", "Fabrikam.*")).await;
    check(world, &ids[0], &ada.refresh(&ids[0], "restart").await, "the narrowed primary token").await;
}

async fn lists_and_confirmations_say_what_is_true_of_each_token(world: &World) {
    let (ada, ids) = tokens(world).await;
    for narrowed in [false, true] {
        if narrowed {
            ada.act(&ids[0], "edit", |form| form.set("scope", "match").set("patterns", "Fabrikam.*")).await;
        }
        let list = ada.get("/settings/tokens").await;
        for id in &ids {
            let token = of_id(world, id).await;
            let row = list.texts(&format!("#token-{id}")).concat();
            let found = wrong(&row, &Facts { token: &token, now: world.now() });
            assert!(found.is_empty(), "the row of {} says: {found:?}", token.settings.name);
            assert!(row.contains(state(&token, world.now()).label()), "{row}");
        }
    }
    for step in ["deactivate", "reactivate", "revoke"] {
        for id in &ids[1..] {
            let page = ada.get(&format!("/settings/tokens/selected?step={step}&token={id}")).await;
            let said = main_text(&page);
            assert!(!said.contains("until you delete") && promised(&said).is_empty(), "{said}");
        }
    }
}

async fn a_freeze_says_what_it_left_on(world: &World) {
    let ada = world.ada().await;
    let (one, two) = (ada.key(world, "One").await, ada.key(world, "Two").await);
    ada.fill("/settings/tokens/freeze", |form| form).await;
    ada.must(&two.id, "reactivate").await;
    assert_eq!(world.refusal(&two.secret).await, None);
    assert!(world.refusal(&one.secret).await.is_some());
    let alerts = ada.get("/settings/tokens").await.texts(".alerts li");
    assert!(alerts[0].starts_with("Frozen since ") && alerts[0].ends_with("Undo the freeze"), "{alerts:?}");
    for id in [&one.id, &two.id] {
        check(world, id, &ada.get(&format!("/settings/tokens/{id}")).await, "the page during a freeze").await;
    }
}

/// The test above can fail: each of these is not true of a token that may upload `Fabrikam.*`.
#[test]
fn a_false_claim_is_found() {
    let now = "2027-03-01T09:00:00Z".parse().unwrap();
    let new = latchkey::tokens::TokenSettings {
        patterns: latchkey::tokens::Patterns::parse("Fabrikam.*").unwrap(),
        expires_at: Some(now + Duration::days(90)),
        ..latchkey::tokens::TokenSettings::for_everything(
            "CI",
            latchkey::tokens::Permissions::parse("nuget:push container:push").unwrap(),
        )
    };
    let rng = &mut latchkey::random::system();
    let account = latchkey::tokens::AccountId::generate(now, rng);
    let token = new.into_token(TokenId::generate(now, rng), account, now);
    let live = Facts { token: &token, now };
    for said in [
        "The token stays listed until you delete it.",
        "a primary token, which covers everything you may do",
        "It has no key until its first refresh",
        "Upload without reading.",
        "nuget push Contoso.Core.1.0.0.nupkg -Source x",
        "dotnet add package Fabrikam.Core",
        "Read container images",
        "docker login keys.example.com",
        "It was retired because no package was pushed with it for a year.",
    ] {
        assert_eq!(wrong(said, &live).len(), 1, "{said}");
    }
    let over = Facts { token: &token, now: now + Duration::days(90) };
    for said in [
        "Its key is refused from the next request on",
        "The same key works again",
        "Put the key into the client that needs it",
    ] {
        assert_eq!((wrong(said, &live).len(), wrong(said, &over).len()), (0, 1), "{said}");
    }
    for said in [
        "nuget push Fabrikam.Core.1.0.0.nupkg",
        "Read container images (not served here yet)",
        "stays listed for 30 days",
    ] {
        assert!(wrong(said, &live).is_empty(), "{said}");
    }
}
