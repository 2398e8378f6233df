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
    config::{Args, Settings},
    headers, jobs, routes,
    store::{Link, TooLong},
};

/// How long a head may take to arrive, and an idle connection is kept.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// How long requests under way may go on after the signal to stop.
const STOP_PATIENCE: u64 = 25;
/// How long a setup link works; the next start prints another.
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
    announce(&app).await?;
    warn_of_long_lives(&app).await?;
    let mut hurry = told.clone();
    let stopped = async {
        let served = until_told(server, &mut told).await;
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

/// Says where the portal is, and on an empty installation how to begin.
#[expect(clippy::print_stdout, reason = "this is what the person who started the program is waiting for")]
async fn announce(app: &App) -> anyhow::Result<()> {
    println!("Latchkey is running at {}", app.settings.public_url.of("/"));
    if app.store.is_empty().await? {
        println!("Create the first account: {}", setup_link(app).await?);
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

/// A new one-time link that makes the first operator.
pub async fn setup_link(app: &App) -> anyhow::Result<String> {
    let secret = link::generate(&mut crate::random::system());
    let now = app.clock.now();
    let mut change = app.store.begin().await?;
    change.add_link(&link::hash(&secret), &Link::setup(), now, now + SETUP_LINK).await?;
    change.commit().await?;
    Ok(app.settings.public_url.of(&format!("/setup?link={secret}")))
}
