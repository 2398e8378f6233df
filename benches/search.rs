//! What finding costs among 300, 10,000 and 100,000 packages, on both databases: whole requests to a server in this process.
//! What counts is how the times of one run grow. PostgreSQL takes part when `TEST_DATABASE_URL` names a server:
//! `bin/with-postgres cargo bench --bench search`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends here")]

use std::{hint::black_box, time::Duration};

use actix_web::rt::{System, SystemRunner};
use criterion::{Criterion, criterion_group, criterion_main};
use latchkey::packages::{manifest::Manifest, nuget::nuspec::Nuspec};

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "the tests need more of it")]
mod support;

use support::{accounts::Key, database::Engine, nupkg::nupkg, world::World};

/// How many packages there are.
const SIZES: [u32; 3] = [300, 10_000, 100_000];
/// Versions of the package that has many.
const VERSIONS: u32 = 5_000;

/// A name, and what is asked for.
const ASKED: [(&str, &str); 8] = [
    ("rare word", "/v3/query?q=needle7"),
    ("two words", "/v3/query?q=entity%20framework"),
    ("word in nearly all", "/v3/query?q=modern"),
    ("word in many names", "/v3/query?q=contoso"),
    ("no hit", "/v3/query?q=zzzqqq"),
    ("browse", "/v3/query?q="),
    ("autocomplete", "/v3/autocomplete?q=conto"),
    ("flat index of one version", "/v3/flat/contoso.few/index.json"),
];

fn bench(c: &mut Criterion) {
    let system = System::new();
    for engine in engines() {
        for size in SIZES {
            let world = system.block_on(World::published(engine));
            let key = system.block_on(async {
                let ada = world.account("ada").await;
                let key = world.key(ada, "nuget:pull nuget:push", "*").await;
                fill(&world, size).await;
                assert_eq!(world.push(&key, &nupkg("Contoso.Few", "1.0.0")).await.status, 201);
                key
            });
            requests(c, (&system, &world, &key), size, &ASKED);
            system.block_on(world.end());
        }
        let world = system.block_on(World::published(engine));
        let key = system.block_on(many_versions(&world));
        let asked = [
            ("flat index", "/v3/flat/contoso.many/index.json"),
            ("registration index", "/v3/registration/contoso.many/index.json"),
        ];
        requests(c, (&system, &world, &key), VERSIONS, &asked);
        system.block_on(world.end());
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
fn engines() -> Vec<Engine> {
    let postgres = std::env::var("TEST_DATABASE_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

fn requests(c: &mut Criterion, (system, world, key): (&SystemRunner, &World, &Key), size: u32, asked: &[(&str, &str)]) {
    let engine = world.store().engine();
    for (name, path) in asked {
        c.bench_function(&format!("search/{name}/{engine:?}/{size}"), |b| {
            b.iter(|| {
                let reply = system.block_on(world.get(path, key));
                assert_eq!(reply.status, 200);
                black_box(reply.body.len())
            })
        });
    }
}

/// What every package says of itself, but for its id and two words.
fn manifest() -> String {
    let xml = "<package><metadata><id>THE_ID</id><version>1.0.0</version><authors>Ada</authors>
        <description>A modern library of tools for reliable services THE_WORD</description><tags>THE_TAG</tags></metadata></package>";
    Nuspec::parse(xml.as_bytes()).unwrap().kept().unwrap().as_str().replace('\'', "''")
}

async fn fill(world: &World, size: u32) {
    let name = "CASE WHEN n.i % 3 = 0 THEN 'Contoso.' WHEN n.i % 3 = 1 THEN 'Fabrikam.EntityFramework.' ELSE 'Adatum.Json.' END
        || 'P' || CAST(1000000 + n.i AS TEXT)";
    let numbers = format!(
        "(WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {size}) SELECT i FROM n) n"
    );
    let manifest = manifest();
    let manifest = format!(
        "REPLACE(REPLACE(REPLACE('{manifest}', 'THE_ID', {name}), 'THE_WORD', 'needle' || CAST(n.i AS TEXT)), 'THE_TAG', 't' || CAST(n.i % 97 AS TEXT))"
    );
    let id = |part: &str| format!("'0190a000-0000-7000-{part}-' || CAST(100000000000 + n.i AS TEXT)");
    let (package, version) = (id("8000"), id("9000"));
    world
        .sql(&format!(
            "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, listed_plain_versions,
                listed_stable_plain_versions, downloads, created_at, newest)
             SELECT {package}, f.id, 'nuget', {name}, LOWER({name}), '', 1, 1, 1, 1, n.i % 1000, 0, '1.0.0' FROM feeds f, {numbers}
             WHERE f.name = 'main';
             INSERT INTO versions (id, package, version, version_key, published_at, published_by, size, sha512, blob, manifest, downloads)
             SELECT {version}, {package}, '1.0.0', '1.0.0', 0, '', 1, '', 'x', {manifest}, 0 FROM {numbers}"
        ))
        .await;
    world.index_packages().await;
}

async fn many_versions(world: &World) -> Key {
    let ada = world.account("ada").await;
    let key = world.key(ada, "nuget:pull nuget:push", "*").await;
    assert_eq!(world.push(&key, &nupkg("Contoso.Many", "1.0.0")).await.status, 201);
    world
        .sql(&format!(
            "INSERT INTO versions (id, package, version, version_key, sort_key, published_at, published_by, size, sha512, blob, manifest, downloads)
             SELECT '0190a000-0000-7000-9000-' || CAST(100000000000 + n.i AS TEXT), v.package, '0.' || CAST(n.i AS TEXT) || '.0',
                '0.' || CAST(n.i AS TEXT) || '.0', NULL, 0, '', 1, v.sha512, v.blob, v.manifest, 0 FROM versions v,
                (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {VERSIONS}) SELECT i FROM n) n"
        ))
        .await;
    key
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).nresamples(2_000).without_plots()
        .warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = bench
}
criterion_main!(benches);
