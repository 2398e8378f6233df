//! Rewrites the record of a host of November 2026, whose events were sentences, while it runs.

use std::time::Duration;

use tokio::{sync::watch, time::sleep};

use super::counted_as;
use crate::{app::App, audit::november_sentences};

/// A batch holds the write lock for a moment only.
const BATCH: i64 = 200;
/// Others get their turn between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// Rewrites all there are until the host stops; tells how many batches that took. Where there are none, it costs one
/// look into an index for each sentence.
pub async fn rewrite_events(app: &App, stopped: &watch::Receiver<bool>) -> anyhow::Result<String> {
    let mut batches = 0;
    for (sentence, _) in november_sentences() {
        let mut after = None;
        while let Some(last) = app.store.rewrite_events(sentence, after, BATCH).await? {
            (after, batches) = (Some(last), batches + 1);
            if *stopped.borrow() {
                return Ok(counted_as(batches, "batches rewritten; the rest follows"));
            }
            sleep(PAUSE).await;
        }
    }
    app.store.events_are_typed().await?;
    Ok(counted_as(batches, "batches of events rewritten"))
}
