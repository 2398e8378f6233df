//! Removes package files without a version: what is left of a push whose process died between bytes and row.

use chrono::Duration;
use futures_util::TryStreamExt;

use super::told;
use crate::{app::App, tokens::VersionKey};

/// A push ends long before this, so an older file without a row will never get one.
const SETTLED: Duration = Duration::hours(6);

/// Looks through all package files once; tells how many were removed, in words.
pub async fn remove_orphans(app: &App) -> anyhow::Result<String> {
    let mut found = app.blobs.written_before(app.clock.now() - SETTLED);
    let mut removed = 0;
    while let Some(blob) = found.try_next().await? {
        let Some(version) = blob.id().map(VersionKey::from) else { continue };
        if !app.store.has_version(version).await? {
            app.blobs.delete(&blob).await?;
            removed += 1;
        }
    }
    if removed > 0 {
        tracing::info!(files = removed, "package files without a version removed");
    }
    Ok(told(removed, "files removed"))
}
