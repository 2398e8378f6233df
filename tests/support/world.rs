//! A running portal of its own for every journey, on either database, with a clock that stands still until it is moved.
//! The people who use it are in `person.rs`.

use std::{
    cell::Cell, cell::RefCell, collections::BTreeMap, net::SocketAddr, net::TcpListener, path::Path, rc::Rc, sync::Once,
};

use actix_web::{dev::ServerHandle, web::Data};
use chrono::{DateTime, Duration, Utc};
use clap::{Args as _, Command, FromArgMatches as _};
use futures_util::FutureExt as _;
use latchkey::audit::Actor;
use latchkey::{
    app::App,
    auth::password_link::make_password_link,
    clock::Clock,
    config::{Args, MasterSecret, PublicUrl, SecretText, Settings},
    serve::{self, Patience},
    store::{DatabaseUrl, Store},
    tokens::{
        Secret,
        decision::{Reason, admit},
    },
};

use super::{
    database::{Database, Engine},
    folder::Folder,
    person::Browser,
    post_office::PostOffice,
};

/// When every journey begins: a Monday morning.
pub const BEGINNING: &str = "2027-03-01T09:00:00Z";
/// What the other keys of every installation are derived from.
pub const MASTER_SECRET: &str = "the master secret of every world in these tests";
/// A password nobody guesses; every person has their own.
pub const PASSWORD: &str = "plum orbit gravel whistle";

/// An installation.
pub struct World {
    pub database: Database,
    pub clock: Clock,
    folder: Folder,
    node: RefCell<Option<Node>>,
    more_nodes: RefCell<Vec<Node>>,
    http: reqwest::Client,
    /// The mail server, where there is one.
    pub post_office: RefCell<Option<Rc<PostOffice>>>,
    /// The way to another mail server, or to that one with other options.
    pub smtp_url: RefCell<Option<String>>,
    /// How many of its mails were read.
    pub mails_read: Cell<usize>,
    /// What the other keys are derived from at the next start.
    pub master_secret: RefCell<String>,
}

/// One process of it, as far as the database can tell.
#[derive(Clone)]
struct Node {
    app: Data<App>,
    address: SocketAddr,
    /// None where there are only jobs.
    server: Option<ServerHandle>,
}

/// Makes two tests of each journey, one on each database: `on_both_engines!(a_journey, another)` in a world where the
/// server just started, `on_both_engines!(World::empty => a_journey)` in one that something else makes for an engine;
/// `threads World::empty => …` lets its tasks run on several threads, as its jobs do. A journey that is not listed is dead code, and the compiler says so.
macro_rules! on_both_engines {
    ($($journey:ident),+ $(,)?) => {
        $crate::support::world::on_both_engines!(World::new => $($journey),+);
    };
    (threads $start:expr => $($journey:ident),+ $(,)?) => {
        $crate::support::world::on_both_engines!(@ [tokio::test(flavor = "multi_thread")] $start => $($journey)+);
    };
    ($start:expr => $($journey:ident),+ $(,)?) => {
        $crate::support::world::on_both_engines!(@ [actix_web::test] $start => $($journey)+);
    };
    (@ $test:tt $start:expr => $($journey:ident)+) => {
        $($crate::support::world::on_both_engines!(@ $test $start, $journey);)+
    };
    (@ [$($test:tt)+] $start:expr, $journey:ident) => {
        mod $journey {
            use super::*;
            use $crate::support::{database::Engine, world::walk};

            #[$($test)+]
            async fn on_sqlite() {
                walk(($start)(Engine::Sqlite), super::$journey).await;
            }

            #[$($test)+]
            async fn on_postgres() {
                walk(($start)(Engine::Postgres), super::$journey).await;
            }
        }
    };
}
pub(crate) use on_both_engines;

/// Walks a journey in a world of its own, which is gone afterwards however the journey ends.
pub async fn walk(start: impl Future<Output = World>, journey: impl AsyncFnOnce(&World)) {
    let world = start.await;
    let end = std::panic::AssertUnwindSafe(journey(&world)).catch_unwind().await;
    world.end().await;
    if let Err(panic) = end {
        std::panic::resume_unwind(panic);
    }
}

impl World {
    /// A world whose server just started, on a database without anything in it.
    pub async fn new(engine: Engine) -> Self {
        let world = Self::still(engine, BEGINNING).await;
        world.restart_with(&[]).await;
        world
    }

    /// A world in which nothing was started yet.
    pub async fn still(engine: Engine, beginning: &str) -> Self {
        let folder = Folder::new();
        Self::of(Database::migrated(engine, folder.path()).await, folder, beginning.parse().unwrap())
    }

    /// The same, before the first migration.
    pub async fn empty(engine: Engine) -> Self {
        let folder = Folder::new();
        Self::of(Database::empty(engine, folder.path()).await, folder, BEGINNING.parse().unwrap())
    }

