//! What pages cost where there is very much to show, on both databases: whole requests to a server in this process,
//! session, queries and drawing included. A page more is a line in [`PAGES`].
//! PostgreSQL takes part when `TEST_DATABASE_URL` names a server: `bin/with-postgres cargo bench --bench pages`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends here")]

use std::hint::black_box;

use actix_web::rt::{System, SystemRunner};
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "../tests/it/database.rs"]
#[expect(dead_code, reason = "the journeys need more of it")]
mod database;
#[path = "../tests/it/page.rs"]
#[expect(dead_code, reason = "the journeys need more of it")]
mod page;
#[path = "../tests/it/person.rs"]
#[expect(dead_code, reason = "the journeys need more of it")]
mod person;
#[path = "../tests/expiry_warning/post_office.rs"]
#[expect(dead_code, reason = "only the journeys get mail")]
mod post_office;
#[path = "../tests/it/world.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "the journeys need more of it")]
mod world;

use database::Engine;
use person::Browser;
use world::World;

/// Tokens of one account.
const TOKENS: i64 = 100_000;

/// What is measured: a name, and the page.
const PAGES: [(&str, &str); 21] = [
    ("list, first page", "/settings/tokens"),
    ("list, deep page", "/settings/tokens?after=0190a000-0000-7000-8000-000000050000.1773891600"),
    ("list, deep page back", "/settings/tokens?before=0190a000-0000-7000-8000-000000050000.1773891600"),
    ("list, expires first", "/settings/tokens?sort=expires"),
    ("list, last used", "/settings/tokens?sort=used"),
    ("list, by name", "/settings/tokens?sort=name"),
    ("list, active", "/settings/tokens?state=active"),
    ("list, active by name", "/settings/tokens?state=active&sort=name"),
    ("list, expiring", "/settings/tokens?state=expiring"),
    ("list, expiring by name", "/settings/tokens?state=expiring&sort=name"),
    ("list, expired", "/settings/tokens?state=expired"),
    ("list, expired by use", "/settings/tokens?state=expired&sort=used"),
    ("list, deactivated", "/settings/tokens?state=deactivated"),
    ("list, revoked: none", "/settings/tokens?state=revoked"),
    ("list, revoked by name: none", "/settings/tokens?state=revoked&sort=name"),
    ("list, never used", "/settings/tokens?state=never-used"),
    ("list, unused", "/settings/tokens?state=unused"),
    ("search, many", "/settings/tokens?q=contoso"),
    ("search, one early", "/settings/tokens?q=key+000017"),
    ("search, none", "/settings/tokens?q=nowhere"),
    ("freeze, asked", "/settings/tokens/freeze"),
];

/// Tokens of all ages in no order: $1 is the account, $2 how many, $3 now. One in 2,000 is off; none is revoked.
const FILL: &str = "INSERT INTO tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, hint, created_at, issued_at,
        lifetime, expires_at, deactivated_at, last_used_at, last_used_by, last_used_from, version)
    SELECT '0190a000-0000-7000-8000-' || SUBSTR('000000000000' || n.age, LENGTH('000000000000' || n.age) - 11, 12), $1, 'personal',
        'Key ' || SUBSTR('000000' || n.i, LENGTH('000000' || n.i) - 5, 6), 'key ' || SUBSTR('000000' || n.i, LENGTH('000000' || n.i) - 5, 6),
        'kept in the secrets of the build', 'nuget:pull nuget:push', 'Contoso.Team' || (n.i % 500) || '.*', '*', 'lk_' || SUBSTR('0000' || n.i, LENGTH('0000' || n.i) - 3, 4),
        n.at - n.age * 600, n.at - n.age * 600, 7776000,
        CASE WHEN n.i % 5 = 0 THEN NULL WHEN n.i % 5 = 1 THEN n.at - n.age * 600 + 31536000 ELSE n.at + (n.i * 7 % 365) * 86400 + 3600 END,
        CASE WHEN n.i % 2000 = 7 THEN n.at - 600 END,
        CASE WHEN n.i % 5 = 3 THEN NULL ELSE n.at - (n.i * 13 % n.age) * 600 END, 'NuGet Command Line/5.8.0', '203.0.113.7', 1
    FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
          SELECT CAST(i AS BIGINT) AS i, CAST(i AS BIGINT) * 7919 % 100000 + 1 AS age, CAST($3 AS BIGINT) AS at FROM n) n";

fn bench(c: &mut Criterion) {
    let system = System::new();
    for engine in engines() {
        let (world, ada) = system.block_on(filled(engine));
        for (name, path) in PAGES {
            let page = system.block_on(ada.get(path));
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            c.bench_function(&format!("{name}/{engine:?}"), |b| b.iter(|| black_box(open(&system, &ada, path))));
        }
        system.block_on(world.end());
    }
}

fn open(system: &SystemRunner, browser: &Browser, path: &str) -> usize {
    system.block_on(browser.get(path)).body.len()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
fn engines() -> Vec<Engine> {
    let postgres = std::env::var("TEST_DATABASE_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

/// A world in which ada has very many tokens, and her browser, which keeps its connection.
async fn filled(engine: Engine) -> (World, Browser) {
    let world = World::empty(engine).await;
    world.restart_with(&[]).await;
    let ada = world.ada().await;
    let account = world.app().store.account_named("ada").await.unwrap().unwrap().id;
    world.database.fill(FILL, &account.to_string(), TOKENS, world.now().timestamp()).await;
    if engine == Engine::Postgres {
        world.database.execute("VACUUM ANALYZE", &[]).await; // as autovacuum does a minute later
    }
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let browser = Browser::new(client, world.address(), world.app().settings.public_url.clone());
    browser.cookies.replace(ada.cookies.borrow().clone());
    (world, browser)
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(2));
    targets = bench
}
criterion_main!(benches);
