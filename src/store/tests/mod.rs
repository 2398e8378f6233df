//! What the store asks of both databases, looked at from inside: views, and plans of statements.

mod counts;
mod end_notices;
mod plans;
mod roles;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::{AnyConnection, any::AnyPoolOptions};
use tempfile::TempDir;

#[expect(clippy::disallowed_types, reason = "names of databases cannot be parameters; they come from here")]
use sqlx::AssertSqlSafe;

use super::{DatabaseUrl, Engine, Store, migrate::migrate};
use crate::{
    accounts::{NewAccount, Registration},
    audit::Actor,
    tokens::AccountId,
};

/// A migrated database of one test.
struct Database {
    store: Store,
    /// On the server.
    name: Option<String>,
    _folder: TempDir,
}

/// Both, one after the other.
async fn both() -> [Database; 2] {
    [Database::new(Engine::Sqlite).await, Database::new(Engine::Postgres).await]
}

fn now() -> DateTime<Utc> {
    "2027-03-01T09:30:00Z".parse().unwrap()
}

impl Database {
    async fn new(engine: Engine) -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let (url, name) = match engine {
            Engine::Sqlite => (DatabaseUrl::file_in(folder.path()), None),
            Engine::Postgres => {
                let id = AccountId::generate(now(), &mut crate::random::system());
                let name = format!("latchkey_{}", id.to_string().replace('-', "_"));
                run_on_server(format!("CREATE DATABASE {name}")).await;
                let server = server();
                let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
                (DatabaseUrl::parse(&url).unwrap(), Some(name))
            }
        };
        let store = Store::connect(&url).await.unwrap();
        migrate(&store, folder.path(), now()).await.unwrap();
        Self { store, name, _folder: folder }
    }

    async fn drop(self) {
        self.store.close().await;
        if let Some(name) = self.name {
            run_on_server(format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    async fn account(&self, username: &str) -> AccountId {
        let new = NewAccount {
            username: username.to_owned(),
            email: format!("{username}@example.com"),
            password_hash: None,
            time_zone: Tz::UTC,
            operator: false,
            vouched: true,
            max_token_days: None,
        };
        let mut tx = self.store.begin().await.unwrap();
        let made = tx.add_account(&new, &Actor::default(), now()).await.unwrap();
        tx.commit().await.unwrap();
        let Registration::Made(account) = made else { panic!("{made:?}") };
        account
    }
}

#[expect(clippy::disallowed_methods, reason = "the test run tells in the environment where its server is")]
fn server() -> String {
    std::env::var("TEST_DATABASE_URL").expect("run bin/test, or bin/with-postgres cargo test")
}

async fn run_on_server(sql: String) {
    let pool = AnyPoolOptions::new().max_connections(1).connect(&server()).await.unwrap();
    run(&mut pool.acquire().await.unwrap(), sql).await;
    pool.close().await;
}

/// Runs a statement that cannot have parameters.
async fn run(connection: &mut AnyConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}
