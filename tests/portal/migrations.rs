//! Bringing the schema up to date: however long it takes, by one process, beside others that write.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use latchkey::store::{
    DatabaseUrl, Engine as Kind, Store,
    migrate::{apply, migrator, unlocked},
};
use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::support::{
    database::Engine,
    world::{World, on_both_engines, walk},
};

on_both_engines! {
    World::of_november =>
    two_processes_start_at_once_on_many_events,
}

/// How many events there are; `LATCHKEY_TEST_EVENTS=5000000` is a host of some years.
#[expect(clippy::disallowed_methods, reason = "the test run tells in the environment how much it may take")]
fn events() -> i64 {
    std::env::var("LATCHKEY_TEST_EVENTS").map_or(20_000, |count| count.parse().unwrap())
}

const FILL: &str = "INSERT INTO events (id, at, verb, account, actor, token, hint, detail)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
    SELECT '01a30000-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), $3, 'token edited', $1, $1, 'gone', 'lk_Gone', 'packages' FROM n";

async fn two_processes_start_at_once_on_many_events(world: &World) {
    let ada = world.database.text("SELECT id FROM accounts WHERE username = 'ada'", &[]).await;
    world.database.fill(FILL, &ada, events(), 1_700_000_000).await;
    let before = world.database.number("SELECT COUNT(*) FROM events", &[]).await;
    let address = "127.0.0.1:8080".parse().unwrap();
    let (one, other) = tokio::join!(world.open(address, &[]), world.open(address, &[]));
    for app in [one.unwrap(), other.unwrap()] {
        assert_eq!(app.store.schema_state().await.unwrap(), latchkey::store::SchemaState::Current);
        app.store.close().await;
    }
    assert_eq!(world.database.number("SELECT COUNT(*) FROM events", &[]).await, before);
}

/// This version's migrations and one more.
fn with_another(sql: &'static str, in_transaction: bool) -> Migrator {
    let mut all: Vec<_> = migrator(Kind::Postgres).iter().cloned().collect();
    let (version, kind) = (29_991_231_000_000, MigrationType::Simple);
    all.push(Migration::new(version, "one more".into(), kind, sql.into_sql_str(), !in_transaction));
    unlocked(all)
}

async fn store(world: &World) -> Store {
    Store::connect(&DatabaseUrl::parse(world.database.url()).unwrap()).await.unwrap()
}

/// Walks in a world on PostgreSQL that is set up, without a server.
async fn walk_beside(journey: impl AsyncFnOnce(&World)) {
    let start = async {
        let world = World::empty(Engine::Postgres).await;
        let app = world.open("127.0.0.1:8080".parse().unwrap(), &[]).await.unwrap();
        app.store.close().await;
        world
    };
    walk(start, journey).await;
}

#[actix_web::test]
async fn a_migration_may_take_longer_than_any_statement_of_a_request() {
    walk_beside(async |world: &World| {
        let limit = "DO $$ BEGIN EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET statement_timeout = ''300ms''', current_database()); END $$";
        world.database.execute(limit, &[]).await;
        let store = store(world).await;
        let slow = with_another("CREATE TABLE slow AS SELECT CAST(pg_sleep(1) AS TEXT) AS slept", true);
        apply(&store, world.folder(), &slow).await.unwrap();
        assert_eq!(world.database.number("SELECT COUNT(*) FROM slow", &[]).await, 1);
        store.close().await;
    })
    .await;
}

#[actix_web::test]
async fn of_several_processes_one_migrates_and_the_others_wait() {
    walk_beside(async |world: &World| {
        let store = store(world).await;
        let slow = with_another("CREATE TABLE once AS SELECT CAST(pg_sleep(1) AS TEXT) AS slept", true);
        let (one, two, three) = tokio::join!(
            apply(&store, world.folder(), &slow),
            apply(&store, world.folder(), &slow),
            apply(&store, world.folder(), &slow),
        );
        for done in [one, two, three] {
            done.unwrap();
        }
        store.close().await;
    })
    .await;
}

#[actix_web::test]
async fn a_process_that_died_while_it_migrated_does_not_keep_others_waiting_for_ever() {
    walk_beside(async |world: &World| {
        let store = store(world).await;
        let more = with_another("CREATE TABLE once (a BIGINT)", true);
        let held =
            "UPDATE migration_lease SET holder = 'another', until_at = CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) + 2";
        world.database.execute(held, &[]).await;
        apply(&store, world.folder(), &more).await.unwrap();
        let over = "SELECT COUNT(*) FROM migration_lease WHERE CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) < until_at";
        assert_eq!(world.database.number(over, &[]).await, 0, "it was waited for, and given back");
        store.close().await;
    })
    .await;
}

#[actix_web::test]
async fn an_index_is_built_while_others_write_and_what_a_dead_process_left_of_it_is_built_anew() {
    walk_beside(async |world: &World| {
        let store = store(world).await;
        let sql = "CREATE INDEX CONCURRENTLY IF NOT EXISTS events_by_client ON events (client, id)";
        // Somebody has begun to write, and takes a while.
        let insert = "INSERT INTO events (id, at, verb, detail) VALUES ($1, 1, 'x', '')";
        world.database.execute("BEGIN", &[]).await;
        world.database.execute(insert, &["first"]).await;
        let migrator = with_another(sql, false);
        let (done, meanwhile) = (AtomicBool::new(false), store.clone());
        let building = async {
            apply(&store, world.folder(), &migrator).await.unwrap();
            done.store(true, Ordering::SeqCst);
        };
        let writing = async {
            let building = "SELECT COUNT(*) FROM pg_class WHERE relname = 'events_by_client'";
            let other = crate::support::database::Database::beside(world.database.url()).await;
            while other.number(building, &[]).await == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            other.execute("SET lock_timeout = '3s'", &[]).await;
            other.execute(insert, &["second"]).await;
            assert!(!done.load(Ordering::SeqCst), "the index waits for the first");
            world.database.execute("COMMIT", &[]).await;
        };
        tokio::join!(building, writing);
        assert!(meanwhile.ping().await.is_ok());
        let valid = "SELECT COUNT(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'events_by_client' AND i.indisvalid";
        assert_eq!(world.database.number(valid, &[]).await, 1);

        // As if the process had died at it.
        world.database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_by_client'::regclass", &[]).await;
        world.database.execute("DELETE FROM _sqlx_migrations WHERE version = 29991231000000", &[]).await;
        apply(&store, world.folder(), &migrator).await.unwrap();
        assert_eq!(world.database.number(valid, &[]).await, 1);
        store.close().await;
    })
    .await;
}
