//! What it costs to hold a hundred stubborn patterns against 20,000 names: by themselves, and as whole requests for lists
//! of packages on both databases. PostgreSQL takes part when `TEST_DATABASE_URL` names a server:
//! `bin/with-postgres cargo bench --bench patterns`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends here")]

use std::{hint::black_box, time::Duration};

use actix_web::rt::System;
use criterion::{Criterion, criterion_group, criterion_main};
use latchkey::tokens::{PatternSet, Patterns};

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "the tests need more of it")]
mod support;

use support::{database::Engine, world::World};

const NAMES: u32 = 20_000;

/// Nearly matches every name, everywhere, and covers none.
fn stubborn() -> String {
    let line = |n: u32| format!("{}x{n}", "*0".repeat(16));
    (0..100).map(line).collect::<Vec<_>>().join(" ")
}

fn name(n: u32) -> String {
    format!("Contoso.{}{n:06}", "0".repeat(80))
}

fn bench(c: &mut Criterion) {
    let patterns = Patterns::parse(&stubborn().replace(' ', "\n")).unwrap();
    let names: Vec<String> = (0..NAMES).map(name).collect();
    c.bench_function("patterns/compile", |b| b.iter(|| PatternSet::of(black_box(&patterns))));
    let set = PatternSet::of(&patterns);
    c.bench_function("patterns/20,000 names", |b| b.iter(|| names.iter().filter(|name| set.covers(name)).count()));
    c.bench_function("patterns/20,000 names, one by one", |b| {
        b.iter(|| names.iter().filter(|name| patterns.covers(name)).count())
    });
    let system = System::new();
    for engine in engines() {
        let world = system.block_on(World::published(engine));
        requests(c, &system, &world);
        system.block_on(world.end());
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
fn engines() -> Vec<Engine> {
    let postgres = std::env::var("TEST_DATABASE_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

fn requests(c: &mut Criterion, system: &actix_web::rt::SystemRunner, world: &World) {
    let engine = world.store().engine();
    let key = system.block_on(async {
        let ada = world.account("ada").await;
        fill(world).await;
        world.key(ada, "nuget:pull", &stubborn()).await
    });
    for path in ["/api/v1/packages", "/v3/query?q=contoso"] {
        c.bench_function(&format!("patterns/GET {path}/{engine:?}"), |b| {
            b.iter(|| {
                let reply = system.block_on(world.get(path, &key));
                assert_eq!(reply.status, 200);
                black_box(reply.body.len())
            })
        });
    }
}

async fn fill(world: &World) {
    let name = format!("'Contoso.{}' || CAST(1000000 + n.i AS TEXT)", "0".repeat(80));
    let sql = format!(
        "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
            listed_stable_plain_versions, downloads, created_at, newest)
         SELECT '0190a000-0000-7000-8000-' || CAST(100000000000 + n.i AS TEXT), f.id, 'nuget', {name}, LOWER({name}), 'contoso', 1, 1, 1, 1, n.i, 0, ''
         FROM feeds f, (WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {NAMES}) SELECT i FROM n) n
         WHERE f.name = 'main'"
    );
    world.sql(&sql).await;
    world.index_packages().await;
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).nresamples(2_000).without_plots()
        .warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(2));
    targets = bench
}
criterion_main!(benches);
