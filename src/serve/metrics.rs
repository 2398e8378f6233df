//! Prometheus' way in: an address of its own, so that nobody who reaches the portal reaches the numbers.

use std::{net::TcpListener, sync::atomic::Ordering::Relaxed};

use actix_web::{
    App as WebApp, HttpResponse, HttpServer,
    dev::Server,
    web::{Data, get},
};
use prometheus_client::metrics::counter::Counter;
use tokio::{runtime::Handle, time::timeout};

use crate::{
    app::App, disk::DiskSpace, metrics::Metrics, packages::blobs::BlobSettings, runtime::InRuntime,
    store::Result as Stored,
};

/// Up to so many mails and notices are counted.
const BOUND: i64 = 1_000;
/// How long the database may take; what it does not say in time keeps its last value.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3);
/// The format of OpenMetrics.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The server of `/metrics` on a bound listener, ready to be awaited.
pub(super) fn run(app: Data<App>, listener: TcpListener) -> std::io::Result<Server> {
    let runtime = Handle::current();
    let server = HttpServer::new(move || {
        let web = WebApp::new().app_data(app.clone()).app_data(Data::new(runtime.clone()));
        web.route("/metrics", get().to(show_metrics))
    });
    Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

async fn show_metrics(app: Data<App>, runtime: Data<Handle>) -> HttpResponse {
    let text = InRuntime::new(runtime.get_ref().clone(), async move {
        collect(&app).await;
        app.metrics.to_text()
    });
    HttpResponse::Ok()
        .insert_header(("content-type", CONTENT_TYPE))
        .insert_header(("cache-control", "no-store"))
        .body(text.await)
}

/// Sets what is not counted as it happens.
async fn collect(app: &App) {
    let metrics = &app.metrics;
    let looked_up = app.store.lookup_counts();
    raise(&metrics.lookups, looked_up.asked.load(Relaxed));
    raise(&metrics.lookup_queries, looked_up.queries.load(Relaxed));
    raise(&metrics.lookup_failures, looked_up.failed.load(Relaxed));
    for (pool, in_use, idle) in app.store.open_connections() {
        for (state, open) in [("in use", in_use), ("idle", idle)] {
            metrics.connections.get_or_create_owned(&[("pool", pool), ("state", state)]).set(open.into());
        }
    }
    metrics.password_hashes.set(i64::try_from(app.passwords.waiting()).unwrap_or(i64::MAX));
    collect_disks(app, metrics);
    for check in app.health.checks() {
        metrics.part_up.get_or_create_owned(&[("part", check.name)]).set(check.problem().is_none().into());
    }
    if !matches!(timeout(PATIENCE, collect_stored(app, metrics)).await, Ok(Ok(()))) {
        tracing::warn!("the database did not say in time what the metrics ask for");
    }
}

fn collect_disks(app: &App, metrics: &Metrics) {
    let packages = match app.settings.blobs() {
        Ok(BlobSettings::Folder(folder)) => Some(("packages", folder)),
        _ => None,
    };
    for (disk, folder) in [("data", app.settings.data_dir.clone())].into_iter().chain(packages) {
        if let Ok(space) = DiskSpace::of(&folder) {
            let free = i64::try_from(space.available).unwrap_or(i64::MAX);
            metrics.disk_free.get_or_create_owned(&[("disk", disk)]).set(free);
        }
    }
}

async fn collect_stored(app: &App, metrics: &Metrics) -> Stored<()> {
    let now = app.clock.now();
    let mails = app.store.mail_queue(BOUND).await?;
    metrics.mails.get_or_create_owned(&[("state", "waiting")]).set(mails.pending);
    metrics.mails.get_or_create_owned(&[("state", "failed")]).set(mails.failed);
    metrics.mail_age.set(mails.oldest.map_or(0, |oldest| (now - oldest).num_seconds().max(0)));
    let due = app.store.due_end_notices(now, BOUND).await?;
    metrics.notices_due.set(i64::try_from(due.len()).unwrap_or(i64::MAX));
    metrics.notices_late.set(due.first().map_or(0, |first| (now - first.due_at).num_seconds().max(0)));
    Ok(())
}

/// Brings a counter up to what was counted elsewhere.
fn raise(counter: &Counter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}
