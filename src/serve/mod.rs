//! The server: listening, what wraps every request, the jobs beside it, and the clean stop.

mod audit_log;
mod files;
mod metrics;
mod requests;
mod signals;
mod stream;

use std::{
    future::ready,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_http::{HttpService, Protocol, Request, error::DispatchError};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    App as WebApp, Error,
    body::MessageBody,
    dev::{AppConfig, Server, ServiceResponse},
    middleware::from_fn,
    web::Data,
};
use anyhow::Context;
use chrono::Duration as Stretch;
use tokio::{net::TcpStream, runtime::Handle, sync::watch::Receiver};

pub use self::signals::outlive_large_files;
use self::{
    audit_log::AuditLog,
    requests::Guard,
    signals::{stop_signals, wait_for_signals},
    stream::{ClientStream, Shared},
};
use crate::{
    accounts::one_time_link::{self, LinkPurpose, OneTimeLink},
    app::App,
    auth::{Connections, Rate},
    clock::Clock,
    config::{Args, LogFormat, Settings},
    headers::{self, BareAnswers},
    jobs, routes,
    runtime::WorkerTasks,
    tokens::beyond_maximum::TokenBeyondMaximum,
};

/// How long requests under way may go on after the signal to stop.
const STOP_PATIENCE: u64 = 25;
/// Name of the fact that the setup link follows from.
const SETUP_SEED: &str = "setup link";
/// How long a setup link works; then there is another one.
const SETUP_LINK: Stretch = Stretch::days(7);

/// Runs the portal until it is told to stop (SIGTERM, SIGINT, SIGQUIT): once, and requests under way may finish; twice, and it
/// stops at once.
pub async fn serve(args: &Args, clock: Clock) -> anyhow::Result<()> {
    files::raise_limit();
    let mut signals = stop_signals()?;
    let listener = bind(args.listen)?;
    let metrics_listener = args.metrics_listen.map(bind).transpose()?;
    let settings = Settings::read(args, listener.local_addr()?)?;
    let app = Data::new(App::open(settings, clock).await?);
    let audit_log = args.audit_log.as_ref().map(|path| AuditLog::start(&app, path)).transpose()?;
    let server = run(app.clone(), listener)?;
    let metrics = metrics_listener.map(|listener| metrics::run(app.clone(), listener)).transpose()?;
    let metrics = metrics.map(|server| (server.handle(), tokio::spawn(server)));
    let jobs = jobs::spawn(app.clone().into_inner(), jobs::Pace::default());
    let watching = tokio::spawn({
        let app = app.clone();
        async move { app.health.watch(&app.parts()).await }
    });
    announce(&app, args.log_format).await?;
    warn_of_long_lives(&app).await?;
    let mut hurry = signals.clone();
    let stopped = async {
        let served = until_stopped(server, &mut signals).await;
        watching.abort();
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
        jobs.stop().await;
        if let Some(audit_log) = audit_log {
            audit_log.finish().await;
        }
        app.store.close().await;
        served
    };
    let served = tokio::select! {
        served = stopped => served,
        () = wait_for_signals(&mut hurry, 2) => stop_at_once(),
    };
    tracing::info!("Latchkey stopped");
    served.context("the server failed")
}

fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))
}

/// Ends the program with all that is under way. Its runtimes are not taken down one by one: requests would fail in ways
/// that look like faults.
fn stop_at_once() -> ! {
    tracing::warn!("stopping without waiting for what is under way");
    tracing::info!("Latchkey stopped");
    std::process::exit(0)
}

/// Serves until told to stop once, and then until the requests under way are answered.
async fn until_stopped(mut server: Server, signals: &mut Receiver<u32>) -> std::io::Result<()> {
    let handle = server.handle();
    tokio::select! {
        served = &mut server => return served,
        () = wait_for_signals(signals, 1) => {}
    }
    let (served, ()) = tokio::join!(server, handle.stop(true));
    served
}

/// How long the server waits for clients, and how slow they may be.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a head to arrive, and for the next request on an idle connection.
    pub head: Duration,
    /// With the body of a request.
    pub body: Rate,
    /// With a client that takes its answer.
    pub write: Rate,
    /// With a client that has its last answer and still sends: fast enough, it may send all it has …
    pub linger: Rate,
    /// … within this time.
    pub linger_in_all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let rate = |kib: usize, seconds| Rate { bytes: kib * 1024, window: Duration::from_secs(seconds) };
        Self {
            head: Duration::from_secs(15),
            body: rate(64, 15),
            write: rate(64, 30),
            linger: rate(128, 3),
            linger_in_all: Duration::from_secs(60),
        }
    }
}

/// The server on a bound listener, ready to be awaited. What it does belongs to the runtime it is started in.
pub fn run(app: Data<App>, listener: TcpListener) -> anyhow::Result<Server> {
    run_with(app, listener, Patience::default())
}

