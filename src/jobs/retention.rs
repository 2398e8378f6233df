//! Removes what has outlived its use, in batches that hold the database's write lock for a moment only.

use std::time::{Duration as StdDuration, Instant};

use chrono::{DateTime, Duration, Utc};

use crate::{
    accounts::{CLOCK_DRIFT, SESSION_IDLE, SESSION_LIFE, rate_limit},
    app::App,
    store::Expendable,
    tokens::listing::REVOKED_LISTED,
    usage::DAYS_KEPT,
};

/// Links, used or not, and the sign-ups that wait for one: whoever follows one late still learns that it has ended.
const LINKS_KEPT: Duration = Duration::days(7);
/// Counts of mails matter for a minute.
const ATTEMPTS_KEPT: Duration = Duration::days(1);
/// Rows of limits say nothing once they are free; nobody else is at one by then.
const LIMITS_KEPT: Duration = Duration::hours(1);
/// As long as the cookie of a device.
const DEVICES_KEPT: Duration = Duration::days(365);
/// Long after the end that a mail warned of, so that no end is warned of twice.
const MAILS_KEPT: Duration = Duration::days(90);
const RUNS_KEPT: Duration = Duration::days(30);

/// A batch may hold the write lock for this long.
const LONGEST: StdDuration = StdDuration::from_millis(50);
/// Others get their turn between two batches.
const PAUSE: StdDuration = StdDuration::from_millis(20);
/// Rows of a batch.
const FEWEST: i64 = 1;
const FIRST: i64 = 20;
const MOST: i64 = 1_000;

/// Runs once; tells what was removed, in words.
pub async fn cleanup(app: &App) -> anyhow::Result<String> {
    let now = app.clock.now();
    let mut removed = Vec::new();
    for &stale in Expendable::ALL {
        let Some(kept) = kept(app, stale) else { continue };
        let count = delete_all(app, stale, now - kept).await?;
        if count > 0 {
            removed.push(format!("{count} {}", stale.as_str()));
        }
    }
    let mailer = app.mailer.clone();
    let files = tokio::task::spawn_blocking(move || mailer.delete_old(now)).await??;
    if files > 0 {
        removed.push(format!("{files} mail files"));
    }
    Ok(removed.join(", "))
}

/// How long rows are kept; `None` for ever.
fn kept(app: &App, stale: Expendable) -> Option<Duration> {
    match stale {
        Expendable::RevokedTokens => Some(REVOKED_LISTED),
        Expendable::Links | Expendable::SignUps | Expendable::OwnerInvitations => Some(LINKS_KEPT),
        Expendable::IdleSessions => Some(SESSION_IDLE),
        Expendable::OldSessions => Some(SESSION_LIFE),
        Expendable::Attempts => Some(ATTEMPTS_KEPT),
        Expendable::RateLimits => Some(LIMITS_KEPT),
        Expendable::FarRateLimits => Some(-(rate_limit::LONGEST + CLOCK_DRIFT)),
        Expendable::Devices => Some(DEVICES_KEPT),
        Expendable::Events | Expendable::DeletedAccounts => app.settings.event_days.map(Duration::days),
        Expendable::Mails | Expendable::CancelledNotices => Some(MAILS_KEPT),
        Expendable::JobRuns => Some(RUNS_KEPT),
        Expendable::Days | Expendable::Places | Expendable::Work | Expendable::Refusals => {
            Some(Duration::days(DAYS_KEPT))
        }
    }
}

async fn delete_all(app: &App, stale: Expendable, before: DateTime<Utc>) -> anyhow::Result<u64> {
    let mut total = 0;
    let mut size = FIRST;
    loop {
        let mut tx = app.store.begin().await?;
        // The lock is ours from here on.
        let began = Instant::now();
        let removed = tx.delete_expendable(stale, before, size).await?;
        tx.commit().await?;
        let took = began.elapsed();
        tracing::trace!(rows = removed, micros = u64::try_from(took.as_micros())?, "cleaned up {}", stale.as_str());
        total += removed;
        if removed < u64::try_from(size)? {
            return Ok(total);
        }
        size = next_size(size, took);
        tokio::time::sleep(PAUSE).await;
    }
}

/// So many rows that the next batch takes a quarter of the longest time if it goes as this one went: a slow moment
/// then still stays within it. What a row costs differs by table, by what hangs on it, and by the disk.
fn next_size(size: i64, took: StdDuration) -> i64 {
    let wanted = LONGEST.as_micros() / 4;
    let fits = u128::try_from(size).unwrap_or(1) * wanted / took.as_micros().max(1);
    let fits = i64::try_from(fits).unwrap_or(MOST);
    // Growing is slow, shrinking is not.
    fits.min(size * 2).clamp(FEWEST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_while_they_are_quick_and_shrink_at_once_when_they_are_not() {
        let ms = StdDuration::from_millis;
        assert_eq!(next_size(20, ms(1)), 40);
        assert_eq!(next_size(800, ms(1)), 1_000);
        assert_eq!(next_size(100, ms(50)), 25);
        assert_eq!(next_size(1_000, ms(2_000)), 6);
        assert_eq!(next_size(1, ms(500)), 1);
        assert_eq!(next_size(20, StdDuration::ZERO), 40);
    }
}
