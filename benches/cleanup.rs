//! How long the cleanup holds the database's write lock while it removes a hundred thousand rows of each big kind, on both
//! databases: no batch may take more than 50 ms. A table, not statistics: what counts is the longest batch of one cleanup.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends here if it cannot go on")]

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use actix_web::rt::System;
use latchkey::jobs::cleanup;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::Context, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_macros, unused_imports, reason = "the tests need more of it")]
mod support;

use support::{database::Engine, world::World};

const ROWS: i64 = 100_000;

/// Inserts what is selected for every `n` from 1 to $2; $1 is the account, $3 now.
macro_rules! rows {
    ($into:literal, $select:literal) => {
        concat!(
            "INSERT INTO ",
            $into,
            " SELECT ",
            $select,
            " FROM (WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $2)
              SELECT SUBSTR('000000000000' || i, LENGTH('' || i) + 1, 12) AS digits, CAST($1 AS TEXT) AS account,
                CAST($3 AS BIGINT) - 400 * 86400 AS old FROM n) made"
        )
    };
}

/// All of it outlived its use long ago.
const STALE: [&str; 7] = [
    rows!(
        "tokens (id, account, kind, name, name_key, note, permissions, patterns, feeds, created_at, revoked_at, version)",
        "'0190a000-0000-7000-8000-' || digits, account, 'personal', digits, digits, '', 'nuget:push', 'Contoso.*', '*', old, old, 1"
    ),
    rows!(
        "token_secrets (hash, token, issued_at, ended_at)",
        "CAST(digits AS BYTEA), '0190a000-0000-7000-8000-' || digits, old, old"
    ),
    rows!("token_days (token, day, uses, refusals)", "'0190a000-0000-7000-8000-' || digits, old / 86400, 7, 0"),
    rows!(
        "mails (id, account, recipient, state, message_id, attempt, next_at, lease_until, fence, created_at, sent_at, letter, urgency)",
        "'0190a000-0000-7000-9000-' || digits, account, 'ada@example.com', 'sent', digits, 1, old, 0, 1, old, old, 'warnings', 1"
    ),
    rows!(
        "notices (id, kind, subject, occasion, account, due_at, created_at, mail)",
        "'0190a000-0000-7000-a000-' || digits, 'warning', '0190a000-0000-7000-8000-' || digits, '1', account, old, old,
         '0190a000-0000-7000-9000-' || digits"
    ),
    rows!(
        "sessions (id_hash, account, epoch, state, created_at, seen_at)",
        "CAST(digits AS BYTEA), account, 1, '{}', old, old"
    ),
    rows!(
        "events (id, at, verb, account, token, detail)",
        "'0190a000-0000-7000-b000-' || digits, old, 'token.created', account, '0190a000-0000-7000-8000-' || digits, ''"
    ),
];

/// What batches took, in microseconds, by what they removed.
#[derive(Clone, Default)]
struct Batches(Arc<Mutex<BTreeMap<String, Vec<u64>>>>);

/// What the cleanup notes of one batch.
#[derive(Default)]
struct Batch {
    said: String,
    micros: u64,
}

impl Visit for Batch {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.said = format!("{value:?}");
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "micros" {
            self.micros = value;
        }
    }
}

impl<S: Subscriber> Layer<S> for Batches {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut batch = Batch::default();
        event.record(&mut batch);
        if let Some(what) = batch.said.strip_prefix("cleaned up ") {
            self.0.lock().unwrap().entry(what.to_owned()).or_default().push(batch.micros);
        }
    }
}

fn main() {
    let batches = Batches::default();
    tracing_subscriber::registry().with(batches.clone().with_filter(LevelFilter::TRACE)).init();
    let system = System::new();
    for engine in engines() {
        let world = system.block_on(filled(engine));
        batches.0.lock().unwrap().clear();
        println!("{engine:?}: {}", system.block_on(cleanup(&world.app())).unwrap());
        for (what, took) in &*batches.0.lock().unwrap() {
            print(what, took);
        }
        system.block_on(world.end());
    }
}

fn print(what: &str, took: &[u64]) {
    let mut took = took.to_vec();
    took.sort_unstable();
    if took.len() > 1 {
        let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
        let over = took.iter().filter(|micros| **micros > 50_000).count();
        println!("  {what}: {} batches, median {median} µs, longest {longest} µs, {over} over 50 ms", took.len());
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told by its environment where to run")]
fn engines() -> Vec<Engine> {
    let postgres = std::env::var("TEST_DATABASE_URL").map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

async fn filled(engine: Engine) -> World {
    let world = World::empty(engine).await;
    world.restart_with(&[("event-days", "100")]).await;
    world.ada().await;
    let ada = world.database.text("SELECT id FROM accounts", &[]).await;
    for rows in STALE {
        world.database.fill(rows, &ada, ROWS, world.now().timestamp()).await;
    }
    if engine == Engine::Postgres {
        world.database.execute("VACUUM ANALYZE", &[]).await; // as autovacuum does a minute later
    }
    world
}
