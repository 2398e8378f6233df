//! Which part of the host answers and which does not, for whoever looks after it.

mod checks;

use std::{
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::interval};

pub use self::checks::{
    Check, Finding, chain, database, mail_server, mails, master_secret, package_files, package_store, search_index,
    store_owner,
};
use crate::{clock::Clock, config::Settings, disk, mail::Mailer, packages::blobs::Blobs, store::Store};

/// After a look at what was wrong, the next one waits for this long.
const AGAIN: Duration = Duration::from_secs(5);
/// Package files that are looked for, of each kind of sample.
const SAMPLE: i64 = 5;
/// The mail server is talked to this often.
const MAIL: Duration = Duration::from_secs(600);
const MAIL_SERVER: &str = "mail server";
/// The part that is told of apart, because it is looked at whenever somebody asks.
pub const DISK: &str = "disk";
/// Name of the check whether mails are on their way.
pub const MAILS: &str = "mails";

/// The parts that are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// The database.
    pub store: &'a Store,
    /// The bytes of packages.
    pub blobs: &'a Blobs,
    /// The way mails go.
    pub mailer: &'a Mailer,
    /// The time.
    pub clock: &'a Clock,
}

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
        !self.suspected.load(Ordering::Relaxed) && self.checks().iter().all(|check| check.problem().is_none())
    }

    /// Keeps what was found, and logs what has changed.
    fn keep(&self, found: Vec<Check>) {
        let mut checks = self.checks.write().unwrap_or_else(PoisonError::into_inner);
        for check in &found {
            let before = checks.iter().find(|known| known.name == check.name);
            if before == Some(check) {
                continue;
            }
            match check.problem() {
                Some((what, cause)) => tracing::error!(part = check.name, "{what}: {cause}"),
                None if before.is_some_and(|before| before.problem().is_some()) => {
                    tracing::info!(part = check.name, "is well again");
                }
                None => {}
            }
        }
        *checks = found;
    }

    /// Looks at every part but the mail server, of which the last finding stays; keeps what was found.
    pub async fn refresh(&self, parts: &Parts<'_>) {
        let mail_server = self.checks().into_iter().find(|check| check.name == MAIL_SERVER);
        self.look(parts, mail_server).await;
    }

    /// Looks at every part, and at the mail server every ten minutes; runs until it is dropped.
    pub async fn watch(&self, parts: &Parts<'_>) {
        let mut ticks = interval(MAIL);
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    let mail_server = checks::mail_server(parts.mailer).await;
                    self.look(parts, Some(mail_server)).await;
                }
                () = self.suspicion.notified() => self.look_again(parts).await,
            }
        }
    }

    /// Looks again where something was wrong or failed since, so that it is seen soon when that begins or is over; a few
    /// seconds after the last look at the earliest, and one at a time.
    pub async fn look_again(&self, parts: &Parts<'_>) {
        if self.all_is_well() {
            return;
        }
        let Ok(mut looked_at) = self.looked_at.try_lock() else { return };
        if looked_at.is_none_or(|at| at.elapsed() >= AGAIN) {
            self.refresh(parts).await;
            *looked_at = Some(Instant::now());
        }
    }

    async fn look(&self, parts: &Parts<'_>, mail_server: Option<Check>) {
        self.suspected.store(false, Ordering::Relaxed);
        let Parts { settings, store, blobs, clock, .. } = *parts;
        let blobs = &blobs.impatient();
        let mut found = Vec::from(database(store).await);
        found.push(match disk::warning(settings, store) {
            Some(warning) => Check::wrong(DISK, "is full or nearly so", warning),
            None => Check::good(DISK, "has room"),
        });
        found.push(master_secret(store, &settings.master).await);
        found.push(package_store(blobs).await);
        found.push(store_owner(store, blobs).await);
        found.push(package_files(store, blobs, SAMPLE, clock.now()).await);
        found.extend(mail_server);
        found.push(mails(store).await);
        self.keep(found);
    }
}
