//! Writes when each token was last used, in small batches, away from the requests that used them.

use crate::app::App;

/// A batch holds the write lock for a moment only.
const BATCH: usize = 100;

/// Writes what was marked since the last time. What cannot be written is kept for the next time.
pub async fn flush_last_uses(app: &App) -> anyhow::Result<()> {
    let mut uses = app.uses.take();
    while !uses.is_empty() {
        let batch = uses.split_off(uses.len().saturating_sub(BATCH));
        let written = async {
            let mut change = app.store.begin().await?;
            change.write_uses(&batch).await?;
            change.commit().await
        };
        if let Err(error) = written.await {
            uses.extend(batch);
            app.uses.put_back(uses);
            return Err(error.into());
        }
    }
    Ok(())
}
