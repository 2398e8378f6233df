//! A running server on a fresh database, and short ways to make accounts, feeds and keys in it.

use std::{
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
};

use actix_web::{dev::ServerHandle, web::Data};
use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;
use latchkey::audit::Actor;
use latchkey::{
    accounts::{NewAccount, Registration},
    app::App,
    clock::Clock,
    config::{MasterSecret, PublicUrl, PushLimits, Settings, SignUp},
    serve::{self, Patience},
    store::{DatabaseUrl, Store, Transaction},
    tokens::{AccountId, FeedId, Feeds, Issued, Patterns, Permissions, Token, TokenId, TokenKind, decision::Role},
};
use sqlx::{AnyConnection, ConnectOptions, Connection, any::AnyConnectOptions};
use tempfile::TempDir;

use crate::wire::{Reply, call};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Everything one test needs.
pub(crate) struct World {
    pub(crate) app: Data<App>,
    pub(crate) clock: Clock,
    pub(crate) at: SocketAddr,
    server: ServerHandle,
    folder: TempDir,
    database: String,
    /// The server's own address, if the database is to be dropped at the end.
    admin: Option<String>,
}

/// A key with its token.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) token: Token,
}

pub(crate) fn start() -> DateTime<Utc> {
    "2026-11-23T14:00:00Z".parse().unwrap()
}

impl World {
    /// One on each engine.
    pub(crate) async fn each() -> Vec<Self> {
        #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where PostgreSQL is")]
        let server = std::env::var("TEST_DATABASE_URL");
        let server = server.expect("these tests need PostgreSQL: run bin/test, or bin/with-postgres cargo test …");
        vec![Self::on_sqlite("").await, Self::on_postgres(server).await]
    }

    /// One on SQLite, with a path in its public address.
    pub(crate) async fn on_sqlite(path: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let database = format!("sqlite://{}/latchkey.db?mode=rwc", folder.path().display());
        Self::open(folder, database, None, path).await
    }

    /// One on SQLite, with other settings and another patience.
    pub(crate) async fn with(tx: impl FnOnce(&mut Settings), patience: Patience) -> Self {
        let folder = TempDir::new().unwrap();
        let database = format!("sqlite://{}/latchkey.db?mode=rwc", folder.path().display());
        let mut settings = settings(&folder, &database, "");
        tx(&mut settings);
        Self::start(folder, database, None, settings, patience).await
    }

