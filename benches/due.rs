//! What a tick of the warnings costs while a million keys are owed up to four notices each, and the warning of one in a
//! hundred is due, on both databases. PostgreSQL takes part when `TEST_DATABASE_URL` names a server: `bin/with-postgres cargo bench --bench due`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends here")]

use std::{hint::black_box, time::Duration};

use actix_web::rt::System;
use criterion::{Criterion, criterion_group, criterion_main};

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "the tests need more of it")]
mod support;

use support::{database::Engine, world::World};

const KEYS: i64 = 1_000_000;
/// What a tick looks at in one go.
const BATCH: i64 = 500;

/// What is owed about each key's end, in no order: warnings due in the hours of the coming year but for one in a hundred,
/// reminders that are not past, and word of the end. $1 is the account, $2 how many keys, $3 now.
const NOTICES: &str = "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at)
    SELECT '0190a000-0000-7000-8' || place || '00-' || digits, kind, '0190a000-0000-7000-9000-' || digits,
        CAST(warn_at + 864000 AS TEXT), account, warn_at + later, at
    FROM (WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2)
          SELECT SUBSTR('000000000000' || i, LENGTH('' || i) + 1, 12) AS digits, CAST($1 AS TEXT) AS account, CAST($3 AS BIGINT) AS at,
            CAST($3 AS BIGINT) + CASE WHEN i % 100 = 0 THEN -(i * 7919 % 24) ELSE i * 7919 % 8760 + 1 END * 3600 AS warn_at FROM n) n,
         (SELECT 1 AS place, 'warning' AS kind, 0 AS later UNION ALL SELECT 2, 'expired', 864000
          UNION ALL SELECT 3, 'reminder-1', 777600 UNION ALL SELECT 4, 'reminder-30', -1728000) kinds
    WHERE kind = 'warning' OR warn_at + later > at";

fn bench(c: &mut Criterion) {
    let system = System::new();
    for engine in engines() {
        let world = system.block_on(filled(engine));
        let store = &world.app().store;
        for (name, now, many) in
            [("due, one in a hundred", world.now(), 500), ("due, none", world.now() - chrono::Duration::days(2), 0)]
        {
            let found = || system.block_on(store.due_end_notices(black_box(now), BATCH)).unwrap();
            assert_eq!(found().len(), many);
            c.bench_function(&format!("{name}/{engine:?}"), |b| b.iter(found));
        }
        system.block_on(world.end());
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
fn engines() -> Vec<Engine> {
    let postgres = std::env::var("TEST_DATABASE_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

async fn filled(engine: Engine) -> World {
    let world = World::empty(engine).await;
    world.restart_with(&[]).await;
    world.ada().await;
    let ada = world.database.text("SELECT id FROM accounts", &[]).await;
    if engine == Engine::Sqlite {
        world.database.execute("PRAGMA cache_size = -1000000", &[]).await; // fills a big index many times faster
    }
    world.database.fill(NOTICES, &ada, KEYS, world.now().timestamp()).await;
    if engine == Engine::Postgres {
        world.database.execute("VACUUM ANALYZE", &[]).await; // as autovacuum does a minute later
    }
    world
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = bench
}
criterion_main!(benches);
