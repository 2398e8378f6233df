//! Bringing the schema up to this version. One process does it, without a limit of time; the others wait and then find
//! nothing to do. On SQLite that is an exclusive lock on a file beside the database, on PostgreSQL a row with a lease.
//!
//! A migration is one file for both engines. Where an index must be built without blocking writers it may be a pair,
//! `NAME.sqlite.sql` and `NAME.postgres.sql`; the latter then begins with `-- no-transaction` and holds one
//! `CREATE INDEX CONCURRENTLY IF NOT EXISTS`, and nothing else.

use std::{borrow::Cow, fs::File, os::unix::fs::OpenOptionsExt, path::Path, sync::LazyLock, time::Duration};

use rand::Rng;
use rust_embed::RustEmbed;
use sqlx::{
    AnyConnection, Connection, SqlSafeStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};
use thiserror::Error;
use tokio::{task::JoinHandle, time::sleep};

use super::{DatabaseUrl, Engine, Store, StoreError};
use crate::{random, tokens::FeedId};

/// The files themselves, inside the program. `sqlx::migrate!` would do, but builds sqlx and both drivers twice.
#[derive(RustEmbed)]
#[folder = "migrations/"]
struct Files;

/// Every migration of this version, in order.
static EVERY: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    let mut all: Vec<_> = Files::iter().map(|name| embedded(&name)).collect();
    all.sort();
    all
});

/// A process that has died or was cut off loses the right to migrate after so many seconds.
const LEASE: i64 = 60;
/// Time between two extensions of the lease.
const EXTEND: Duration = Duration::from_secs(10);
/// Time between two looks whether another process is done.
const POLL: Duration = Duration::from_millis(500);
/// Time between two lines of the log that say so.
const REMIND: Duration = Duration::from_secs(30);

/// Why the schema could not be brought up to date.
#[derive(Debug, Error)]
pub enum MigrationFailed {
    /// The lock file beside the database.
    #[error("the lock file latchkey.migrate could not be used: {0}")]
    Lock(#[from] std::io::Error),
    /// A migration.
    #[error("the database could not be brought to this version's schema: {0}")]
    Schema(#[source] MigrateError),
    /// A newer version wrote the database.
    #[error(
        "a newer version has brought this database to its schema: upgrade this program ({}), or put the backup from before back",
        env!("CARGO_PKG_VERSION")
    )]
    Newer,
    /// The database itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MigrationFailed {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<MigrateError> for MigrationFailed {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) => Self::Newer,
            error => Self::Schema(error),
        }
    }
}

/// How a database's schema compares with this version's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// Every migration of this version, and none of a newer one, has been applied.
    Current,
    /// Migrations of this version are missing.
    Older,
    /// A newer version has been here; this one can go on with it until it is upgraded too.
    Newer,
}

/// Brings the schema up to date and makes the feed `main` if there is none. `folder` holds the lock file.
pub async fn migrate(store: &Store, folder: &Path, now: chrono::DateTime<chrono::Utc>) -> Result<(), MigrationFailed> {
    apply(store, folder, &migrator(store.engine)).await?;
    let mut tx = store.begin().await?;
    tx.add_main_feed(FeedId::generate(now, &mut random::system()), now).await?;
    tx.commit().await?;
    store.complete_summaries().await?;
    Ok(())
}

/// Brings the schema up to what `migrator` knows, which is of this version unless a test has another.
pub async fn apply(store: &Store, folder: &Path, migrator: &Migrator) -> Result<(), MigrationFailed> {
    let mut connection = store.database.connect_directly().await?;
    match store.engine {
        Engine::Sqlite => {
            let _lock = locked(folder).await?;
            migrator.run_direct(None, &mut connection, false).await?;
        }
        Engine::Postgres => {
            for setting in UNLIMITED {
                sqlx::query(setting).execute(&mut connection).await?;
            }
            if is_current(&mut connection, migrator).await {
                // Nothing to do, unless a migration was changed since: this says so.
                migrator.run_direct(None, &mut connection, false).await?;
            } else {
                with_lease(&store.database, &mut connection, migrator).await?;
            }
            limit_reads(&mut connection).await;
            // A pooler may give this connection to somebody else.
            sqlx::query("RESET ALL").execute(&mut connection).await?;
        }
    }
    connection.close().await?;
    Ok(())
}

