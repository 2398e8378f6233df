//! Connections to the database: which one a URL names, how many there may be, and how each is set up.
//!
//! On PostgreSQL nothing relies on the state of a session, as a pooler such as pgbouncer gives every transaction another
//! one: limits of changes come with each [`super::Store::begin`], the others are settings of the role (see [`super::migrate`]).

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{AnyConnection, Connection, postgres::PgConnectOptions, sqlite::SqliteConnectOptions};
use tokio::time::timeout;

use super::{Engine, url_parameters::without_passed_over};

/// How long a request waits for a connection, and SQLite for its write lock.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// More readers do not read faster through sqlx's SQLite driver.
const SQLITE_READERS: u32 = 4;
/// SQLite has one writer at a time; the others wait in the pool, each in its turn.
const SQLITE_WRITERS: u32 = 1;
const POSTGRES_READERS: u32 = 12;
const POSTGRES_WRITERS: u32 = 6;

/// The SQLite database in the data folder.
pub const DATABASE_FILE: &str = "latchkey.db";

/// Where the data is, and how many connections may lead there. May hold a password, so it does not print itself.
#[derive(Clone)]
pub struct DatabaseUrl {
    /// One for each host, in the order of preference; never empty.
    urls: Vec<String>,
    engine: Engine,
    readers: u32,
    writers: u32,
}

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Reads,
    Searches,
    Changes,
    Migration,
}

impl DatabaseUrl {
    /// The SQLite file `latchkey.db` in a folder.
    pub fn file_in(folder: &Path) -> Self {
        let path = folder.join(DATABASE_FILE);
        let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        Self::sqlite(format!("sqlite://{path}?mode=rwc"))
    }

    /// Reads `postgres://…`, which may name several hosts separated by commas, or `sqlite://…`; anything else is `None`.
    pub fn parse(url: &str) -> Option<Self> {
        match url.split_once("://")?.0 {
            "postgres" | "postgresql" => Some(Self {
                urls: one_for_each_host(url).filter(|urls| urls.iter().all(|url| is_readable(url)))?,
                engine: Engine::Postgres,
                readers: POSTGRES_READERS,
                writers: POSTGRES_WRITERS,
            }),
            "sqlite" => SqliteConnectOptions::from_str(url).is_ok().then(|| Self::sqlite(url.to_owned())),
            _ => None,
        }
    }

    fn sqlite(url: String) -> Self {
        Self { urls: vec![url], engine: Engine::Sqlite, readers: SQLITE_READERS, writers: SQLITE_WRITERS }
    }

    /// The same with other numbers of connections, where given. SQLite keeps its one writer.
    pub fn with_connections(self, readers: Option<u32>, writers: Option<u32>) -> Self {
        let writers = writers.filter(|_| self.engine == Engine::Postgres).unwrap_or(self.writers);
        Self { readers: readers.unwrap_or(self.readers), writers, ..self }
    }

    /// Which database it names.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Most connections for reads and for changes.
    pub fn connections(&self) -> (u32, u32) {
        (self.readers, self.writers)
    }

    /// The address of the host that is asked first.
    pub(super) fn first(&self) -> &str {
        &self.urls[0]
    }

    /// How many hosts are named.
    pub(super) fn hosts(&self) -> usize {
        self.urls.len()
    }

    /// A connection of its own, past the pools, to the first host that takes changes; the error is the cause why there
    /// is none, and not that somebody waited in vain.
    pub(super) async fn connect_directly(&self) -> sqlx::Result<AnyConnection> {
        self.connect_for(Purpose::Migration).await
    }

    /// The same for another purpose.
    pub(super) async fn connect_for(&self, purpose: Purpose) -> sqlx::Result<AnyConnection> {
        Ok(self.first_that_answers(purpose).await?.0)
    }

