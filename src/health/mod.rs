//! For load balancers and supervisors, and whoever looks after the host: which part answers and which does not.

mod checks;

use std::{
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::{HttpResponse, Responder, web::Data};
use tokio::{
    sync::Notify,
    time::{interval, timeout},
};

pub use self::checks::{
    Check, Finding, chain, database, mail_server, mails, master_secret, package_files, package_store, store_owner,
};
use crate::{app::App, disk, store::SchemaState};

/// How long the database may take to answer a supervisor.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a look at what was wrong, the next one waits for this long.
const AGAIN: Duration = Duration::from_secs(5);
/// Package files that are looked for, of each kind of sample.
const SAMPLE: i64 = 5;
/// The mail server is talked to this often.
const MAIL: Duration = Duration::from_secs(600);
const MAIL_SERVER: &str = "mail server";
const DISK: &str = "disk";

/// What was found last, so that asking costs nothing and nobody can make us ask the package store.
#[derive(Debug, Default)]
pub struct Health {
    checks: RwLock<Vec<Check>>,
    looked_at: tokio::sync::Mutex<Option<Instant>>,
    suspected: AtomicBool,
    suspicion: Notify,
}

impl Health {
    /// What was found last; nothing before the first look.
    pub fn checks(&self) -> Vec<Check> {
        self.checks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Something failed that a look may explain: it comes at once, and not at its next turn.
    pub fn suspect(&self) {
        self.suspected.store(true, Ordering::Relaxed);
        self.suspicion.notify_one();
    }

    fn all_is_well(&self) -> bool {
        !self.suspected.load(Ordering::Relaxed) && self.checks().iter().all(|check| check.trouble().is_none())
    }

    /// Keeps what was found, and logs what has changed.
    fn keep(&self, found: Vec<Check>) {
        let mut checks = self.checks.write().unwrap_or_else(PoisonError::into_inner);
        for check in &found {
            let before = checks.iter().find(|known| known.name == check.name);
            if before == Some(check) {
                continue;
            }
            match check.trouble() {
                Some((what, cause)) => tracing::error!(part = check.name, "{what}: {cause}"),
                None if before.is_some_and(|before| before.trouble().is_some()) => {
                    tracing::info!(part = check.name, "is well again");
                }
                None => {}
            }
        }
        *checks = found;
    }
}

/// Looks at every part but the mail server, of which the last finding stays; keeps what was found.
pub async fn refresh(app: &App) {
    let mail_server = app.health.checks().into_iter().find(|check| check.name == MAIL_SERVER);
    look(app, mail_server).await;
}

/// Looks at every part, and at the mail server every ten minutes; runs until it is dropped.
pub async fn watch(app: &App) {
    let mut ticks = interval(MAIL);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let mail_server = checks::mail_server(&app.mailer).await;
                look(app, Some(mail_server)).await;
            }
            () = app.health.suspicion.notified() => look_again(app).await,
        }
    }
}

/// Looks again where something was wrong or failed since, so that it is seen soon when that begins or is over; a few
/// seconds after the last look at the earliest, and one at a time.
async fn look_again(app: &App) {
    if app.health.all_is_well() {
        return;
    }
    let Ok(mut looked_at) = app.health.looked_at.try_lock() else { return };
    if looked_at.is_none_or(|at| at.elapsed() >= AGAIN) {
        refresh(app).await;
        *looked_at = Some(Instant::now());
    }
}

async fn look(app: &App, mail_server: Option<Check>) {
    app.health.suspected.store(false, Ordering::Relaxed);
    let mut found = Vec::from(database(&app.store).await);
    found.push(match disk::warning(app) {
        Some(warning) => Check::wrong(DISK, "is full or nearly so", warning),
        None => Check::good(DISK, "has room"),
    });
    found.push(master_secret(&app.store, &app.settings.master).await);
    found.push(package_store(&app.blobs).await);
    found.push(store_owner(&app.store, &app.blobs).await);
    found.push(package_files(&app.store, &app.blobs, SAMPLE, app.clock.now()).await);
    found.extend(mail_server);
    found.push(mails(&app.store).await);
    app.health.keep(found);
}

/// The process answers.
pub async fn show_liveness() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// The process and its database answer, and it can work with the database's schema. Whatever else is wrong is named, and
/// keeps nobody from using their keys.
pub async fn show_readiness(app: Data<App>) -> impl Responder {
    match timeout(PATIENCE, app.store.schema_state()).await {
        Ok(Ok(SchemaState::Older)) => {
            unready("the database's schema is older than this version: run latchkey migrate\n")
        }
        Ok(Ok(SchemaState::Current | SchemaState::Newer)) => {
            // These are asked now, as they cost little: the disk may have filled since the last look, and another process
            // may have changed the secret.
            if master_secret(&app.store, &app.settings.master).await.trouble().is_some() {
                app.health.suspect();
            }
            look_again(&app).await;
            let disk = disk::warning(&app).map(|warning| format!("warning: {warning}\n")).unwrap_or_default();
            let checks = app.health.checks();
            let troubles = checks
                .iter()
                .filter(|check| check.name != DISK)
                .filter_map(|check| Some((check.name, check.trouble()?.0)));
            let lines: String = troubles.map(|(name, what)| format!("{name} {what}\n")).collect();
            let hint =
                if lines.is_empty() { "" } else { "(the log, latchkey doctor and the operator's page say why)\n" };
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(format!("ready\n{disk}{lines}{hint}"))
        }
        Ok(Err(error)) => {
            tracing::warn!("the database does not answer: {}", chain(error));
            unready("the database does not answer\n")
        }
        Err(_) => unready("the database does not answer\n"),
    }
}

fn unready(why: &'static str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header(("retry-after", "2"))
        .content_type("text/plain; charset=utf-8")
        .body(why)
}