/// The migrations of this version for one engine.
pub fn migrator(engine: Engine) -> Migrator {
    let ours = EVERY.iter().filter(|migration| is_for(migration, engine)).cloned().collect();
    unlocked(ours)
}

/// Without sqlx's own lock, which belongs to a session and so gets lost behind a pooler.
pub fn unlocked(migrations: Vec<Migration>) -> Migrator {
    let mut migrator = Migrator::with_migrations(migrations);
    migrator.set_locking(false);
    migrator
}

/// Reads a file `VERSION_some_words.sql`.
fn embedded(name: &str) -> Migration {
    let text = Files::get(name).map(|file| file.data.into_owned()).and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = name.strip_suffix(".sql").and_then(|stem| stem.split_once('_'));
    let parts = parts.and_then(|(version, words)| Some((version.parse().ok()?, words.replace('_', " "))));
    let ((version, words), text) = parts.zip(text).expect("migrations are named VERSION_some_words.sql and hold text");
    let without_transaction = text.starts_with("-- no-transaction");
    let sql = sqlx::AssertSqlSafe(text).into_sql_str();
    Migration::new(version, Cow::Owned(words), MigrationType::Simple, sql, without_transaction)
}

fn is_for(migration: &Migration, engine: Engine) -> bool {
    let other = match engine {
        Engine::Sqlite => ".postgres",
        Engine::Postgres => ".sqlite",
    };
    !migration.description.ends_with(other)
}

impl Store {
    /// How the database's schema compares with this version's.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let (applied, ours) = (self.applied_migrations().await?, versions(&migrator(self.engine)));
        Ok(if ours.iter().any(|version| !applied.contains(version)) {
            SchemaState::Older
        } else if applied.len() > ours.len() {
            SchemaState::Newer
        } else {
            SchemaState::Current
        })
    }

    /// The migrations the database has, the newest last; none before the first.
    pub async fn applied_migrations(&self) -> Result<Vec<i64>, StoreError> {
        Ok(applied(&mut *self.pool.acquire().await?).await)
    }
}

fn versions(migrator: &Migrator) -> Vec<i64> {
    migrator.iter().map(|migration| migration.version).collect()
}

async fn applied(connection: &mut AnyConnection) -> Vec<i64> {
    let applied = connection.list_applied_migrations(Migrator::DEFAULT.table_name.as_ref()).await.unwrap_or_default();
    applied.into_iter().map(|migration| migration.version).collect()
}

async fn is_current(connection: &mut AnyConnection, migrator: &Migrator) -> bool {
    applied(connection).await == versions(migrator)
}

/// Waits for the exclusive lock, which ends with the returned file.
async fn locked(folder: &Path) -> std::io::Result<File> {
    let path = folder.join("latchkey.migrate");
    let lock = move || {
        let file = File::options().create(true).append(true).mode(0o600).open(path)?;
        file.lock().map(|()| file)
    };
    tokio::task::spawn_blocking(lock).await.map_err(std::io::Error::other)?
}

/// A migration takes as long as it takes. warning: what it finds done already is no news.
const UNLIMITED: [&str; 4] = [
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET client_min_messages = 'warning'",
];

/// Ends what a process that died left of an index that is built beside the writers; it would never be used.
const DROP_BROKEN_INDEXES: &str = "DO $$
DECLARE broken RECORD;
BEGIN
    FOR broken IN SELECT c.oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE NOT i.indisvalid AND c.relnamespace = to_regnamespace(current_schema()) LOOP
        EXECUTE 'DROP INDEX ' || CAST(CAST(broken.oid AS regclass) AS TEXT);
    END LOOP;
END $$";