    /// The same, and the address of the host.
    pub(super) async fn first_that_answers(&self, purpose: Purpose) -> sqlx::Result<(AnyConnection, &str)> {
        let mut failed = None;
        for url in &self.urls {
            let connecting = async {
                let mut connection = AnyConnection::connect(url).await?;
                set_up(&mut connection, self.engine, purpose).await?;
                if self.hosts() > 1 && is_standby(&mut connection).await? {
                    return Err(sqlx::Error::Configuration("this host is a standby, which takes no changes".into()));
                }
                Ok(connection)
            };
            match timeout(PATIENCE, connecting).await {
                Ok(Ok(connection)) => return Ok((connection, url)),
                Ok(Err(error)) => failed = Some(error),
                Err(_) => failed = Some(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
            }
        }
        Err(failed.unwrap_or(sqlx::Error::PoolClosed))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({:?})", self.engine)
    }
}

/// `postgres://user:password@one:5432,two/name` as an address for each host.
fn one_for_each_host(url: &str) -> Option<Vec<String>> {
    let url = without_passed_over(url)?;
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    if !hosts.contains(',') {
        return Some(vec![url]);
    }
    let urls = hosts.split(',').map(|host| (!host.is_empty()).then(|| format!("{scheme}://{user}{host}{tail}")));
    urls.collect()
}

/// Whether the driver can read an address. What it says of one that it cannot holds pieces of it, and so perhaps of the
/// password: that is told nobody.
fn is_readable(url: &str) -> bool {
    PgConnectOptions::from_str(url).is_ok()
}

pub(super) async fn is_standby(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection).await
}

pub(super) async fn set_up(connection: &mut AnyConnection, engine: Engine, purpose: Purpose) -> sqlx::Result<()> {
    let statements: &[&'static str] = match (engine, purpose) {
        (Engine::Sqlite, Purpose::Reads | Purpose::Searches) => {
            &["PRAGMA busy_timeout = 5000", "PRAGMA query_only = ON"]
        }
        // FULL: an acknowledged revocation survives a power cut.
        (Engine::Sqlite, Purpose::Changes) => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ],
        (Engine::Sqlite, Purpose::Migration) => &[
            "PRAGMA busy_timeout = 60000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
        ],
        (Engine::Postgres, _) => &[],
    };
    for statement in statements.iter().copied() {
        sqlx::query(statement).execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_several_hosts_is_one_for_each() {
        let urls = |url| DatabaseUrl::parse(url).map(|database| database.urls);
        let two =
            urls("postgres://ada:p%40ss@one:5432,two/latchkey?sslmode=require&target_session_attrs=primary").unwrap();
        let each = ["one:5432", "two"].map(|host| format!("postgres://ada:p%40ss@{host}/latchkey?sslmode=require"));
        assert_eq!(two, each);
        assert_eq!(urls("postgresql://a,b").unwrap(), ["postgresql://a", "postgresql://b"]);
        assert_eq!(urls("postgres://one/x,y?target_session_attrs=any").unwrap().len(), 1);
        assert_eq!(urls("postgres://one,,two/x"), None);
        assert_eq!(urls("mysql://one/x"), None);
    }

    #[test]
    fn sqlite_has_one_writer_whatever_is_set() {
        for bad in [
            "postgres://host/db?sslmode=hunter2",
            "postgres://one,two/db?sslmode=",
            "postgres://h:port/db",
            "postgres://host/db?foo=hunter2",
            "postgres://one,two/db?foo=hunter2",
            "sqlite://x?mode=hunter2",
        ] {
            assert!(DatabaseUrl::parse(bad).is_none(), "{bad}");
        }
        let sqlite = DatabaseUrl::parse("sqlite://x").unwrap().with_connections(Some(9), Some(9));
        assert_eq!(sqlite.connections(), (9, 1));
        let postgres = DatabaseUrl::parse("postgres://x").unwrap().with_connections(None, Some(3));
        assert_eq!(postgres.connections(), (12, 3));
    }
}