    /// A world at the time of this one, with a copy of its database.
    pub async fn copied(&self) -> Self {
        let folder = Folder::new();
        Self::of(self.database.copy(folder.path()).await, folder, self.now())
    }

    fn of(database: Database, folder: Folder, beginning: DateTime<Utc>) -> Self {
        static CRYPTO: Once = Once::new();
        CRYPTO.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        Self {
            database,
            clock: Clock::fixed_at(beginning),
            folder,
            node: RefCell::default(),
            more_nodes: RefCell::default(),
            http: client(),
            post_office: RefCell::default(),
            smtp_url: RefCell::default(),
            mails_read: Cell::default(),
            master_secret: RefCell::new(MASTER_SECRET.to_owned()),
        }
    }

    /// Stops the server and starts it again on the same address with other settings, as flags without their dashes.
    pub async fn restart_with(&self, flags: &[(&str, &str)]) {
        let before = self.node.take();
        let address = before.as_ref().map_or("127.0.0.1:0".parse().unwrap(), |node| node.address);
        if let Some(node) = before {
            node.stop().await;
        }
        let node = self.start(address, flags).await;
        self.node.replace(Some(node));
    }

    /// Starts one more process on the same database; gives the address of its pages.
    pub async fn another_node(&self) -> SocketAddr {
        self.another_node_with(&[]).await.1
    }

    /// The same with other settings, as flags without their dashes; gives its parts too.
    pub async fn another_node_with(&self, flags: &[(&str, &str)]) -> (Data<App>, SocketAddr) {
        let node = self.start("127.0.0.1:0".parse().unwrap(), flags).await;
        let parts = (node.app.clone(), node.address);
        self.more_nodes.borrow_mut().push(node);
        parts
    }

    async fn start(&self, address: SocketAddr, flags: &[(&str, &str)]) -> Node {
        let listener = TcpListener::bind(address).unwrap();
        let settings = self.settings(listener.local_addr().unwrap(), flags).unwrap();
        self.serve(listener, settings, Patience::default()).await
    }

