//! Records that tokens that were switched off for a while are on again. The doors need no job to know it.

use super::counted_as;
use crate::app::App;

/// Tokens that one change is about.
const BATCH: i64 = 50;

/// Records every pause that is over; tells how many, in words.
pub async fn end_pauses(app: &App) -> anyhow::Result<String> {
    let mut over = 0;
    loop {
        match app.store.end_pauses(app.clock.now(), BATCH).await? {
            0 => return Ok(counted_as(over, "on again")),
            ended => over += ended,
        }
    }
}
