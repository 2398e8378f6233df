//! Opening the database: its pools, and what is asked of a server before the first of them is used.
//!
//! Reads and changes have connections of their own, so that whoever waits for a lock keeps no key check waiting.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, str::FromStr, sync::Once};

use sqlx::{
    AnyConnection, Connection, SqlitePool,
    any::AnyPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::time::timeout;

use super::{
    Engine, Result, Store, StoreError,
    connect::{DatabaseUrl, PATIENCE, Purpose, set_up},
    failover,
    failure::WriteHealth,
    searchers::Searchers,
};

impl Store {
    /// Opens the database. The schema is looked after by [`super::migrate`].
    pub async fn connect(database: &DatabaseUrl) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let engine = database.engine();
        if engine == Engine::Sqlite {
            make_private(database.first())?;
        }
        let (connection, url) = database.first_that_answers(Purpose::Migration).await?;
        if engine == Engine::Postgres {
            keeps_prepared_statements(connection, url).await?;
        } else {
            connection.close().await?;
        }
        let health = WriteHealth::default();
        let store = Self {
            pool: pool(database, Purpose::Reads, &health).connect_lazy(url)?,
            searchers: match engine {
                Engine::Sqlite => Searchers::Sqlite(sqlite_searchers(url)?),
                Engine::Postgres => Searchers::Postgres(pool(database, Purpose::Searches, &health).connect_lazy(url)?),
            },
            writers: pool(database, Purpose::Changes, &health).connect_lazy(url)?,
            lookups: Self::lookups(database),
            engine,
            health,
            database: database.clone(),
            recorded: Default::default(),
        };
        if engine == Engine::Postgres {
            tokio::spawn(failover::watch(store.clone()));
        }
        Ok(store)
    }
}

/// Searches take half of the processor cores at most, so that key checks always find one.
pub fn searchers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    u32::try_from(cores / 2).unwrap_or(1).max(1)
}

/// What [`set_up`] says of connections for searches, for SQLite's own driver.
fn sqlite_searchers(url: &str) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::from_str(url)?.busy_timeout(PATIENCE).pragma("query_only", "ON");
    let pool = SqlitePoolOptions::new().max_connections(searchers()).acquire_timeout(PATIENCE);
    Ok(pool.test_before_acquire(false).connect_lazy_with(options))
}

fn pool(database: &DatabaseUrl, purpose: Purpose, health: &WriteHealth) -> AnyPoolOptions {
    let engine = database.engine();
    let (readers, writers) = database.connections();
    let most = match purpose {
        Purpose::Reads => readers,
        Purpose::Searches => searchers(),
        Purpose::Changes | Purpose::Migration => writers,
    };
    let options = AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        // A file does not go away; a server may.
        .test_before_acquire(engine == Engine::Postgres)
        .after_connect(move |connection, _| Box::pin(set_up(connection, engine, purpose)));
    if matches!(purpose, Purpose::Reads | Purpose::Searches) {
        return options;
    }
    let health = health.clone();
    options.after_release(move |connection, _| {
        let health = health.clone();
        Box::pin(async move {
            // Whatever was still to be rolled back is so when this returns. A server that was cut off never answers.
            timeout(PATIENCE, connection.ping()).await.map_err(|_| sqlx::Error::WorkerCrashed)??;
            let broken = connection.is_in_transaction();
            if broken {
                health.note_failure();
            }
            Ok(!broken)
        })
    })
}

/// Makes the file of a SQLite database that is to be made, for this user alone; what SQLite puts beside it later gets the
/// same mode. What goes wrong here SQLite will say.
fn make_private(url: &str) -> sqlx::Result<()> {
    let path = SqliteConnectOptions::from_str(url)?.get_filename().to_owned();
    if url.contains("mode=rwc") {
        let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    }
    Ok(())
}

/// Whether a statement prepared in one transaction is there in the next, on whichever connection of a pooler that runs:
/// everything here relies on it. PostgreSQL itself and pgbouncer 1.21 with `max_prepared_statements` pass.
async fn keeps_prepared_statements(mut first: AnyConnection, url: &str) -> Result<()> {
    let mut second = AnyConnection::connect(url).await?;
    let probed = async {
        ask(&mut first).await?;
        // A pooler gives the second one the server connection that the first one has just left.
        let mut tx = second.begin().await?;
        ask(&mut tx).await?;
        ask(&mut first).await?;
        tx.rollback().await
    };
    let probed = probed.await;
    // Politely, but it does not matter here whether they end so.
    let _ = first.close().await;
    let _ = second.close().await;
    match probed {
        Err(error) if is_about_prepared_statements(&error) => Err(StoreError::Pooler),
        probed => Ok(probed?),
    }
}

async fn ask(connection: &mut AnyConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT CAST($1 AS BIGINT)").bind(1_i64).execute(connection).await?;
    Ok(())
}

/// `invalid_sql_statement_name` and `duplicate_prepared_statement`.
fn is_about_prepared_statements(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "26000" || code == "42P05")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn nobody_else_on_the_machine_can_read_the_database() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let store = Store::connect(&DatabaseUrl::file_in(folder.path())).await.unwrap();
        sqlx::query("CREATE TABLE t (a BIGINT)").execute(&store.writers).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
        store.close().await; // SQLite takes files away as it closes
        folder.close().unwrap();
    }
}