    /// Starts the server for the first time, with changed settings and another patience.
    pub async fn start_with(&self, flags: &[(&str, &str)], change: impl FnOnce(&mut Settings), patience: Patience) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = self.settings(listener.local_addr().unwrap(), flags).unwrap();
        change(&mut settings);
        self.node.replace(Some(self.serve(listener, settings, patience).await));
    }

    /// Opens the data folder and the database without a server, for what jobs do; what was open is closed.
    pub async fn open_with(&self, flags: &[(&str, &str)], change: impl FnOnce(&mut Settings)) {
        if let Some(node) = self.node.take() {
            node.stop().await;
        }
        let address = "127.0.0.1:8080".parse().unwrap();
        let mut settings = self.settings(address, flags).unwrap();
        change(&mut settings);
        let app = Data::new(App::open(settings, self.clock.clone()).await.unwrap());
        self.node.replace(Some(Node { app, address, server: None }));
    }

    /// The parts of one more process on the same database, with the same settings and without a server.
    pub async fn another_process(&self) -> Data<App> {
        let app = Data::new(App::open(self.app().settings.clone(), self.clock.clone()).await.unwrap());
        self.more_nodes.borrow_mut().push(Node { app: app.clone(), address: self.address(), server: None });
        app
    }

    async fn serve(&self, listener: TcpListener, settings: Settings, patience: Patience) -> Node {
        let address = listener.local_addr().unwrap();
        let app = Data::new(App::open(settings, self.clock.clone()).await.unwrap());
        let server = serve::run_with(app.clone(), listener, patience).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        Node { app, address, server: Some(handle) }
    }

    /// Opens the data folder and the database, as every start does.
    pub async fn open(&self, address: SocketAddr, flags: &[(&str, &str)]) -> anyhow::Result<App> {
        App::open(self.settings(address, flags)?, self.clock.clone()).await
    }

    /// The settings with these flags, without their dashes.
    fn settings(&self, address: SocketAddr, flags: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let args = args(self.folder.path(), address, flags);
        let database = DatabaseUrl::parse(self.database.url()).unwrap();
        let master = MasterSecret::new(&self.master_secret.borrow()).unwrap();
        let office =
            self.post_office.borrow().as_ref().map(|office| format!("smtp://127.0.0.1:{}?tls=none", office.port));
        let smtp_url = self.smtp_url.borrow().clone().or(office).map(SecretText::new);
        Ok(Settings { smtp_url, ..Settings::new(&args, address, database, master)? })
    }

    /// Stops and removes everything.
    pub async fn end(self) {
        let nodes: Vec<_> = self.node.take().into_iter().chain(self.more_nodes.take()).collect();
        for node in nodes {
            node.stop().await;
        }
        self.database.drop().await;
        self.folder.remove().await;
    }

    /// The running server's parts.
    pub fn app(&self) -> Data<App> {
        self.node.borrow().as_ref().expect("the server runs").app.clone()
    }

    /// What it stores.
    pub fn store(&self) -> Store {
        self.app().store.clone()
    }

    /// Writes to the database directly: for states no part of the product makes yet.
    pub async fn sql(&self, statement: &str) {
        self.database.load(statement.to_owned()).await;
    }

    /// Has searches find what was written past the store, as the portal does after an upgrade.
    pub async fn index_packages(&self) {
        let (_running, stopped) = tokio::sync::watch::channel(false);
        latchkey::jobs::index_packages(&self.app(), &stopped).await.unwrap();
    }

    /// Where the running server listens.
    pub fn address(&self) -> SocketAddr {
        self.node.borrow().as_ref().expect("the server runs").address
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The time in this world.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// A browser nobody used yet.
    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), self.address(), self.app().settings.public_url.clone())
    }

    /// A browser for another program that serves this world's database.
    pub fn browser_at(&self, url: &str) -> Browser {
        let address = url.strip_prefix("http://").unwrap().parse().unwrap();
        Browser::new(self.http.clone(), address, PublicUrl::parse(url).unwrap())
    }

    /// A new browser in which somebody has signed up and is signed in.
    pub async fn sign_up(&self, username: &str) -> Browser {
        let browser = self.browser();
        let form = browser.get("/sign-up").await.form("/sign-up");
        let form = form.set("username", username).set("email", &format!("{username}@example.com"));
        let page = browser.submit(form.set("password", &password_of(username))).await;
        assert_eq!(page.status, 303, "{}", page.body);
        browser
    }

    /// The owner of what the journeys are about, signed in.
    pub async fn ada(&self) -> Browser {
        self.sign_up("ada").await
    }

    /// A colleague, signed in.
    pub async fn bo(&self) -> Browser {
        self.sign_up("bo").await
    }

    /// A new browser in which somebody signs in who has an account.
    pub async fn sign_in(&self, username: &str) -> Browser {
        let browser = self.browser();
        let page = browser.sign_in(username, &password_of(username)).await;
        assert_eq!(page.status, 303, "{}", page.body);
        browser
    }

    /// Why a key is refused at this moment wherever it is presented; none if it is a live one.
    pub async fn refusal(&self, key: &str) -> Option<Reason> {
        let secret = Secret::parse(key).expect("a key of the right shape");
        let app = self.app();
        let known = app.store.lookup_token(secret.hash(), "main").await.unwrap();
        let disabled = known.as_ref().is_some_and(|known| known.holder.disabled);
        admit(known.as_ref().map(|known| known.presented()), disabled, self.now()).check().err()
    }

    /// The path of a one-time link by which somebody sets their password, as an operator hands it over.
    pub async fn password_link(&self, username: &str) -> String {
        let app = self.app();
        let account = app.store.account_named(username).await.unwrap().unwrap();
        let mut tx = app.store.begin().await.unwrap();
        let by = Actor::host("account password");
        let path = make_password_link(&mut tx, account.id, &by, self.now()).await.unwrap();
        tx.commit().await.unwrap();
        path
    }

    /// What an operator does at the command line: disables an account, or enables it.
    pub async fn set_disabled(&self, username: &str, disabled: bool) {
        let app = self.app();
        let account = app.store.account_named(username).await.unwrap().unwrap();
        let mut tx = app.store.begin().await.unwrap();
        tx.set_disabled(account.id, disabled, &Actor::host("account disable"), self.now()).await.unwrap();
        tx.commit().await.unwrap();
    }
}

impl Node {
    async fn stop(self) {
        if let Some(server) = self.server {
            server.stop(false).await;
        }
        self.app.store.close().await;
    }
}

/// Everybody's own password.
pub fn password_of(username: &str) -> String {
    format!("{PASSWORD} for {username}")
}

fn client() -> reqwest::Client {
    // A new connection for every request: a restarted server has closed the old ones.
    let builder = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    builder.pool_max_idle_per_host(0).timeout(std::time::Duration::from_secs(60)).build().unwrap()
}

/// The settings as the command line gives them; people's addresses come through a proxy on this machine.
fn args(folder: &Path, address: SocketAddr, flags: &[(&str, &str)]) -> Args {
    let (folder, address) = (folder.display().to_string(), address.to_string());
    let public_url = format!("http://{address}");
    let mut all = BTreeMap::from([
        ("listen", address.as_str()),
        ("public-url", &public_url),
        ("data-dir", &folder),
        ("sign-up", "open"),
        ("trusted-proxies", "127.0.0.1"),
    ]);
    all.extend(flags.iter().copied());
    let line = all.iter().map(|(name, value)| format!("--{name}={value}"));
    let line = ["latchkey".to_owned(), "--insecure-http".to_owned()].into_iter().chain(line);
    let matches = Args::augment_args(Command::new("latchkey")).try_get_matches_from(line).unwrap();
    Args::from_arg_matches(&matches).unwrap()
}
