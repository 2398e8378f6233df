//! Notes which idle keys of an older system are retired. Their date alone ends them, whether this has run or not.

use super::counted_as;
use crate::{app::App, audit::Actor};

/// A batch holds the write lock for a moment only.
const BATCH: i64 = 50;

async fn give_unused_keys_their_year(app: &App) -> anyhow::Result<i64> {
    let mut tx = app.store.begin().await?;
    let given = tx.give_unused_keys_their_year(app.clock.now(), BATCH).await?;
    tx.commit().await?;
    Ok(i64::try_from(given)?)
}

/// Notes all that are due; tells how many, in words.
pub async fn retire_legacy_keys(app: &App) -> anyhow::Result<String> {
    while give_unused_keys_their_year(app).await? == BATCH {}
    let mut retired = 0;
    loop {
        let mut tx = app.store.begin().await?;
        let noted = tx.retire_idle(&Actor::host("legacy keys"), app.clock.now(), BATCH).await?;
        tx.commit().await?;
        retired += noted;
        if noted < usize::try_from(BATCH)? {
            return Ok(counted_as(retired, "retired"));
        }
    }
}
