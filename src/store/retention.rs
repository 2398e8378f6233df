//! Removing rows that have outlived their use, a few at a time.

use std::{collections::HashMap, sync::LazyLock};

use chrono::{DateTime, Utc};
use strum::{IntoStaticStr, VariantArray};

use super::{
    Result, Transaction,
    notifications::security::SECURITY,
    sql::{Direction, List},
};
use crate::{tokens::EventId, usage::day_of};

/// Removes at most `$2` rows, the oldest first, if the condition still holds when it is their turn. The limit inside is
/// for PostgreSQL's planner: one that it does not know it takes for a tenth of the table, and then reads all of it.
fn remove(table: &str, key: &str, age: &str, condition: &str) -> String {
    let first = List::of(key, table).filter(condition).order(age, Direction::Ascending).limit("1000").sql();
    format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM ({first}) oldest LIMIT $2) AND {condition}")
}

/// Removes rows that are older than `$1`.
fn oldest(table: &str, key: &str, age: &str) -> String {
    remove(table, key, age, &format!("{age} < $1"))
}

/// Removes those of them for which this holds too.
fn oldest_where(table: &str, key: &str, age: &str, which: &str) -> String {
    remove(table, key, age, &format!("{which} AND {age} < $1"))
}

/// Events of which no mail is still to tell.
fn told() -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM notices n LEFT JOIN mails m ON m.id = n.mail
            WHERE n.kind = '{SECURITY}' AND n.subject = events.account AND n.occasion = events.id AND n.cancelled_at IS NULL
              AND (n.mail IS NULL OR m.state IN ('pending', 'sending')))"
    )
}

static STATEMENTS: LazyLock<HashMap<Expendable, String>> =
    LazyLock::new(|| Expendable::ALL.iter().map(|rows| (*rows, rows.statement())).collect());

/// Rows that go when they are old enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
pub enum Expendable {
    /// Tokens revoked before, with their secrets. Their events stay.
    #[strum(serialize = "revoked tokens")]
    RevokedTokens,
    /// One-time links, used or not, that ended before.
    #[strum(serialize = "links")]
    Links,
    /// Sign-ups begun before.
    #[strum(serialize = "sign-ups")]
    SignUps,
    /// Sessions last used before.
    #[strum(serialize = "idle sessions")]
    IdleSessions,
    /// Sessions begun before.
    #[strum(serialize = "old sessions")]
    OldSessions,
    /// Counts of mails whose minute began before.
    #[strum(serialize = "counts of mails")]
    Attempts,
    /// Invitations to own something that ended before.
    #[strum(serialize = "invitations")]
    OwnerInvitations,
    /// Limits that were free again before.
    #[strum(serialize = "rate limits")]
    RateLimits,
    /// Limits that are free again after: a clock that was ahead wrote them.
    #[strum(serialize = "rate limits of a clock that was ahead")]
    FarRateLimits,
    /// Devices last seen before.
    #[strum(serialize = "devices")]
    Devices,
    /// Lines of the record written before, but for those that a mail is still to tell of.
    #[strum(serialize = "events")]
    Events,
    /// Names of accounts deleted before.
    #[strum(serialize = "names of deleted accounts")]
    DeletedAccounts,
    /// Mails that are done with since before, each together with the notices it carried: a notice whose mail is gone
    /// would be owed again.
    #[strum(serialize = "mails")]
    Mails,
    /// Notices cancelled that were due before.
    #[strum(serialize = "cancelled notices")]
    CancelledNotices,
    /// Notes of job runs that began before.
    #[strum(serialize = "job runs")]
    JobRuns,
    /// Counts of uses on days before.
    #[strum(serialize = "days of use")]
    Days,
    /// Places where no key came from since before.
    #[strum(serialize = "places")]
    Places,
    /// Kinds of work not done since before.
    #[strum(serialize = "kinds of work")]
    Work,
    /// Refusals not repeated since before.
    #[strum(serialize = "refusals")]
    Refusals,
}

