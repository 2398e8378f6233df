//! Opening the database: which one a URL names, how many connections, and how each is set up.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path, str::FromStr, sync::Once, time::Duration};

use sqlx::{AnyConnection, any::AnyPoolOptions, sqlite::SqliteConnectOptions};

use super::{Engine, Result, Store};

/// How long a request waits for a connection, and SQLite for its write lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// More connections do not read faster through sqlx's SQLite driver.
const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;

/// The SQLite database in the data folder.
pub const DATABASE_FILE: &str = "latchkey.db";

/// Where the data is. Holds a password perhaps, so it does not print itself.
#[derive(Clone)]
pub struct DatabaseUrl {
    url: String,
    engine: Engine,
}

impl DatabaseUrl {
    /// The SQLite file `latchkey.db` in a folder.
    pub fn file_in(folder: &Path) -> Self {
        let path = folder.join(DATABASE_FILE);
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
        if engine == Engine::Sqlite {
            make_private(&database.url)?;
        }
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .after_connect(move |connection, _| Box::pin(set_up(connection, engine)))
            .connect(&database.url)
            .await?;
        Ok(Self { pool, engine })
    }
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn nobody_else_on_the_machine_can_read_the_database() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let store = Store::connect(&DatabaseUrl::file_in(folder.path())).await.unwrap();
        sqlx::query("CREATE TABLE t (a BIGINT)").execute(&store.pool).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
    }
}
