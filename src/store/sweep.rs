//! Removing rows that have outlived their use, a few at a time.

use chrono::{DateTime, Utc};

use super::{Change, Result, day_of};
use crate::tokens::EventId;

/// Rows that go when they are old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
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
    /// Counts of guesses whose window began before.
    Attempts,
    /// Lines of the record written before, but for those that a mail is still to tell of.
    Events,
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

impl Stale {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::RevokedTokens,
        Self::Links,
        Self::SignUps,
        Self::IdleSessions,
        Self::OldSessions,
        Self::Attempts,
        Self::Events,
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
            Self::Attempts => "counts of guesses",
            Self::Events => "events",
            Self::Mails => "mails",
            Self::CancelledNotices => "cancelled notices",
            Self::JobRuns => "job runs",
            Self::Days => "days of use",
            Self::Places => "places",
            Self::Work => "kinds of work",
            Self::Refusals => "refusals",
        }
    }

    /// Removes at most `$2` that are older than `$1`.
    fn sql(self) -> &'static str {
        match self {
            Self::RevokedTokens => {
                "DELETE FROM tokens WHERE id IN (SELECT id FROM tokens WHERE revoked_at < $1 ORDER BY revoked_at LIMIT $2)"
            }
            Self::Links => {
                "DELETE FROM links WHERE hash IN (SELECT hash FROM links WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
            }
            Self::SignUps => {
                "DELETE FROM sign_ups WHERE link IN (SELECT link FROM sign_ups WHERE created_at < $1 ORDER BY created_at LIMIT $2)"
            }
            Self::IdleSessions => {
                "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)
                   AND seen_at < $1"
            }
            Self::OldSessions => {
                "DELETE FROM sessions WHERE id_hash IN (SELECT id_hash FROM sessions WHERE created_at < $1 ORDER BY created_at LIMIT $2)"
            }
            Self::Attempts => {
                "DELETE FROM attempts WHERE (subject, window_at) IN (SELECT subject, window_at FROM attempts WHERE window_at < $1
                 ORDER BY window_at LIMIT $2)"
            }
            Self::Events => {
                "DELETE FROM events WHERE id IN (SELECT e.id FROM events e WHERE e.id < $1
                   AND NOT EXISTS (SELECT 1 FROM notices n LEFT JOIN mails m ON m.id = n.mail
                       WHERE n.kind = 'happened' AND n.subject = e.account AND n.occasion = e.id AND n.cancelled_at IS NULL
                         AND (n.mail IS NULL OR m.state IN ('pending', 'sending')))
                 ORDER BY e.id LIMIT $2)"
            }
            Self::Mails => {
                "SELECT id FROM mails WHERE state IN ('sent', 'failed', 'dropped') AND created_at < $1 AND COALESCE(sent_at, 0) < $1
                 ORDER BY created_at LIMIT $2"
            }
            Self::CancelledNotices => {
                "DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE cancelled_at IS NOT NULL AND due_at < $1
                 ORDER BY due_at LIMIT $2) AND mail IS NULL AND cancelled_at IS NOT NULL"
            }
            Self::JobRuns => {
                "DELETE FROM job_runs WHERE (job, slot) IN (SELECT job, slot FROM job_runs WHERE began_at < $1
                 ORDER BY began_at LIMIT $2) AND began_at < $1"
            }
            Self::Days => {
                "DELETE FROM token_days WHERE (token, day) IN (SELECT token, day FROM token_days WHERE day < $1
                 ORDER BY day LIMIT $2)"
            }
            Self::Places => {
                "DELETE FROM token_places WHERE id IN (SELECT id FROM token_places WHERE last_at < $1 ORDER BY last_at LIMIT $2)
                   AND last_at < $1"
            }
            Self::Work => {
                "DELETE FROM token_work WHERE id IN (SELECT id FROM token_work WHERE last_at < $1 ORDER BY last_at LIMIT $2)
                   AND last_at < $1"
            }
            Self::Refusals => {
                "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals WHERE last_at < $1 ORDER BY last_at LIMIT $2)
                   AND last_at < $1"
            }
        }
    }
}

impl Change {
    /// Removes at most `limit` rows that are older than `before`; tells how many.
    pub async fn sweep(&mut self, stale: Stale, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        match stale {
            Stale::Events => {
                // Ids sort by time, and there is no other index by it.
                let query = sqlx::query(stale.sql()).bind(EventId::first_at(before).to_string()).bind(limit);
                Ok(query.execute(&mut *self.tx).await?.rows_affected())
            }
            Stale::Days => {
                let query = sqlx::query(stale.sql()).bind(day_of(before)).bind(limit);
                Ok(query.execute(&mut *self.tx).await?.rows_affected())
            }
            Stale::Mails => self.sweep_mails(before, limit).await,
            _ => {
                let query = sqlx::query(stale.sql()).bind(before.timestamp()).bind(limit);
                Ok(query.execute(&mut *self.tx).await?.rows_affected())
            }
        }
    }

    async fn sweep_mails(&mut self, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        let ids: Vec<String> = sqlx::query_scalar(Stale::Mails.sql())
            .bind(before.timestamp())
            .bind(limit)
            .fetch_all(&mut *self.tx)
            .await?;
        let mut swept = 0;
        for id in ids {
            // Locks the row: nobody sends it again from here on.
            let lock = "UPDATE mails SET fence = fence + 1 WHERE id = $1 AND state IN ('sent', 'failed', 'dropped')";
            if sqlx::query(lock).bind(id.as_str()).execute(&mut *self.tx).await?.rows_affected() == 1 {
                sqlx::query("DELETE FROM notices WHERE mail = $1").bind(id.as_str()).execute(&mut *self.tx).await?;
                sqlx::query("DELETE FROM mails WHERE id = $1").bind(id.as_str()).execute(&mut *self.tx).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}
