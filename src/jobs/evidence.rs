//! Writes what keys did, in small batches, away from the requests that did it.

use crate::app::App;

/// Writes what was noted since the last time. What cannot be written is kept for the next time.
pub async fn write_evidence(app: &App) -> anyhow::Result<()> {
    Ok(app.evidence.write(&app.store).await?)
}
