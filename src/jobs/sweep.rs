//! Removes what has outlived its use: old sessions, links, counts of guesses, evidence and mail files.

use chrono::Duration;

use crate::{
    accounts::{SESSION_IDLE, SESSION_LIFE},
    app::App,
};

/// Counts of guesses matter for minutes.
const ATTEMPTS_KEPT: Duration = Duration::days(1);

/// Rows of evidence that one change removes.
const BATCH: i64 = 500;
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
    let evidence = sweep_evidence(app).await?;
    let mailer = app.mailer.clone();
    let mails = tokio::task::spawn_blocking(move || mailer.sweep(now)).await??;
    tracing::debug!(sessions, attempts, links, evidence, mails, "swept");
    Ok(())
}

async fn sweep_evidence(app: &App) -> anyhow::Result<u64> {
    let mut swept = 0;
    loop {
        let mut change = app.store.begin().await?;
        let batch = change.sweep_evidence(app.clock.now(), BATCH).await?;
        change.commit().await?;
        swept += batch;
        if batch == 0 {
            return Ok(swept);
        }
    }
}
