//! The database of one journey: an SQLite file, or a database of its own on the PostgreSQL server of the test run.
//! Journeys look into it with SQL of their own, past the store.

use std::{collections::BTreeMap, path::Path};

use latchkey::{
    audit::{EventDetail, EventKind},
    store::DATABASE_FILE,
};

use super::{folder::Folder, template};
#[expect(
    clippy::disallowed_types,
    reason = "names of tables and databases cannot be parameters; they come from here"
)]
use sqlx::AssertSqlSafe;
use sqlx::{AnyPool, Row, any::AnyPoolOptions, any::AnyRow, migrate::Migrator};

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// One database.
pub struct Database {
    pub engine: Engine,
    url: String,
    pool: AnyPool,
    /// Whether it is to be dropped: it was made here, and is still there.
    made: bool,
}

/// The rows of every table, each as one text, sorted.
pub type Contents = BTreeMap<String, Vec<String>>;

impl Database {
    /// Makes one; nothing is in it.
    pub async fn empty(engine: Engine, folder: &Path) -> Self {
        let url = address(engine, folder);
        if engine == Engine::Postgres {
            run(&admin_url(), &format!("CREATE DATABASE {}", name_of(&url))).await;
        }
        Self::at(engine, url)
    }

    /// Makes one with this version's tables, and nothing in them.
    pub async fn migrated(engine: Engine, folder: &Path) -> Self {
        let url = address(engine, folder);
        match engine {
            Engine::Sqlite => template::write_sqlite(&folder.join(DATABASE_FILE)).await,
            Engine::Postgres => copy_on_server(&template::on_postgres(&admin_url()).await, name_of(&url)).await,
        }
        Self::at(engine, url)
    }

    /// Makes a copy of this one as it is now.
    pub async fn copy(&self, folder: &Path) -> Self {
        let url = address(self.engine, folder);
        match self.engine {
            Engine::Sqlite => {
                let into = format!("VACUUM INTO '{}'", folder.join(DATABASE_FILE).display());
                run(&self.url, &into).await;
            }
            Engine::Postgres => {
                // No connection may be open to what is copied; the pools open new ones.
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
                run(&admin_url(), &format!("{end} = '{}'", self.name())).await;
                copy_on_server(self.name(), name_of(&url)).await;
            }
        }
        Self::at(self.engine, url)
    }

    fn at(engine: Engine, url: String) -> Self {
        sqlx::any::install_default_drivers();
        let pool = AnyPoolOptions::new().max_connections(1).connect_lazy(&url).unwrap();
        Self { engine, url, pool, made: true }
    }

    /// Another connection to one on the server.
    pub async fn beside(url: &str) -> Self {
        let pool = AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap();
        Self { engine: Engine::Postgres, url: url.to_owned(), pool, made: false }
    }

    /// Brings the schema to that of an older release, whose last migration this is.
    pub async fn migrate_to(&self, last: i64) {
        let older = Folder::new();
        for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap() {
            let (path, name) = file.map(|file| (file.path(), file.file_name())).unwrap();
            let version = name.to_string_lossy().split('_').next().unwrap().parse::<i64>().unwrap();
            if version <= last {
                std::fs::copy(path, older.path().join(name)).unwrap();
            }
        }
        Migrator::new(older.path()).await.unwrap().run(&self.pool).await.unwrap();
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn name(&self) -> &str {
        name_of(&self.url)
    }

    /// Removes it.
    pub async fn drop(mut self) {
        self.pool.close().await;
        if std::mem::take(&mut self.made) && self.engine == Engine::Postgres {
            drop_on_server(self.name()).await;
        }
    }

    /// A number, such as a count.
    pub async fn number(&self, sql: &'static str, values: &[&str]) -> i64 {
        let row = self.rows(sql, values).await.pop().unwrap();
        row.try_get(0).unwrap()
    }

    /// The first column of every row as text.
    pub async fn texts(&self, sql: &'static str, values: &[&str]) -> Vec<String> {
        self.rows(sql, values).await.iter().map(|row| cell(row, 0)).collect()
    }

    /// The first column of the only row as text.
    pub async fn text(&self, sql: &'static str, values: &[&str]) -> String {
        let mut texts = self.texts(sql, values).await;
        assert_eq!(texts.len(), 1, "{sql}: {texts:?}");
        texts.remove(0)
    }

    async fn rows(&self, sql: &'static str, values: &[&str]) -> Vec<AnyRow> {
        let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind((*value).to_owned()));
        query.fetch_all(&self.pool).await.unwrap()
    }

    /// Changes something behind the portal's back.
    pub async fn execute(&self, sql: &'static str, values: &[&str]) {
        let query = values.iter().fold(sqlx::query(sql), |query, value| query.bind((*value).to_owned()));
        query.execute(&self.pool).await.unwrap();
    }

    /// Runs a file of statements.
    pub async fn load(&self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.unwrap();
    }

    /// Makes many rows at once: the statement knows the account, how many, and the time.
    pub async fn fill(&self, sql: &'static str, account: &str, count: i64, now: i64) {
        sqlx::query(sql).bind(account.to_owned()).bind(count).bind(now).execute(&self.pool).await.unwrap();
    }