/// The same with another patience.
pub fn run_with(app: Data<App>, listener: TcpListener, patience: Patience) -> anyhow::Result<Server> {
    let runtime = Handle::current();
    let connections = Connections::new(app.settings.connections_per_address, &app.settings.trusted_proxies);
    let bare_answers = BareAnswers { https: app.settings.public_url.is_https() };
    let shared = Arc::new(Shared { patience, bare_answers, runtime: runtime.clone() });
    let guard = Guard { least: patience.body, connections: connections.clone(), runtime };
    let server = Server::build();
    let stopping = server.graceful_shutdown_signal();
    let service = move || {
        let (app, guard, stopping) = (app.clone(), guard.clone(), stopping.clone());
        let (connections, shared) = (connections.clone(), Arc::clone(&shared));
        let stopping = move || {
            let stopping = stopping.clone();
            async move { stopping.notified().await }
        };
        let http = HttpService::build()
            .graceful_shutdown_signal(stopping)
            .keep_alive(patience.head)
            .client_request_timeout(patience.head)
            // Our connections see to their end themselves.
            .client_disconnect_timeout(Duration::ZERO)
            .on_connect_ext(|stream: &ClientStream, data| {
                stream.connection().map(|connection| data.insert(connection));
            })
            .finish(map_config(web_app(app, guard), |()| AppConfig::default()));
        let accept = fn_service(move |io: TcpStream| {
            let peer = io.peer_addr();
            let stream = peer.map(|peer| (ClientStream::new(io, connections.open(peer.ip()), &shared), peer));
            ready(stream.map(|(stream, peer)| (stream, Protocol::Http1, Some(peer))).map_err(DispatchError::Io))
        });
        accept.and_then(http)
    };
    let server = server.shutdown_timeout(STOP_PATIENCE).disable_signals();
    Ok(server.max_concurrent_connections(files::connections()).listen("latchkey", listener, service)?.run())
}

/// Everything that is answered.
fn web_app(
    app: Data<App>,
    guard: Guard,
) -> impl ServiceFactory<
    Request,
    Config = AppConfig,
    Response = ServiceResponse<impl MessageBody>,
    Error = Error,
    InitError = (),
> {
    let tasks = WorkerTasks::new(guard.runtime.clone());
    WebApp::new()
        .app_data(app.clone())
        .app_data(Data::from(Arc::clone(&app.legacy)))
        .app_data(tasks)
        .wrap(from_fn(move |req, next| requests::guard(guard.clone(), req, next)))
        .wrap(from_fn(headers::every_answer))
        .configure(move |cfg| routes::all(cfg, &app))
        .into_factory()
}

/// Says where the portal is, and on an empty installation how to begin. The link is a credential, so it is kept out of
/// logs that a machine collects.
#[expect(clippy::print_stdout, reason = "this is what the person who started the program is waiting for")]
async fn announce(app: &App, format: LogFormat) -> anyhow::Result<()> {
    let schema = app.store.applied_migrations().await?.last().copied().unwrap_or_default();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        schema,
        database = ?app.store.engine(),
        packages = app.settings.blob_url.as_ref().map_or("folder", |_| "bucket"),
        mails = app.mailer.way(),
        "Latchkey starts at {}",
        app.settings.public_url.of("/")
    );
    println!("Latchkey is running at {}", app.settings.public_url.of("/"));
    if app.store.is_empty().await? {
        match format {
            LogFormat::Text => println!("Create the first account: {}", setup_link(app).await?),
            LogFormat::Json => {
                tracing::warn!("there is no account yet: latchkey setup-link prints the link that makes one")
            }
        }
    }
    Ok(())
}

/// Lowering the longest lifetime ends no token: who runs the host is told which go beyond it.
async fn warn_of_long_lives(app: &App) -> anyhow::Result<()> {
    let Some(max_days) = app.settings.max_token_days else { return Ok(()) };
    let found = app.store.tokens_beyond(max_days, app.clock.now()).await?;
    if let Some(told) = TokenBeyondMaximum::told(&found, max_days) {
        tracing::warn!("{told}");
    }
    Ok(())
}

/// The one-time link that makes the first operator: the same on every node and at every start, until it is used or a
/// week old. Nothing stored gives it away: it follows from the master secret and a random text in the database.
///
/// # Errors
/// When the database does not answer.
pub async fn setup_link(app: &App) -> anyhow::Result<String> {
    let secret = loop {
        let (now, mut change) = (app.clock.now(), app.store.begin().await?);
        let fresh = one_time_link::generate(&mut crate::random::system());
        let kept = change.keep_fact(SETUP_SEED, &fresh).await?;
        if kept != fresh {
            let secret = setup_secret(app, &kept);
            if app.store.link_is_good(&one_time_link::hash(&secret), LinkPurpose::Setup, now).await? {
                break secret;
            }
            if !change.swap_fact(SETUP_SEED, &kept, &fresh).await? {
                continue; // another node made one meanwhile
            }
        }
        let secret = setup_secret(app, &fresh);
        change.add_link(&one_time_link::hash(&secret), &OneTimeLink::setup(), now, now + SETUP_LINK).await?;
        change.commit().await?;
        break secret;
    };
    Ok(app.settings.public_url.of(&format!("/setup?link={secret}")))
}

fn setup_secret(app: &App, seed: &str) -> String {
    one_time_link::of_seed(&*app.settings.master.derive("setup link"), seed)
}
