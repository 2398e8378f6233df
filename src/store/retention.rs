//! Removing rows that have outlived their use, a few at a time.

use chrono::{DateTime, Utc};

use super::{Result, Transaction};
use crate::{tokens::EventId, usage::day_of};

/// Removes at most `$2` rows, the oldest first, if they still are older than `$1` when it is their turn. The limit inside is
/// for PostgreSQL's planner: one that it does not know it takes for a tenth of the table, and then reads all of it.
macro_rules! oldest {
    ($table:literal, $key:literal, $age:literal $(, $which:literal)?) => {
        concat!(
            "DELETE FROM ", $table, " WHERE (", $key, ") IN (SELECT ", $key, " FROM (SELECT ", $key, " FROM ", $table,
            " WHERE ", $($which,)? $age, " < $1 ORDER BY ", $age, " LIMIT 1000) oldest LIMIT $2) AND ", $($which,)? $age, " < $1"
        )
    };
}

/// Rows that go when they are old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expendable {
    /// Tokens revoked before, with their secrets. Their events stay.
    RevokedTokens,
    /// One-time links, used or not, that ended before.
    Links,
    /// Sign-ups begun before.
    SignUps,
    /// Sessions last used before.
    IdleSessions,
    /// Sessions begun before.
    OldSessions,
    /// Counts of mails whose minute began before.
    Attempts,
    /// Invitations to own something that ended before.
    OwnerInvitations,
    /// Limits that were free again before.
    RateLimits,
    /// Limits that are free again after: a clock that was ahead wrote them.
    FarRateLimits,
    /// Devices last seen before.
    Devices,
    /// Lines of the record written before, but for those that a mail is still to tell of.
    Events,
    /// Names of accounts deleted before.
    DeletedAccounts,
    /// Mails that are done with since before, each together with the notices it carried: a notice whose mail is gone
    /// would be owed again.
    Mails,
    /// Notices cancelled that were due before.
    CancelledNotices,
    /// Notes of job runs that began before.
    JobRuns,
    /// Counts of uses on days before.
    Days,
    /// Places where no key came from since before.
    Places,
    /// Kinds of work not done since before.
    Work,
    /// Refusals not repeated since before.
    Refusals,
}