    async fn on_postgres(admin: String) -> Self {
        let name = format!("doors_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        execute(&admin, format!("CREATE DATABASE {name}")).await;
        let mut url: url::Url = admin.parse().unwrap();
        url.set_path(&name);
        Self::open(TempDir::new().unwrap(), url.to_string(), Some(admin), "").await
    }

    async fn open(folder: TempDir, database: String, admin: Option<String>, path: &str) -> Self {
        let settings = settings(&folder, &database, path);
        Self::start(folder, database, admin, settings, Patience::default()).await
    }

    async fn start(
        folder: TempDir,
        database: String,
        admin: Option<String>,
        settings: Settings,
        patience: Patience,
    ) -> Self {
        let clock = Clock::standing_at(start());
        let app = Data::new(App::open(settings, clock.clone()).await.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let running = serve::run_with(app.clone(), listener, patience).unwrap();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { app, clock, at, server: handle, folder, database, admin }
    }

    /// Another host with an empty database on the same package store.
    pub(crate) async fn stranger(&self) -> Self {
        let folder = TempDir::new().unwrap();
        std::os::unix::fs::symlink(self.folder.path().join("packages"), folder.path().join("packages")).unwrap();
        let database = format!("sqlite://{}/latchkey.db?mode=rwc", folder.path().display());
        let world = Self::open(folder, database, None, "").await;
        world.clock.advance(self.now() - world.now());
        world
    }

    /// Another host on the same package store, with a copy of the database as it is now.
    pub(crate) async fn copy(&self) -> Self {
        let folder = TempDir::new().unwrap();
        std::os::unix::fs::symlink(self.folder.path().join("packages"), folder.path().join("packages")).unwrap();
        std::fs::copy(self.folder.path().join("master.secret"), folder.path().join("master.secret")).unwrap();
        let database = match &self.admin {
            None => {
                let file = folder.path().join("latchkey.db");
                self.sql(&format!("VACUUM INTO '{}'", file.display())).await;
                format!("sqlite://{}?mode=rwc", file.display())
            }
            Some(admin) => {
                let from = self.database.rsplit('/').next().unwrap();
                let name = format!("doors_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
                // No connection may be open to what is copied; the pool opens new ones.
                let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
                execute(admin, format!("{end} = '{from}'")).await;
                execute(admin, format!("CREATE DATABASE {name} TEMPLATE {from}")).await;
                let mut url: url::Url = admin.parse().unwrap();
                url.set_path(&name);
                url.to_string()
            }
        };
        let world = Self::open(folder, database, self.admin.clone(), "").await;
        world.clock.advance(self.now() - world.now());
        world
    }

    /// Takes the disk of the packages away: an empty folder is left in its place.
    pub(crate) fn unmount_packages(&self) {
        let folder = self.folder.path().join("packages");
        std::fs::rename(&folder, self.folder.path().join("elsewhere")).unwrap();
        std::fs::create_dir(folder).unwrap();
    }

    /// Puts it back.
    pub(crate) fn mount_packages(&self) {
        let folder = self.folder.path().join("packages");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::rename(self.folder.path().join("elsewhere"), folder).unwrap();
    }

    /// Dates every package file back, as if it had been there for long.
    pub(crate) fn age_files(&self, days: u64) {
        fn age(path: &std::path::Path, at: std::time::SystemTime) {
            for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
                if entry.path().is_dir() {
                    age(&entry.path(), at);
                } else {
                    std::fs::File::options().append(true).open(entry.path()).unwrap().set_modified(at).unwrap();
                }
            }
        }
        let at = std::time::SystemTime::from(self.now()) - std::time::Duration::from_secs(days * 86_400);
        age(&self.folder.path().join("packages/nuget"), at);
    }

    /// The parts of one more process on the same database; its store is to be closed.
    pub(crate) async fn another_node(&self) -> App {
        App::open(settings(&self.folder, &self.database, ""), self.clock.clone()).await.unwrap()
    }

    /// Ends everything this world began.
    pub(crate) async fn end(self) {
        self.server.stop(false).await;
        self.app.store.close().await;
        if let Some(admin) = &self.admin {
            let name = self.database.rsplit('/').next().unwrap();
            execute(admin, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
        self.folder.close().unwrap();
    }

    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How many files uploads and packages take.
    pub(crate) fn files(&self, folder: &str) -> usize {
        fn count(path: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            entries.map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
        }
        count(&self.folder.path().join(folder))
    }

    /// Writes to the database directly: for states no part of the product makes yet.
    pub(crate) async fn sql(&self, statement: &str) {
        execute(&self.database, statement.to_owned()).await;
    }

    pub(crate) async fn account(&self, name: &str) -> AccountId {
        let new = NewAccount {
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            password_hash: Some("none".to_owned()),
            time_zone: Tz::UTC,
            operator: false,
            vouched: true,
            max_token_days: None,
        };
        let mut tx = self.tx().await;
        let made = tx.add_account(&new, &Actor::host("test"), self.now()).await.unwrap();
        tx.commit().await.unwrap();
        match made {
            Registration::Made(id) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn tx(&self) -> Transaction {
        self.store().begin().await.unwrap()
    }

    pub(crate) async fn feed(&self, name: &str, public: bool, owner: AccountId) -> FeedId {
        let mut tx = self.tx().await;
        let made = tx.add_feed(name, public, owner, &Actor::host("test"), self.now()).await.unwrap();
        tx.commit().await.unwrap();
        made.unwrap()
    }

    pub(crate) async fn member(&self, feed: (&str, FeedId), account: AccountId, role: Role) {
        let mut tx = self.tx().await;
        tx.set_member(feed.1, feed.0, account, role, &Actor::host("test"), self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn disable(&self, account: AccountId) {
        let mut tx = self.tx().await;
        tx.set_disabled(account, true, &Actor::host("test"), self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A key for 90 days and all feeds.
    pub(crate) async fn key(&self, account: AccountId, permissions: &str, patterns: &str) -> Key {
        self.key_for(account, permissions, patterns, Feeds::All, Some(Duration::days(90))).await
    }

    pub(crate) async fn key_for(
        &self,
        account: AccountId,
        permissions: &str,
        patterns: &str,
        feeds: Feeds,
        life: Option<Duration>,
    ) -> Key {
        let token = Token {
            id: TokenId::generate(self.now(), &mut latchkey::random::system()),
            account,
            kind: TokenKind::Personal,
            name: "ci".to_owned(),
            note: String::new(),
            permissions: Permissions::parse(permissions).unwrap(),
            patterns: Patterns::parse(&patterns.replace(' ', "\n")).unwrap(),
            feeds,
            hint: None,
            created_at: self.now(),
            issued_at: Some(self.now()),
            lifetime: life,
            expires_at: life.map(|life| self.now() + life),
            deactivated_at: None,
            reactivate_at: None,
            revoked_at: None,
            retires_at: None,
            last_use: None,
            made_by: None,
            version: 1,
        };
        let form = token.id.to_string();
        let issued = self.store().create_token(token.clone(), &form, &Actor::host("test"), self.now()).await.unwrap();
        self.issued(issued, token)
    }

    fn issued(&self, issued: Issued, token: Token) -> Key {
        let Issued::Secret(secret) = issued else { panic!("{issued:?}") };
        Key { text: secret.reveal().to_owned(), token: Token { hint: Some(secret.hint().to_owned()), ..token } }
    }

    /// A new secret for a token.
    pub(crate) async fn refresh(&self, key: &Key) -> Key {
        let token = Token { version: key.token.version + 1, ..key.token.clone() };
        let form = format!("{}-{}", token.id, token.version);
        let issued = self.store().refresh_token(token.clone(), &form, &Actor::host("test"), self.now()).await.unwrap();
        self.issued(issued, token)
    }

    pub(crate) async fn revoke(&self, key: &Key) {
        self.store().revoke_token(&key.token, &Actor::host("test"), self.now()).await.unwrap();
    }

    pub(crate) async fn deactivate(&self, key: &Key) {
        self.store().deactivate_token(&key.token, &Actor::host("test"), self.now()).await.unwrap();
    }

    /// A moment passes, so that what happens next sorts behind what was.
    fn tick(&self) {
        self.clock.advance(Duration::milliseconds(1));
    }

    /// A request without body.
    pub(crate) async fn ask(&self, line: &str, headers: &[(&str, &str)]) -> Reply {
        self.tick();
        call(self.at, line, headers, b"").await
    }

    /// A request with a key in `Authorization: Bearer`.
    pub(crate) async fn get(&self, path: &str, key: &Key) -> Reply {
        self.ask(&format!("GET {path}"), &[("Authorization", &format!("Bearer {}", key.text))]).await
    }

    /// A push to `main` with a key in `X-NuGet-ApiKey`.
    pub(crate) async fn push(&self, key: &Key, file: &[u8]) -> Reply {
        self.push_to("/v3/package", key, file).await
    }

    pub(crate) async fn push_to(&self, path: &str, key: &Key, file: &[u8]) -> Reply {
        self.tick();
        let (kind, body) = crate::wire::multipart(file);
        let headers = [("X-NuGet-ApiKey", key.text.as_str()), ("Content-Type", &kind)];
        call(self.at, &format!("PUT {path}"), &headers, &body).await
    }
}

fn settings(folder: &TempDir, database: &str, path: &str) -> Settings {
    Settings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: PublicUrl::parse(&format!("https://packages.example.com{path}")).unwrap(),
        data_dir: folder.path().to_owned(),
        database: DatabaseUrl::parse(database).unwrap(),
        blob_url: None,
        smtp_url: None,
        mail_from: None,
        mails_per_minute: 60,
        sign_up: SignUp::Closed,
        max_token_days: None,
        trusted_proxies: Vec::new(),
        max_package_bytes: 1 << 20,
        pushes: PushLimits { account: 4, all: 16, patience: std::time::Duration::from_secs(60) },
        connections_per_address: 256,
        security_contact: None,
        event_days: None,
        master: MasterSecret::load(folder.path(), false).unwrap(),
    }
}

async fn execute(url: &str, statement: String) {
    sqlx::any::install_default_drivers();
    let mut connection: AnyConnection = url.parse::<AnyConnectOptions>().unwrap().connect().await.unwrap();
    // Test data only; the text lives as long as the test.
    let statement: &'static str = Box::leak(statement.into_boxed_str());
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