impl Expendable {
    /// All of them.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// What they are called in the log.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Removes at most `$2` that are older than `$1`; of mails, finds them.
    pub(in crate::store) fn sql(self) -> &'static str {
        &STATEMENTS[&self]
    }

    fn statement(self) -> String {
        match self {
            Self::RevokedTokens => oldest("tokens", "id", "revoked_at"),
            Self::Links => oldest("links", "hash", "expires_at"),
            Self::SignUps => oldest("sign_ups", "link", "created_at"),
            Self::IdleSessions => oldest("sessions", "id_hash", "seen_at"),
            Self::OldSessions => oldest("sessions", "id_hash", "created_at"),
            Self::Attempts => oldest("attempts", "subject, window_at", "window_at"),
            Self::OwnerInvitations => oldest("owner_invitations", "id", "expires_at"),
            Self::RateLimits => oldest("rate_limits", "subject", "free_at"),
            Self::FarRateLimits => {
                let far = List::of("subject", "rate_limits").filter("free_at > $1");
                let furthest = far.order("free_at", Direction::Descending).limit("1000").sql();
                format!(
                    "DELETE FROM rate_limits WHERE subject IN (SELECT subject FROM ({furthest}) furthest LIMIT $2) AND free_at > $1"
                )
            }
            Self::Devices => oldest("devices", "id", "seen_at"),
            // Ids sort by time, and there is no other index by it. What a mail is still to tell stays.
            // Ids sort by time, and there is no other index by it.
            Self::Events => oldest_where("events", "id", "id", &told()),
            Self::DeletedAccounts => oldest("deleted_accounts", "account", "deleted_at"),
            Self::Mails => List::of("id", "mails")
                .filter("state IN ('sent', 'failed', 'dropped') AND created_at < $1 AND COALESCE(sent_at, 0) < $1")
                .order("created_at", Direction::Ascending)
                .limit("$2")
                .sql(),
            Self::CancelledNotices => {
                oldest_where("notices", "id", "due_at", "cancelled_at IS NOT NULL AND mail IS NULL")
            }
            Self::JobRuns => oldest("job_runs", "job, slot", "began_at"),
            Self::Days => oldest("token_days", "token, day", "day"),
            Self::Places => oldest("token_places", "id", "last_at"),
            Self::Work => oldest("token_work", "id", "last_at"),
            Self::Refusals => oldest("refusals", "id", "last_at"),
        }
    }
}

impl Transaction {
    /// Removes at most `limit` rows that are older than `before`; tells how many.
    pub async fn delete_expendable(&mut self, stale: Expendable, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        match stale {
            Expendable::Events => {
                let query = sqlx::query(stale.sql()).bind(EventId::first_at(before).to_string()).bind(limit);
                Ok(query.execute(&mut *self.inner).await?.rows_affected())
            }
            Expendable::Days => {
                let query = sqlx::query(stale.sql()).bind(day_of(before)).bind(limit);
                Ok(query.execute(&mut *self.inner).await?.rows_affected())
            }
            Expendable::Mails => self.delete_mails(before, limit).await,
            _ => {
                let query = sqlx::query(stale.sql()).bind(before.timestamp()).bind(limit);
                Ok(query.execute(&mut *self.inner).await?.rows_affected())
            }
        }
    }

    async fn delete_mails(&mut self, before: DateTime<Utc>, limit: i64) -> Result<u64> {
        let ids: Vec<String> = sqlx::query_scalar(Expendable::Mails.sql())
            .bind(before.timestamp())
            .bind(limit)
            .fetch_all(&mut *self.inner)
            .await?;
        let mut removed = 0;
        for id in ids {
            // Locks the row: nobody sends it again from here on.
            let lock = "UPDATE mails SET fence = fence + 1 WHERE id = $1 AND state IN ('sent', 'failed', 'dropped')";
            if sqlx::query(lock).bind(id.as_str()).execute(&mut *self.inner).await?.rows_affected() == 1 {
                sqlx::query("DELETE FROM notices WHERE mail = $1").bind(id.as_str()).execute(&mut *self.inner).await?;
                sqlx::query("DELETE FROM mails WHERE id = $1").bind(id.as_str()).execute(&mut *self.inner).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}
