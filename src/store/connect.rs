//! Opening the database: which one a URL names, how many connections, and how each is set up.

use std::{path::Path, sync::Once, time::Duration};

use sqlx::{AnyConnection, any::AnyPoolOptions};

use super::{Engine, Result, Store};

/// How long a request waits for a connection, and SQLite for its write lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// More connections do not read faster through sqlx's SQLite driver.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// Where the data is. Holds a password perhaps, so it does not print itself.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: String,
    engine: Engine,
}

impl DatabaseUrl {
    /// The SQLite file `latchkey.db` in a folder.
    pub fn file_in(folder: &Path) -> Self {
        let path = folder.join("latchkey.db");
        let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Self { url: format!("sqlite://{path}?mode=rwc"), engine: Engine::Sqlite }
    }

    /// Reads `postgres://…` or `sqlite://…`; anything else is `None`.
    pub fn parse(url: &str) -> Option<Self> {
        let engine = match url.split_once("://")?.0 {
            "postgres" | "postgresql" => Engine::Postgres,
            "sqlite" => Engine::Sqlite,
            _ => return None,
        };
        Some(Self { url: url.to_owned(), engine })
    }

    /// Which database it names.
    pub fn engine(&self) -> Engine {
        self.engine
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({:?})", self.engine)
    }
}

impl Store {
    /// Opens the database. The schema is looked after by [`super::migrate`].
    pub async fn connect(database: &DatabaseUrl) -> Result<Self> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let engine = database.engine;
        let connections = match engine {
            Engine::Sqlite => SQLITE_CONNECTIONS,
            Engine::Postgres => POSTGRES_CONNECTIONS,
        };
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| Box::pin(set_up(connection, engine)))
            .connect(&database.url)
            .await?;
        Ok(Self { pool, engine })
    }
}

async fn set_up(connection: &mut AnyConnection, engine: Engine) -> sqlx::Result<()> {
    let statements: &[&'static str] = match engine {
        // FULL: an acknowledged revocation survives a power cut.
        Engine::Sqlite => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ],
        // warning: what a migration finds done already is no news.
        Engine::Postgres => {
            &["SET statement_timeout = '10s'", "SET timezone = 'UTC'", "SET client_min_messages = 'warning'"]
        }
    };
    for statement in statements.iter().copied() {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}
