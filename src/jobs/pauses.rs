//! Records that tokens that were switched off for a while are on again. The doors need no job to know it.

use crate::app::App;

/// Tokens that one change is about.
const BATCH: i64 = 50;

/// Records every pause that is over.
pub async fn end_pauses(app: &App) -> anyhow::Result<()> {
    while app.store.end_pauses(app.clock.now(), BATCH).await? > 0 {}
    Ok(())
}
