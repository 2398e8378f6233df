//! The only room that says SQL: the same text for SQLite and PostgreSQL, through `sqlx::Any`.
//!
//! Four rules keep the two alike:
//! 1. Columns are `BIGINT`, `TEXT` or `BYTEA`. Times are unix seconds named `…_at`; what would be a flag is such a time
//!    or none. Ids are text made by us.
//! 2. SQL is fixed text with `$n`. Presence is `SELECT 1 … LIMIT 1` read as an optional `i64`, sums are cast to
//!    `BIGINT`, times are compared with a bound `now`. Uniqueness is asked by `ON CONFLICT DO NOTHING` and the row count.
//! 3. Every write begins with [`Store::begin`], the one place where the two differ (nothing else writes, as the
//!    connections that reads use cannot); on behalf of a person, with [`Store::begin_by`].
//! 4. One process migrates at a time; see [`migrate`].

#[macro_use]
mod sql;

mod accounts;
mod audit;
mod connect;
mod failover;
mod failure;
mod feeds;
mod gather;
mod health;
mod installation;
mod job_runs;
mod master_secret;
pub mod migrate;
mod notifications;
mod open;
mod operator;
mod packages;
mod restore;
mod retention;
mod search;
mod searchers;
mod signing_keys;
#[cfg(test)]
mod tests;
mod tokens;
mod url_parameters;
mod usage;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use sqlx::{Any, AnyPool};
use tokio::{sync::mpsc::UnboundedSender, time::timeout};

use self::{connect::PATIENCE, failure::WriteHealth, searchers::Searchers, tokens::lookup::Lookups};
use crate::tokens::EventId;

pub use self::{
    connect::{DATABASE_FILE, DatabaseUrl},
    failure::StoreError,
    gather::GatherCounts,
    migrate::SchemaState,
    open::searchers,
    retention::Expendable,
    search::IndexCounts,
    tokens::{client_logins::ClientLogin, lifecycle::Made},
};

/// Which database this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// One file on this machine.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// The name people know.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// The database. Cheap to clone; its methods read.
#[derive(Clone, Debug)]
pub struct Store {
    /// For reads alone.
    pool: AnyPool,
    /// For searches alone, which may take their time.
    searchers: Searchers,
    /// For changes.
    writers: AnyPool,
    /// For look-ups of presented secrets.
    lookups: Lookups,
    engine: Engine,
    health: WriteHealth,
    database: DatabaseUrl,
    recorded: Recorded,
}

/// A change in progress: nothing of it holds until [`Transaction::commit`] returned.
pub struct Transaction {
    inner: sqlx::Transaction<'static, Any>,
    engine: Engine,
    health: WriteHealth,
    recorded: Recorded,
    /// What it writes into the record.
    events: Vec<EventId>,
}

/// Who is told of events once they hold, if anybody is.
#[derive(Clone, Debug, Default)]
struct Recorded(Arc<OnceLock<UnboundedSender<EventId>>>);

/// The result of asking the store.
pub type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Which database this is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Begins a change, or fails after five seconds in which it could not.
    ///
    /// SQLite takes the write lock at once, because a read transaction that turns into a write fails under load whatever
    /// the time-out (SQLITE_BUSY_SNAPSHOT). PostgreSQL ends a change of a process that has been frozen or cut off for a
    /// second, so that its locks keep nobody from revoking a key; nothing but statements may be awaited within a change.
    pub async fn begin(&self) -> Result<Transaction> {
        let begin = match self.engine {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => {
                "BEGIN; SET LOCAL statement_timeout = '10s'; SET LOCAL lock_timeout = '4s';
                 SET LOCAL idle_in_transaction_session_timeout = '1s'"
            }
        };
        let writers = self.writers.clone();
        // In a task of its own: whoever is cut off here leaves no connection behind that has half begun.
        let beginning = tokio::spawn(async move { writers.begin_with(begin).await });
        match timeout(PATIENCE, beginning).await {
            Ok(Ok(Ok(inner))) => {
                let (health, recorded) = (self.health.clone(), self.recorded.clone());
                Ok(Transaction { inner, engine: self.engine, health, recorded, events: Vec::new() })
            }
            // SQLite has one connection for changes, and whoever holds it goes on.
            Ok(Ok(Err(error @ sqlx::Error::PoolTimedOut))) if self.engine == Engine::Sqlite => {
                Err(StoreError::Busy(error))
            }
            Ok(Ok(Err(error))) => {
                let error = StoreError::from(error);
                self.health.note_refused(&error);
                Err(error)
            }
            Ok(Err(_)) => Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)),
            Err(_) if self.engine == Engine::Sqlite => Err(StoreError::Busy(sqlx::Error::PoolTimedOut)),
            Err(_) => Err(StoreError::NoConnection),
        }
    }

    /// Begins a change that can wait: PostgreSQL ends it rather than let it hold up what people do (its search for
    /// deadlocks begins after a second, and ends whom it likes). SQLite has one writer at a time anyway.
    pub async fn begin_giving_way(&self) -> Result<Transaction> {
        let mut tx = self.begin().await?;
        if self.engine == Engine::Postgres {
            sqlx::query("SET LOCAL lock_timeout = '300ms'").execute(&mut *tx.inner).await?;
        }
        Ok(tx)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Whether the last change failed in a way that points at a disk that is full or broken.
    pub fn writes_fail(&self) -> bool {
        self.health.fails()
    }

    /// From now on `told` gets each event that this process recorded, once it holds. Only the first call counts.
    pub fn tell_recorded(&self, told: UnboundedSender<EventId>) {
        // A second listener would be a fault of ours, and gets nothing.
        let _ = self.recorded.0.set(told);
    }

    /// How often keys were looked up since the start.
    pub fn lookup_counts(&self) -> &GatherCounts {
        self.lookups.counts()
    }

    /// Open connections for reads and for changes: those in use, and those that are idle.
    pub fn open_connections(&self) -> [(&'static str, u32, u32); 2] {
        [("reads", &self.pool), ("changes", &self.writers)].map(|(name, pool)| {
            let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
            (name, pool.size().saturating_sub(idle), idle)
        })
    }

    /// Closes every connection, after what is under way.
    pub async fn close(&self) {
        self.lookups.close().await;
        self.writers.close().await;
        self.searchers.close().await;
        self.pool.close().await;
    }
}

impl Transaction {
    /// Makes the change hold. On SQLite it is on the disk when this returns (`synchronous=FULL`).
    pub async fn commit(self) -> Result<()> {
        match self.inner.commit().await.map_err(StoreError::from) {
            Ok(()) => {
                self.health.note_success();
                if let Some(told) = self.recorded.0.get() {
                    for event in self.events {
                        // Whoever listened may have ended.
                        let _ = told.send(event);
                    }
                }
                Ok(())
            }
            Err(error) => {
                self.health.note_refused(&error);
                Err(error)
            }
        }
    }
}

/// Reads a stored time.
fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Reads a stored id or word, whose absence means that somebody else wrote the row.
fn readable<T>(value: Option<T>, what: &str) -> Result<T> {
    value.ok_or_else(|| StoreError::Unreadable(what.to_owned()))
}
