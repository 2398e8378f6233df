//! The connections of searches. A search that takes too long is ended by the database itself: by PostgreSQL, which is told
//! with each, and by SQLite, which asks now and then whether to go on. Only the driver of SQLite itself can be asked so.

use std::time::{Duration, Instant};

use sqlx::{Any, AnyPool, Sqlite, SqlitePool, pool::PoolConnection};

use super::Result;

/// Steps of SQLite's machine between two looks at the time: some hundred microseconds.
const STEPS: i32 = 10_000;

/// Where connections for searches come from.
#[derive(Clone, Debug)]
pub(super) enum Searchers {
    Sqlite(SqlitePool),
    Postgres(AnyPool),
}

/// A connection for one search.
pub(super) enum Searcher {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Any>),
}

impl Searchers {
    /// A connection whose statements SQLite ends after this long; PostgreSQL is told with each search.
    pub(super) async fn acquire(&self, longest: Duration) -> Result<Searcher> {
        match self {
            Self::Postgres(pool) => Ok(Searcher::Postgres(pool.acquire().await?)),
            Self::Sqlite(pool) => {
                let mut connection = pool.acquire().await?;
                let end = Instant::now() + longest;
                connection.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < end);
                Ok(Searcher::Sqlite(connection))
            }
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Whether a statement was ended because its time was over: by SQLite (SQLITE_INTERRUPT), or by PostgreSQL (query_canceled).
pub(super) fn is_out_of_time(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "9" || code == "57014")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DatabaseUrl, Store};

    #[tokio::test]
    async fn sqlite_ends_a_statement_whose_time_is_over_and_the_next_one_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::connect(&DatabaseUrl::file_in(folder.path())).await.unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
        for _ in 0..2 {
            let Searcher::Sqlite(mut connection) = store.searchers.acquire(Duration::from_millis(50)).await.unwrap()
            else {
                panic!("another database")
            };
            let begun = Instant::now();
            let ended = sqlx::query_scalar::<_, i64>(endless).fetch_one(&mut *connection).await.unwrap_err();
            assert!(is_out_of_time(&ended), "{ended}");
            assert!(begun.elapsed() < Duration::from_secs(20), "it is ended, and not waited for");
        }
        // Whoever gave up before leaves nothing behind that goes on.
        let Searcher::Sqlite(mut left) = store.searchers.acquire(Duration::from_millis(300)).await.unwrap() else {
            panic!("another database")
        };
        let asked = sqlx::query_scalar::<_, i64>(endless).fetch_one(&mut *left);
        assert!(tokio::time::timeout(Duration::from_millis(10), asked).await.is_err());
        drop(left);
        let Searcher::Sqlite(mut next) = store.searchers.acquire(Duration::from_secs(60)).await.unwrap() else {
            panic!("another database")
        };
        let one: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&mut *next).await.unwrap();
        assert_eq!(one, 1);
        let changed = sqlx::query("CREATE TABLE t (a BIGINT)").execute(&mut *next).await;
        assert!(changed.is_err(), "searches change nothing");
        drop(next);
        store.close().await;
        folder.close().unwrap();
    }
}
