//! Writes what keys did, in small batches, away from the requests that did it.

use super::counted_as;
use crate::app::App;

/// Writes what was noted since the last time; tells how many notes that were, in words. What cannot be written is kept for the next time.
pub async fn write_usage(app: &App) -> anyhow::Result<String> {
    Ok(counted_as(app.usage_buffer.write(&app.store).await?, "written"))
}
