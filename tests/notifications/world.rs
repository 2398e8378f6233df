//! A host with its people, its clock and its post office, on each database in turn.

use std::{panic::AssertUnwindSafe, path::Path, sync::Arc};

use chrono::{DateTime, Duration, Utc};
use futures_util::FutureExt;
use latchkey::audit::Actor;
use latchkey::{
    accounts::{NewAccount, Registration},
    app::App,
    clock::Clock,
    config::{MasterSecret, PublicUrl, PushLimits, SecretText, Settings, SignUp},
    jobs::{Report, run_expiry_warnings},
    random,
    store::DatabaseUrl,
    tokens::{
        AccountId, Feeds, FormId, Issued, Patterns, Permissions, Token, TokenId,
        draft::NewToken,
        lifecycle::{Edit, refresh},
    },
};
use sqlx::{AnyConnection, Connection};

use super::post_office::PostOffice;

/// What every process of a host shares.
pub(super) const MASTER: &str = "3f1c9a7be05d42868f6b1d0c7a94e2535b08d6f1c2a7943e8d10b6f5a2c3e794";
pub(super) const PUBLIC_URL: &str = "https://packages.example.com:8443/keys";

pub(super) struct World {
    pub(super) app: Arc<App>,
    pub(super) clock: Clock,
    pub(super) post: PostOffice,
    pub(super) folder: tempfile::TempDir,
    /// The URL of the database; none for the file in the folder.
    pub(super) database: Option<String>,
}

/// Runs a journey on SQLite, and on PostgreSQL in a database of its own.
pub(super) async fn on_each_database(journey: impl AsyncFn(&mut World)) {
    on_each_database_with("?tls=none", journey).await;
}

