//! Writes how often packages were downloaded, in small batches, away from the requests that did it.

use super::counted_as;
use crate::app::App;

/// A batch holds the write lock for a moment only.
const BATCH: usize = 100;

/// Writes what was counted since the last time; tells for how many versions, in words. What cannot be written is kept for the next time.
pub async fn flush_downloads(app: &App) -> anyhow::Result<String> {
    let mut waiting = app.downloads.take();
    let versions = waiting.len();
    while !waiting.is_empty() {
        let later = waiting.split_off(waiting.len().min(BATCH));
        let written = async {
            let mut tx = app.store.begin().await?;
            tx.add_downloads(&waiting).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            app.downloads.put_back(waiting);
            app.downloads.put_back(later);
            return Err(error.into());
        }
        waiting = later;
    }
    Ok(counted_as(versions, "versions downloaded"))
}
