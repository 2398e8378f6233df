//! Removes what has outlived its use: old sessions, old links, old counts of guesses, old mail files.

use chrono::Duration;

use crate::{
    accounts::{SESSION_IDLE, SESSION_LIFE},
    app::App,
};

/// Counts of guesses matter for minutes.
const ATTEMPTS_KEPT: Duration = Duration::days(1);

/// Links, used or not, and the sign-ups that wait for one.
const LINKS_KEPT: Duration = Duration::days(7);

/// Sweeps once.
pub async fn sweep(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut change = app.store.begin().await?;
    let sessions = change.sweep_sessions(now - SESSION_IDLE, now - SESSION_LIFE).await?;
    let attempts = change.sweep_attempts(now - ATTEMPTS_KEPT).await?;
    let links = change.sweep_links(now - LINKS_KEPT).await?;
    change.commit().await?;
    let mailer = app.mailer.clone();
    let mails = tokio::task::spawn_blocking(move || mailer.sweep(now)).await??;
    tracing::debug!(sessions, attempts, links, mails, "swept");
    Ok(())
}
