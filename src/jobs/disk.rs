//! Says in the log that the disk is full or nearly so, every minute while it is.

use crate::{app::App, disk};

/// Looks once; there is nothing to tell of it but the warning.
pub fn watch_disk(app: &App) -> String {
    if let Some(warning) = disk::warning(&app.settings, &app.store) {
        tracing::warn!("{warning}");
    }
    String::new()
}