    /// What an account's record says, in the order they were written: many are of the same moment.
    pub async fn events_of(&self, username: &str) -> Vec<String> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "SELECT e.verb FROM events e JOIN accounts a ON a.id = e.account WHERE a.username = $1 ORDER BY e.rowid"
            }
            Engine::Postgres => {
                "SELECT e.verb FROM events e JOIN accounts a ON a.id = e.account WHERE a.username = $1 ORDER BY e.ctid"
            }
        };
        let codes = self.texts(sql, &[username]).await;
        let label = |code: String| EventKind::parse(&code).map_or(code, |kind| kind.label().to_owned());
        codes.into_iter().map(label).collect()
    }

    /// The facts of every event of a kind, the oldest first.
    pub async fn details_of(&self, kind: EventKind) -> Vec<EventDetail> {
        let details = "SELECT detail FROM events WHERE verb = $1 ORDER BY at, id";
        self.texts(details, &[kind.code()]).await.iter().map(|text| EventDetail::from_text(text)).collect()
    }

    /// Everything that is stored, but for the index of words, which follows from the rest.
    pub async fn contents(&self) -> Contents {
        let tables = match self.engine {
            Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'search_index%'",
            Engine::Postgres => {
                "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
                 WHERE table_schema = 'public' AND table_name <> 'search_index'"
            }
        };
        let mut contents = Contents::new();
        for table in self.texts(tables, &[]).await.into_iter().filter(|name| name != "_sqlx_migrations") {
            contents.insert(table.clone(), self.rows_of(&table).await);
        }
        contents
    }

    async fn rows_of(&self, table: &str) -> Vec<String> {
        let select = AssertSqlSafe(format!("SELECT * FROM {table}"));
        let rows = sqlx::query(select).fetch_all(&self.pool).await.unwrap();
        let line = |row: &AnyRow| (0..row.len()).map(|column| cell(row, column)).collect::<Vec<_>>().join("|");
        let mut lines: Vec<_> = rows.iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Becomes unreachable: PostgreSQL refuses everybody, the SQLite file is being written by somebody who does not stop.
    pub async fn go_away(&self) {
        match self.engine {
            Engine::Sqlite => self.execute("BEGIN IMMEDIATE", &[]).await,
            Engine::Postgres => {
                run(&admin_url(), &format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", self.name())).await;
                let name = self.name();
                let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
                run(&admin_url(), &end).await;
            }
        }
    }

    /// Becomes reachable again.
    pub async fn come_back(&self) {
        match self.engine {
            Engine::Sqlite => self.execute("ROLLBACK", &[]).await,
            Engine::Postgres => {
                run(&admin_url(), &format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name())).await;
            }
        }
    }
}

/// The way out of a test that fails. The runtime of the test is on its way out too.
impl Drop for Database {
    fn drop(&mut self) {
        if self.made && self.engine == Engine::Postgres {
            let name = self.name().to_owned();
            let drop = move || actix_web::rt::System::new().block_on(drop_on_server(&name));
            let _ = std::thread::spawn(drop).join(); // the test has failed already
        }
    }
}

async fn drop_on_server(name: &str) {
    run(&admin_url(), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
}

fn cell(row: &AnyRow, column: usize) -> String {
    row.try_get::<Option<String>, _>(column)
        .or_else(|_| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(|number| number.to_string())))
        .unwrap_or_else(|_| row.try_get::<Option<Vec<u8>>, _>(column).unwrap().map(hex::encode))
        .unwrap_or_else(|| "none".to_owned())
}

/// Where the database of a world in this folder is.
fn address(engine: Engine, folder: &Path) -> String {
    match engine {
        Engine::Sqlite => format!("sqlite://{}?mode=rwc", folder.join(DATABASE_FILE).display()),
        Engine::Postgres => {
            let folder = folder.file_name().unwrap().to_string_lossy().to_ascii_lowercase();
            let folder = folder.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            beside(&admin_url(), &format!("latchkey{folder}_{}", std::process::id()))
        }
    }
}

/// The address of another database on a server.
pub(super) fn beside(url: &str, name: &str) -> String {
    url.rsplit_once('/').map(|(server, _)| format!("{server}/{name}")).unwrap()
}

fn name_of(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

/// In the log is quicker than file by file for a database this small.
async fn copy_on_server(template: &str, name: &str) {
    run(&admin_url(), &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY WAL_LOG")).await;
}

/// A server where databases may be made. Tests never pass for want of one.
#[expect(clippy::disallowed_methods, reason = "the test run tells in the environment where its server is")]
fn admin_url() -> String {
    let url = std::env::var("TEST_DATABASE_URL");
    url.expect("the tests need a PostgreSQL server: run bin/test, or bin/with-postgres cargo test …")
}

/// Runs a statement that cannot have parameters.
pub(super) async fn run(url: &str, sql: &str) {
    sqlx::any::install_default_drivers();
    let pool = AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
    pool.close().await;
}