impl Expendable {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::RevokedTokens,
        Self::Links,
        Self::SignUps,
        Self::IdleSessions,
        Self::OldSessions,
        Self::Attempts,
        Self::OwnerInvitations,
        Self::RateLimits,
        Self::FarRateLimits,
        Self::Devices,
        Self::Events,
        Self::DeletedAccounts,
        Self::Mails,
        Self::CancelledNotices,
        Self::JobRuns,
        Self::Days,
        Self::Places,
        Self::Work,
        Self::Refusals,
    ];

    /// What they are called in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RevokedTokens => "revoked tokens",
            Self::Links => "links",
            Self::SignUps => "sign-ups",
            Self::IdleSessions => "idle sessions",
            Self::OldSessions => "old sessions",
            Self::Attempts => "counts of mails",
            Self::OwnerInvitations => "invitations",
            Self::RateLimits => "rate limits",
            Self::FarRateLimits => "rate limits of a clock that was ahead",
            Self::Devices => "devices",
            Self::Events => "events",
            Self::DeletedAccounts => "names of deleted accounts",
            Self::Mails => "mails",
            Self::CancelledNotices => "cancelled notices",
            Self::JobRuns => "job runs",
            Self::Days => "days of use",
            Self::Places => "places",
            Self::Work => "kinds of work",
            Self::Refusals => "refusals",
        }
    }

    /// Removes at most `$2` that are older than `$1`; of mails, finds them.
    fn sql(self) -> &'static str {
        match self {
            Self::RevokedTokens => oldest!("tokens", "id", "revoked_at"),
            Self::Links => oldest!("links", "hash", "expires_at"),
            Self::SignUps => oldest!("sign_ups", "link", "created_at"),
            Self::IdleSessions => oldest!("sessions", "id_hash", "seen_at"),
            Self::OldSessions => oldest!("sessions", "id_hash", "created_at"),
            Self::Attempts => oldest!("attempts", "subject, window_at", "window_at"),
            Self::OwnerInvitations => oldest!("owner_invitations", "id", "expires_at"),
            Self::RateLimits => oldest!("rate_limits", "subject", "free_at"),
            Self::FarRateLimits => {
                "DELETE FROM rate_limits WHERE subject IN (SELECT subject FROM (SELECT subject FROM rate_limits WHERE free_at > $1
                 ORDER BY free_at DESC LIMIT 1000) furthest LIMIT $2) AND free_at > $1"
            }
            Self::Devices => oldest!("devices", "id", "seen_at"),
            // Ids sort by time, and there is no other index by it. What a mail is still to tell stays.
            Self::Events => oldest!(
                "events",
                "id",
                "id",
                "NOT EXISTS (SELECT 1 FROM notices n LEFT JOIN mails m ON m.id = n.mail
                    WHERE n.kind = 'happened' AND n.subject = events.account AND n.occasion = events.id AND n.cancelled_at IS NULL
                      AND (n.mail IS NULL OR m.state IN ('pending', 'sending'))) AND "
            ),
            Self::DeletedAccounts => oldest!("deleted_accounts", "account", "deleted_at"),
            Self::Mails => {
                "SELECT id FROM mails WHERE state IN ('sent', 'failed', 'dropped') AND created_at < $1 AND COALESCE(sent_at, 0) < $1
                 ORDER BY created_at LIMIT $2"
            }
            Self::CancelledNotices => {
                oldest!("notices", "id", "due_at", "cancelled_at IS NOT NULL AND mail IS NULL AND ")
            }
            Self::JobRuns => oldest!("job_runs", "job, slot", "began_at"),
            Self::Days => oldest!("token_days", "token, day", "day"),
            Self::Places => oldest!("token_places", "id", "last_at"),
            Self::Work => oldest!("token_work", "id", "last_at"),
            Self::Refusals => oldest!("refusals", "id", "last_at"),
        }
    }
}

impl Transaction {
    /// Removes at most `limit` rows that are older than `before`; tells how many.
    pub async fn sweep(&mut self, stale: Expendable, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        match stale {
            Expendable::Events => {
                let query = sqlx::query(stale.sql()).bind(EventId::first_at(before).to_string()).bind(limit);
                Ok(query.execute(&mut *self.inner).await?.rows_affected())
            }
            Expendable::Days => {
                let query = sqlx::query(stale.sql()).bind(day_of(before)).bind(limit);
                Ok(query.execute(&mut *self.inner).await?.rows_affected())
            }
            Expendable::Mails => self.sweep_mails(before, limit).await,
            _ => {
                let query = sqlx::query(stale.sql()).bind(before.timestamp()).bind(limit);
                Ok(query.execute(&mut *self.inner).await?.rows_affected())
            }
        }
    }

    async fn sweep_mails(&mut self, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        let ids: Vec<String> = sqlx::query_scalar(Expendable::Mails.sql())
            .bind(before.timestamp())
            .bind(limit)
            .fetch_all(&mut *self.inner)
            .await?;
        let mut swept = 0;
        for id in ids {
            // Locks the row: nobody sends it again from here on.
            let lock = "UPDATE mails SET fence = fence + 1 WHERE id = $1 AND state IN ('sent', 'failed', 'dropped')";
            if sqlx::query(lock).bind(id.as_str()).execute(&mut *self.inner).await?.rows_affected() == 1 {
                sqlx::query("DELETE FROM notices WHERE mail = $1").bind(id.as_str()).execute(&mut *self.inner).await?;
                sqlx::query("DELETE FROM mails WHERE id = $1").bind(id.as_str()).execute(&mut *self.inner).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}
