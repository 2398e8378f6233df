//! The server: listening, what wraps every request, the jobs beside it, and the clean stop.

use std::{net::TcpListener, time::Duration};

use actix_web::{App as WebApp, HttpServer, middleware::from_fn, web::Data};
use anyhow::Context;
use chrono::Duration as Stretch;

use crate::{
    accounts::link,
    app::App,
    clock::Clock,
    config::{Args, Settings},
    headers, jobs, routes,
    store::Link,
};

/// How long a head may take to arrive, and an idle connection is kept.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// How long requests under way may go on after the signal to stop.
const STOP_PATIENCE: u64 = 25;
/// How long a setup link works; the next start prints another.
const SETUP_LINK: Stretch = Stretch::days(7);

/// Runs the portal until it is told to stop (SIGTERM, SIGINT).
pub async fn serve(args: &Args, clock: Clock) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
    let settings = Settings::read(args, listener.local_addr()?)?;
    let app = Data::new(App::open(settings, clock).await?);
    let server = run(app.clone(), listener)?;
    let jobs = jobs::spawn(app.clone().into_inner());
    announce(&app).await?;
    let served = server.await;
    jobs.stop().await;
    app.store.close().await;
    served.context("the server failed")
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

/// A new one-time link that makes the first operator.
pub async fn setup_link(app: &App) -> anyhow::Result<String> {
    let secret = link::generate(&mut crate::random::system());
    let now = app.clock.now();
    let mut change = app.store.begin().await?;
    change.add_link(&link::hash(&secret), &Link::setup(), now, now + SETUP_LINK).await?;
    change.commit().await?;
    Ok(app.settings.public_url.of(&format!("/setup?link={secret}")))
}