/// The same with options for the SMTP URL.
pub(super) async fn on_each_database_with(options: &str, journey: impl AsyncFn(&mut World)) {
    let url = |port| Some(format!("smtp://127.0.0.1:{port}{options}"));
    let server = std::env::var("TEST_DATABASE_URL");
    let server = server.expect("these tests need PostgreSQL: run bin/test, or bin/with-postgres cargo test …");
    let mut world = World::new(None, url).await;
    journey(&mut world).await;
    world.close().await;
    let name = format!("warning_{}", FormId::generate(start(), &mut random::system()).to_string().replace('-', "_"));
    let (before, _) = server.rsplit_once('/').expect("a database URL");
    administer(&server, format!("CREATE DATABASE {name}")).await;
    let mut world = World::new(Some(format!("{before}/{name}")), url).await;
    let outcome = AssertUnwindSafe(journey(&mut world)).catch_unwind().await;
    world.app.store.close().await;
    administer(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

async fn administer(server: &str, statement: String) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(server).await.unwrap();
    let statement: &'static str = String::leak(statement);
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(super) fn start() -> DateTime<Utc> {
    "2026-11-23T12:20:00Z".parse().unwrap()
}

fn settings(folder: &Path, database: DatabaseUrl, smtp_url: Option<String>) -> Settings {
    Settings {
        listen: "127.0.0.1:8080".parse().unwrap(),
        public_url: PublicUrl::parse(PUBLIC_URL).unwrap(),
        data_dir: folder.to_owned(),
        database,
        blob_url: None,
        smtp_url: smtp_url.map(SecretText::new),
        mail_from: Some("Packages <packages@example.com>".to_owned()),
        mails_per_minute: 60,
        sign_up: SignUp::Closed,
        max_token_days: None,
        trusted_proxies: Vec::new(),
        max_package_bytes: 1 << 20,
        pushes: PushLimits { account: 4, all: 16, patience: std::time::Duration::from_secs(60) },
        connections_per_address: 256,
        security_contact: None,
        event_days: None,
        master: MasterSecret::new(MASTER).unwrap(),
    }
}

impl World {
    /// Ends the host, and takes its folder away once nothing writes to it any more.
    async fn close(self) {
        self.app.store.close().await;
        drop(self.app);
        self.folder.close().unwrap();
    }

    /// A host on SQLite unless a database is named; `smtp_url` gets the post office's port.
    pub(super) async fn new(database: Option<String>, smtp_url: impl Fn(u16) -> Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let post = PostOffice::open().await;
        let clock = Clock::standing_at(start());
        let named = database.as_deref().map(|url| DatabaseUrl::parse(url).unwrap());
        let in_use = named.unwrap_or_else(|| DatabaseUrl::file_in(folder.path()));
        let settings = settings(folder.path(), in_use, smtp_url(post.port));
        let app = Arc::new(App::open(settings, clock.clone()).await.unwrap());
        Self { app, clock, post, folder, database }
    }

    /// Another process on the same data.
    pub(super) async fn another_process(&self) -> Arc<App> {
        Arc::new(App::open(self.app.settings.clone(), self.clock.clone()).await.unwrap())
    }

    pub(super) async fn account(&self, name: &str) -> AccountId {
        self.account_in(name, chrono_tz::Europe::Berlin).await
    }

    pub(super) async fn account_in(&self, name: &str, time_zone: chrono_tz::Tz) -> AccountId {
        let new = NewAccount {
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            password_hash: Some("none".to_owned()),
            time_zone,
            operator: false,
            vouched: true,
            max_token_days: None,
        };
        let mut tx = self.app.store.begin().await.unwrap();
        let made = tx.add_account(&new, &Actor::host("test"), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let Registration::Made(id) = made else { panic!("{made:?}") };
        id
    }

    pub(super) async fn set_disabled(&self, account: AccountId, disabled: bool) {
        let mut tx = self.app.store.begin().await.unwrap();
        tx.set_disabled(account, disabled, &Actor::host("test"), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A token that lives for 30 days from now.
    pub(super) async fn token(&self, account: AccountId, name: &str) -> TokenId {
        self.token_with(account, name, "build server in room 3", Duration::days(30)).await.0
    }

    /// A token and its secret.
    pub(super) async fn token_with(
        &self,
        account: AccountId,
        name: &str,
        note: &str,
        life: Duration,
    ) -> (TokenId, String) {
        let now = self.clock.now();
        let new = NewToken {
            name: name.to_owned(),
            note: note.to_owned(),
            permissions: Permissions::parse("nuget:push,nuget:pull").unwrap(),
            patterns: Patterns::parse("Contoso.*").unwrap(),
            feeds: Feeds::All,
            expires_at: Some(now + life),
        };
        let token = new.into_token(TokenId::generate(now, &mut random::system()), account, now);
        let id = token.id;
        match self.app.store.create_token(token, &form(now), &Actor::default(), now).await.unwrap() {
            Issued::Secret(secret) => (id, secret.reveal().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn read(&self, token: TokenId) -> Token {
        self.app.store.token(token).await.unwrap().unwrap()
    }

    pub(super) async fn revoke(&self, token: TokenId) {
        let token = self.read(token).await;
        self.app.store.revoke_token(&token, &Actor::default(), self.clock.now()).await.unwrap();
    }

    pub(super) async fn delete(&self, token: TokenId) {
        let token = self.read(token).await;
        self.app.store.delete_token(&token, &Actor::default(), self.clock.now()).await.unwrap();
    }

    pub(super) async fn deactivate(&self, token: TokenId) {
        let token = self.read(token).await;
        self.app.store.deactivate_token(&token, &Actor::default(), self.clock.now()).await.unwrap();
    }

    pub(super) async fn reactivate(&self, token: TokenId) {
        let token = self.read(token).await;
        self.app.store.reactivate_token(&token, &Actor::default(), self.clock.now()).await.unwrap();
    }

    pub(super) async fn bring_forward(&self, token: TokenId, end: DateTime<Utc>) {
        let old = self.read(token).await;
        let edit = Edit {
            name: old.name.clone(),
            note: old.note.clone(),
            permissions: old.permissions,
            patterns: old.patterns.clone(),
            feeds: old.feeds.clone(),
            expires_at: Some(end),
        };
        let new = edit.apply(&old, self.clock.now()).unwrap();
        self.app.store.edit_token(&new, &Actor::default(), self.clock.now()).await.unwrap();
    }

    pub(super) async fn refresh(&self, token: TokenId, restart: bool) {
        let now = self.clock.now();
        let token = refresh(&self.read(token).await, restart, now, None).unwrap();
        let issued = self.app.store.refresh_token(token, &form(now), &Actor::default(), now).await.unwrap();
        assert!(matches!(issued, Issued::Secret(_)), "{issued:?}");
    }

    pub(super) fn wait(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// One tick of the job.
    pub(super) async fn tick(&self) -> Report {
        run_expiry_warnings(&self.app, false, self.clock.now()).await.unwrap()
    }

    /// The subjects of what the post office took, in order.
    pub(super) fn subjects(&self) -> Vec<String> {
        self.post.taken().iter().map(|mail| super::letter::Letter::read(&mail.message).header("Subject")).collect()
    }
}

fn form(now: DateTime<Utc>) -> String {
    FormId::generate(now, &mut random::system()).to_string()
}

/// Blanks and line ends folded.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