/// Migrates once the lease is ours, unless another process has done it by then.
async fn with_lease(
    database: &DatabaseUrl,
    connection: &mut AnyConnection,
    migrator: &Migrator,
) -> Result<(), MigrationFailed> {
    let mut id = [0; 16];
    random::system().fill_bytes(&mut id);
    let holder = uuid::Uuid::from_bytes(id).to_string();
    make_lease(connection).await?;
    let mut waited = Duration::ZERO;
    while !take_lease(connection, &holder).await? {
        if waited.as_millis().is_multiple_of(REMIND.as_millis()) {
            tracing::info!("another process brings the database to its version's schema; waiting for it");
        }
        sleep(POLL).await;
        waited += POLL;
    }
    let extending = extend_lease(database.clone(), holder.clone());
    let migrated = async {
        sqlx::query(DROP_BROKEN_INDEXES).execute(&mut *connection).await?;
        Ok(migrator.run_direct(None, connection, false).await?)
    };
    let migrated: Result<(), MigrationFailed> = migrated.await;
    extending.abort();
    // If this fails it ends by itself.
    let end = "UPDATE migration_lease SET until_at = 0 WHERE holder = $1";
    let _ = sqlx::query(end).bind(holder).execute(connection).await;
    migrated
}

/// Two processes that make the table at once can hinder each other; then one of them has made it.
async fn make_lease(connection: &mut AnyConnection) -> sqlx::Result<()> {
    let make = "CREATE TABLE IF NOT EXISTS migration_lease
        (name TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, until_at BIGINT NOT NULL)";
    if sqlx::query(make).execute(&mut *connection).await.is_err() {
        sqlx::query(make).execute(connection).await?;
    }
    Ok(())
}

/// By the clock of the database, as those of the processes may differ.
async fn take_lease(connection: &mut AnyConnection, holder: &str) -> sqlx::Result<bool> {
    let take = "INSERT INTO migration_lease (name, holder, until_at)
        VALUES ('schema', $1, CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) + $2)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
        WHERE migration_lease.until_at < CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)";
    Ok(sqlx::query(take).bind(holder).bind(LEASE).execute(connection).await?.rows_affected() == 1)
}

/// Keeps the lease over a connection of its own until it is aborted.
fn extend_lease(database: DatabaseUrl, holder: String) -> JoinHandle<()> {
    let extend = "UPDATE migration_lease
        SET until_at = CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT) + $2 WHERE name = 'schema' AND holder = $1";
    tokio::spawn(async move {
        loop {
            sleep(EXTEND).await;
            let extended = async {
                let mut connection = database.connect_directly().await?;
                sqlx::query(extend).bind(holder.as_str()).bind(LEASE).execute(&mut connection).await?;
                connection.close().await
            };
            if let Err(error) = extended.await {
                tracing::warn!("the right to migrate could not be extended: {error}");
            }
        }
    })
}

/// The limit for reads, which are in no transaction of ours, and how soon a connection that was cut is noticed: settings
/// of the role in this database, so that they hold behind a pooler too. What an operator has set stays. Changes bring
/// limits of their own.
const LIMIT_READS: &str = "DO $$
DECLARE setting RECORD;
BEGIN
    FOR setting IN SELECT * FROM (VALUES ('statement_timeout', '10s'), ('tcp_user_timeout', '20s'),
            ('tcp_keepalives_idle', '10'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')) AS ours (name, value)
        WHERE NOT EXISTS (SELECT 1 FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
            JOIN pg_roles r ON r.oid = s.setrole
            WHERE d.datname = current_database() AND r.rolname = current_user
              AND EXISTS (SELECT 1 FROM unnest(s.setconfig) AS set (line) WHERE starts_with(set.line, ours.name || '='))) LOOP
        EXECUTE format('ALTER ROLE CURRENT_USER IN DATABASE %I SET %I = %L', current_database(), setting.name, setting.value);
    END LOOP;
END $$";

/// Two processes that set them at once hinder each other; the second look then finds them set.
async fn limit_reads(connection: &mut AnyConnection) {
    if sqlx::query(LIMIT_READS).execute(&mut *connection).await.is_ok() {
        return;
    }
    sleep(POLL).await;
    if let Err(error) = sqlx::query(LIMIT_READS).execute(connection).await {
        tracing::warn!(
            "the limits for reads could not be set ({error}); as an administrator, run in this database: \
             ALTER ROLE (the role of Latchkey) IN DATABASE (this one) SET statement_timeout = '10s'"
        );
    }
}
