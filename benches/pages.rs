//! What pages cost where there is very much to show, on both databases: whole requests to a server in this process,
//! session, queries and drawing included. A page more is a line in [`PAGES`]; how much there is, says `pages/seed.rs`.
//! PostgreSQL takes part when `TEST_DATABASE_URL` names a server: `bin/with-postgres cargo bench --bench pages`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends here")]

use std::{hint::black_box, time::Duration};

use actix_web::rt::{System, SystemRunner};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "pages/seed.rs"]
mod seed;
#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "the tests need more of it")]
mod support;

use support::{
    database::Engine,
    page::{Form, Page},
    person::Browser,
    world::World,
};

/// The token that is watched.
macro_rules! token {
    ($($rest:literal)?) => {
        concat!("/settings/tokens/0190a000-0000-7000-8000-000000050000", $($rest)?)
    };
}

/// What is opened: a name, and the page.
const PAGES: [(&str, &str); 65] = [
    ("list, first page", "/settings/tokens"),
    ("list, deep page", "/settings/tokens?after=0190a000-0000-7000-8000-000000050000.1773891600"),
    ("list, deep page back", "/settings/tokens?before=0190a000-0000-7000-8000-000000050000.1773891600"),
    ("list, expires first", "/settings/tokens?sort=expires"),
    ("list, last used", "/settings/tokens?sort=used"),
    ("list, by name", "/settings/tokens?sort=name"),
    ("list, active", "/settings/tokens?state=active"),
    ("list, active by name", "/settings/tokens?state=active&sort=name"),
    ("list, active expires first", "/settings/tokens?state=active&sort=expires"),
    ("list, expiring", "/settings/tokens?state=expiring"),
    ("list, expiring by name", "/settings/tokens?state=expiring&sort=name"),
    ("list, expired", "/settings/tokens?state=expired"),
    ("list, expired by use", "/settings/tokens?state=expired&sort=used"),
    ("list, deactivated", "/settings/tokens?state=deactivated"),
    ("list, revoked: none", "/settings/tokens?state=revoked"),
    ("list, revoked by name: none", "/settings/tokens?state=revoked&sort=name"),
    ("list, never used", "/settings/tokens?state=never-used"),
    ("list, unused", "/settings/tokens?state=unused"),
    ("list search, many", "/settings/tokens?q=contoso"),
    ("list search, one early", "/settings/tokens?q=key+000017"),
    ("list search, none", "/settings/tokens?q=nowhere"),
    ("freeze, asked", "/settings/tokens/freeze"),
    ("token", token!()),
    ("token, narrow", token!("/narrow")),
    ("token, record", token!("/record")),
    ("token, record deep", token!("/record?before=01a32fb3-a780-7000-8000-000000000000")),
    ("token, edit", token!("/edit")),
    ("token, new", "/settings/tokens/new"),
    ("refusals", "/settings/refusals"),
    ("profile", "/settings/profile"),
    ("sessions", "/settings/sessions"),
    ("notifications", "/settings/notifications"),
    ("packages", "/packages"),
    ("packages, search, many", "/packages?q=contoso"),
    ("packages, search, few", "/packages?q=billing"),
    ("packages, search, none", "/packages?q=nowhere"),
    ("packages, search, four words, none", "/packages?q=orders+shop+queue+nowhere"),
    ("feeds", "/feeds"),
    ("feed", "/feeds/main"),
    ("feed, search, none", "/feeds/main?q=nowhere"),
    ("package of 5,000 versions", "/feeds/main/packages/Contoso.Team1.Service1"),
    ("package of 5,000 versions, deep", "/feeds/main/packages/Contoso.Team1.Service1?after=1.0.2500"),
    ("version", "/feeds/main/packages/Contoso.Team1.Service1/1.0.2500"),
    ("operator", "/operator"),
    ("operator, accounts", "/operator/accounts"),
    ("operator, accounts, search, one", "/operator/accounts?search=user000977"),
    ("operator, accounts, search, none", "/operator/accounts?search=nowhere"),
    ("operator, account", "/operator/accounts/0190a000-0000-7000-a000-000000000001"),
    ("operator, tokens by hint", "/operator/tokens?hint=lk_0017"),
    ("operator, feeds", "/operator/feeds"),
    ("events", "/operator/events"),
    ("events, deep", "/operator/events?before=01a32fb3-a780-7000-8000-000000000000"),
    ("events, sign-ins", "/operator/events?what=sign-ins"),
    ("events, feeds: rare", "/operator/events?what=feeds"),
    ("events, packages", "/operator/events?what=packages"),
    ("events, mails: none", "/operator/events?what=mails"),
    ("events, account", "/operator/events?account=ada"),
    ("events, account and tokens", "/operator/events?account=ada&what=tokens"),
    ("events, account and mails: none", "/operator/events?account=ada&what=mails"),
    ("events, account and package", "/operator/events?account=ada&package=Contoso.Team1.Service1"),
    ("events, token", "/operator/events?token=0190a000-0000-7000-8000-000000050000"),
    ("events, hint", "/operator/events?token=lk_0000"),
    ("events, package", "/operator/events?package=contoso.team1.service1"),
    ("events, a day", "/operator/events?from=2027-01-10&to=2027-01-10"),
    ("events, a day and account and tokens", "/operator/events?from=2027-01-10&to=2027-01-10&account=ada&what=tokens"),
];

fn bench(c: &mut Criterion) {
    let system = System::new();
    for engine in engines() {
        let (world, ada) = system.block_on(filled(engine));
        for (name, path) in PAGES {
            measure(c, &system, (name, engine), async || ada.get(path).await);
        }
        for (name, form) in system.block_on(previews(&ada)) {
            measure(c, &system, (name, engine), async || ada.submit(form.clone()).await);
        }
        system.block_on(world.end());
    }
}

fn measure(c: &mut Criterion, system: &SystemRunner, (name, engine): (&str, Engine), open: impl AsyncFn() -> Page) {
    let page = system.block_on(open());
    assert_eq!(page.status, 200, "{name}: {}", page.body);
    c.bench_function(&format!("{name}/{engine:?}"), |b| b.iter(|| black_box(system.block_on(open()).body.len())));
}

/// What the form of a new token asks while somebody writes patterns.
async fn previews(ada: &Browser) -> [(&'static str, Form); 2] {
    let form = ada.get("/settings/tokens/new").await.form("/settings/tokens");
    let form = Form { action: "/settings/tokens/preview".to_owned(), ..form };
    let many: Vec<_> = (0..100).map(|team| format!("Contoso.Team{team}.*")).collect();
    [("preview", "Contoso.*"), ("preview, a hundred patterns", many.join("\n").as_str())]
        .map(|(name, patterns)| (name, form.clone().set("permission", "nuget:push").set("patterns", patterns)))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
fn engines() -> Vec<Engine> {
    let postgres = std::env::var("TEST_DATABASE_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

/// A world in which there is very much, and the browser of ada, who has most of it; it keeps its connection.
async fn filled(engine: Engine) -> (World, Browser) {
    let world = World::empty(engine).await;
    world.restart_with(&[]).await;
    let ada = world.ada().await;
    seed::fill(&world).await;
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let browser = Browser::new(client, world.address(), world.app().settings.public_url.clone());
    browser.cookies.replace(ada.cookies.borrow().clone());
    (world, browser)
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).nresamples(2_000).without_plots()
        .warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(400));
    targets = bench
}
criterion_main!(benches);
