//! Fills the index of words on a host that was filled before there was one, while it runs.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use super::counted_as;
use crate::app::App;

/// A batch holds the write lock for a moment only.
const BATCH: i64 = 50;
/// Others get their turn between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// Indexes every package that is not indexed, until the host stops; the next run goes on. Tells how many batches there were.
pub async fn index_packages(app: &App, stopped: &watch::Receiver<bool>) -> anyhow::Result<String> {
    let (mut after, mut batches) = (None, 0);
    while let Some(last) = app.store.index_packages(after, BATCH, false).await? {
        (after, batches) = (Some(last), batches + 1);
        if *stopped.borrow() {
            return Ok(counted_as(batches, "batches indexed; the rest follows"));
        }
        sleep(PAUSE).await;
    }
    Ok(counted_as(batches, "batches of packages indexed"))
}

/// Indexes every package anew while the host runs, and forgets what is found of none.
pub async fn reindex(app: &App) -> anyhow::Result<()> {
    let mut after = None;
    while let Some(last) = app.store.index_packages(after, BATCH, true).await? {
        after = Some(last);
        sleep(PAUSE).await;
    }
    app.store.forget_lost_entries().await?;
    Ok(())
}
