//! The server: listening, what wraps every request, the jobs beside it, and the clean stop.

use std::{net::TcpListener, time::Duration};

use actix_web::{App as WebApp, HttpServer, dev::Server, middleware::from_fn, web::Data};
use anyhow::Context;
use chrono::Duration as Stretch;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch::{self, Receiver},
};

use crate::{
    accounts::link,
    app::App,
    clock::Clock,
    config::{Args, LogFormat, Settings},
    headers, health, jobs, routes,
    store::{Link, Purpose, TooLong},
};

/// How long a head may take to arrive, and an idle connection is kept.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// How long requests under way may go on after the signal to stop.
const STOP_PATIENCE: u64 = 25;
/// Name of the fact that the setup link follows from.
const SETUP_SEED: &str = "setup link";
/// How long a setup link works; then there is another one.
const SETUP_LINK: Stretch = Stretch::days(7);

/// Runs the portal until it is told to stop (SIGTERM, SIGINT): once, and requests under way may finish; twice, and it
/// stops at once.
pub async fn serve(args: &Args, clock: Clock) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
    let settings = Settings::read(args, listener.local_addr()?)?;
    let app = Data::new(App::open(settings, clock).await?);
    let mut told = told_to_stop()?;
    let server = run(app.clone(), listener)?;
    let jobs = jobs::spawn(app.clone().into_inner(), jobs::Pace::default());
    let watching = tokio::spawn({
        let app = app.clone();
        async move { health::watch(&app).await }
    });
    announce(&app, args.log_format).await?;
    warn_of_long_lives(&app).await?;
    let mut hurry = told.clone();
    let stopped = async {
        let served = until_told(server, &mut told).await;
        watching.abort();
        jobs.stop().await;
        app.store.close().await;
        served
    };
    let served = tokio::select! {
        served = stopped => served,
        () = times_told(&mut hurry, 2) => {
            tracing::warn!("stopping without waiting for what is under way");
            Ok(())
        }
    };
    tracing::info!("Latchkey stopped");
    served.context("the server failed")
}

/// Serves until told to stop once, and then until the requests under way are answered.
async fn until_told(mut server: Server, told: &mut Receiver<u32>) -> std::io::Result<()> {
    let handle = server.handle();
    tokio::select! {
        served = &mut server => return served,
        () = times_told(told, 1) => {}
    }
    let (served, ()) = tokio::join!(server, handle.stop(true));
    served
}

/// How often this program was told to stop (SIGTERM, SIGINT) since now.
fn told_to_stop() -> std::io::Result<Receiver<u32>> {
    let (telling, told) = watch::channel(0);
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            telling.send_modify(|times| *times += 1);
        }
    });
    Ok(told)
}

async fn times_told(told: &mut Receiver<u32>, times: u32) {
    // The sender goes only with the whole program.
    let _ = told.wait_for(|now| *now >= times).await;
}

/// The server on a bound listener, ready to be awaited.
pub fn run(app: Data<App>, listener: TcpListener) -> anyhow::Result<actix_web::dev::Server> {
    let factory = move || {
        let app = app.clone();
        WebApp::new()
            .app_data(app.clone())
            .wrap(from_fn(headers::every_answer))
            .configure(move |cfg| routes::all(cfg, &app))
    };
    let server = HttpServer::new(factory)
        .keep_alive(HEAD_PATIENCE)
        .client_request_timeout(HEAD_PATIENCE)
        .shutdown_timeout(STOP_PATIENCE)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
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
    if let Some(told) = TooLong::told(&found, max_days) {
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
        let fresh = link::generate(&mut crate::random::system());
        let kept = change.keep_fact(SETUP_SEED, &fresh).await?;
        if kept != fresh {
            let secret = setup_secret(app, &kept);
            if app.store.link_is_good(&link::hash(&secret), Purpose::Setup, now).await? {
                break secret;
            }
            if !change.swap_fact(SETUP_SEED, &kept, &fresh).await? {
                continue; // another node made one meanwhile
            }
        }
        let secret = setup_secret(app, &fresh);
        change.add_link(&link::hash(&secret), &Link::setup(), now, now + SETUP_LINK).await?;
        change.commit().await?;
        break secret;
    };
    Ok(app.settings.public_url.of(&format!("/setup?link={secret}")))
}

fn setup_secret(app: &App, seed: &str) -> String {
    link::of_seed(&*app.settings.master.derive("setup link"), seed)
}
