//! What runs by the clock beside the server: sending mails, writing what keys did, cleaning up.
//! Each job stands alone: an error or a panic in one is logged, the others go on, and it runs again at its next tick.

mod action_mails;
mod clock_gate;
mod disk;
mod downloads;
mod expiry_warnings;
mod legacy_keys;
mod mail_delivery;
mod orphans;
mod pauses;
mod retention;
mod search_index;
mod security_mails;
mod typed_events;
mod usage;

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use self::clock_gate::ClockGate;
pub use self::{
    downloads::flush_downloads,
    expiry_warnings::{Report, Warned, run_expiry_warnings},
    legacy_keys::retire_legacy_keys,
    orphans::{GRACE, IN_TRASH, OrphanCleanup, OrphanReport, clean_up_orphans, remove_orphans},
    pauses::end_pauses,
    retention::cleanup,
    search_index::{index_packages, reindex},
    security_mails::send_mails,
    typed_events::rewrite_events,
    usage::write_usage,
};
use crate::{
    app::App,
    audit::{Job, JobRun},
};

const MINUTE: Duration = Duration::from_secs(60);
/// What a key did is written at most this often.
const FLUSH: Duration = Duration::from_secs(10);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SWEEP: Duration = Duration::from_secs(15 * 60);
const HELD: &str = "held: the clock jumped";
/// How long a stop waits for what is under way, such as a mail server's answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The running jobs.
#[derive(Debug)]
pub struct JobsHandle {
    app: Arc<App>,
    stopping: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// How fast the jobs go.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The time between two looks for mails to send; tests have shorter minutes.
    pub minute: Duration,
    /// How long a clock that jumped must go on before it is believed.
    pub doubt: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { minute: MINUTE, doubt: 10 * MINUTE }
    }
}

/// Starts the jobs; each runs once at once. Needs a tokio runtime.
pub fn spawn(app: Arc<App>, pace: Pace) -> JobsHandle {
    let (stopping, stopped) = watch::channel(false);
    let gate = Arc::new(ClockGate::new(Instant::now(), pace.doubt));
    // Those that act on what is due or old by the clock. It must be one to believe.
    let by_the_clock = Some(&gate);
    let between = Arc::clone(&gate);
    let warn = move |app, stopped| expiry_warnings::tick(app, Arc::clone(&between), stopped);
    let tasks = vec![
        start(Job::Mail, (pace.minute, by_the_clock), &app, &stopped, warn),
        start(Job::Usage, (FLUSH, None), &app, &stopped, |app, _| async move { write_usage(&app).await }),
        start(Job::Downloads, (FLUSH, None), &app, &stopped, |app, _| async move { flush_downloads(&app).await }),
        start(Job::Disk, (MINUTE, None), &app, &stopped, |app, _| async move { Ok(disk::watch_disk(&app)) }),
        start(Job::Orphans, (DAY, by_the_clock), &app, &stopped, |app, _| async move { remove_orphans(&app).await }),
        start(Job::Health, (pace.minute, None), &app, &stopped, |app, _| async move {
            app.health.refresh(&app.parts()).await;
            Ok(String::new())
        }),
        start(Job::LegacyKeys, (SWEEP, by_the_clock), &app, &stopped, |app, _| async move {
            retire_legacy_keys(&app).await
        }),
        start(Job::Pauses, (pace.minute, by_the_clock), &app, &stopped, |app, _| async move { end_pauses(&app).await }),
        start(Job::Cleanup, (SWEEP, by_the_clock), &app, &stopped, |app, _| async move { cleanup(&app).await }),
        start(Job::Events, (SWEEP, None), &app, &stopped, |app, stopped| async move {
            rewrite_events(&app, &stopped).await
        }),
        start(Job::Search, (SWEEP, None), &app, &stopped, |app, stopped| async move {
            index_packages(&app, &stopped).await
        }),
    ];
    JobsHandle { app, stopping, tasks }
}

impl JobsHandle {
    /// Lets the jobs finish what they are at, for a while, and writes what keys did a last time. Call it when no
    /// request is served any more.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        for task in self.tasks {
            let abort = task.abort_handle();
            if timeout(PATIENCE, task).await.is_err() {
                abort.abort();
            }
        }
        if let Err(error) = write_usage(&self.app).await {
            tracing::error!("the uses of the last seconds could not be written: {error:#}");
        }
        if let Err(error) = flush_downloads(&self.app).await {
            tracing::error!("the downloads of the last seconds could not be written: {error:#}");
        }
    }
}

fn start<J, F>(
    job: Job,
    (every, gate): (Duration, Option<&Arc<ClockGate>>),
    app: &Arc<App>,
    stopped: &watch::Receiver<bool>,
    run: J,
) -> JoinHandle<()>
where
    J: Fn(Arc<App>, watch::Receiver<bool>) -> F + Send + 'static,
    F: Future<Output = anyhow::Result<String>> + Send + 'static,
{
    let (app, gate, mut stopped) = (Arc::clone(app), gate.cloned(), stopped.clone());
    tokio::spawn(async move {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopping| *stopping) => return,
                _ = ticks.tick() => {}
            }
            let (began_at, began) = (app.clock.now(), Instant::now());
            if gate.as_ref().is_some_and(|gate| !gate.passes(began_at, began)) {
                note(&app, job, (began_at, Duration::ZERO), Ok(HELD.to_owned())).await;
                continue;
            }
            // A task of its own: a panic ends that and nothing else.
            let done = match tokio::spawn(run(Arc::clone(&app), stopped.clone())).await {
                Ok(Ok(did)) => Ok(did),
                Ok(Err(error)) => Err(format!("{error:#}")),
                Err(error) => Err(error.to_string()),
            };
            note(&app, job, (began_at, began.elapsed()), done).await;
        }
    })
}

/// Logs what a run came to, and keeps it for the operator; a job that runs all the time only when there is
/// something to say.
async fn note(app: &App, job: Job, (began_at, took): (DateTime<Utc>, Duration), done: Result<String, String>) {
    let name: &'static str = job.into();
    let (did, error) = match done {
        Ok(did) => (did, None),
        Err(error) => {
            tracing::error!(job = name, "the job failed and will run again: {error}");
            (String::new(), Some(error))
        }
    };
    if did.is_empty() && error.is_none() && job.is_frequent() {
        return;
    }
    let took = chrono::Duration::from_std(took).unwrap_or_default();
    let run = JobRun { job: name.to_owned(), began_at, took, did, error };
    if let Err(error) = app.store.note_run(&run).await {
        tracing::warn!(job = name, "the run could not be noted: {error}");
    }
}

/// What a job did, in words; empty if that is nothing.
fn counted_as(count: usize, what: &str) -> String {
    if count == 0 { String::new() } else { format!("{count} {what}") }
}
