//! Bringing the schema up to this version. One process does it; the others wait and then find nothing to do:
//! PostgreSQL has an advisory lock for it, SQLite an exclusive lock on a file beside the database.

use std::{fs::File, path::Path};

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use thiserror::Error;

use super::{Engine, Store, StoreError};
use crate::tokens::FeedId;

static MIGRATOR: Migrator = sqlx::migrate!();

/// Why the schema could not be brought up to date.
#[derive(Debug, Error)]
pub enum MigrationFailed {
    /// The lock file beside the database.
    #[error("the lock file latchkey.migrate could not be used: {0}")]
    Lock(#[from] std::io::Error),
    /// A migration, or a database that a newer version wrote.
    #[error("the database could not be brought to this version's schema: {0}")]
    Schema(#[from] MigrateError),
    /// The database itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Brings the schema up to date and makes the feed `main` if there is none. `folder` holds the lock file.
pub async fn migrate(store: &Store, folder: &Path, now: chrono::DateTime<chrono::Utc>) -> Result<(), MigrationFailed> {
    let _lock = match store.engine {
        Engine::Sqlite => Some(locked(folder).await?),
        Engine::Postgres => None,
    };
    MIGRATOR.run(&store.pool).await?;
    let mut change = store.begin().await?;
    change.add_main_feed(FeedId::generate(now, &mut crate::random::system()), now).await?;
    change.commit().await?;
    store.complete_summaries().await?;
    Ok(())
}

impl Store {
    /// Whether every migration of this version, and none of a newer one, has been applied.
    pub async fn schema_is_current(&self) -> Result<bool, StoreError> {
        Ok(MIGRATOR.iter().map(|migration| migration.version).eq(self.applied_migrations().await?))
    }

    /// The migrations the database has, the newest last; none before the first.
    pub async fn applied_migrations(&self) -> Result<Vec<i64>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let applied = connection.list_applied_migrations(MIGRATOR.table_name.as_ref()).await.unwrap_or_default();
        Ok(applied.into_iter().map(|migration| migration.version).collect())
    }
}

/// Waits for the exclusive lock, which ends with the returned file.
async fn locked(folder: &Path) -> std::io::Result<File> {
    let path = folder.join("latchkey.migrate");
    let lock = move || {
        let file = File::options().create(true).append(true).open(path)?;
        file.lock().map(|()| file)
    };
    tokio::task::spawn_blocking(lock).await.map_err(std::io::Error::other)?
}
