//! After a restore: what the lost host may have ended since the backup must not come back to life with it.

use chrono::{DateTime, Utc};

use super::{Result, Store, Transaction, instant};
use crate::{
    accounts::one_time_link::LinkPurpose,
    tokens::{AccountId, listing::FrozenToken},
};

/// Name of the fact that mails wait until somebody lets them go.
const MAILS_HELD: &str = "mails held";

impl Store {
    /// Since when mails wait until somebody lets them go, if they do.
    pub async fn mails_held_since(&self) -> Result<Option<DateTime<Utc>>> {
        Ok(self.fact(MAILS_HELD).await?.and_then(|at| at.parse().ok()).map(instant))
    }

    /// How many tokens that can work have a key that was issued after `since`.
    pub async fn count_tokens_issued_after(&self, since: DateTime<Utc>) -> Result<i64> {
        let count = "SELECT COUNT(*) FROM tokens WHERE issued_at > $1 AND revoked_at IS NULL";
        Ok(sqlx::query_scalar(count).bind(since.timestamp()).fetch_one(&self.pool).await?)
    }

    /// Tokens that were switched off with all others at `at`, by owner, after that owner and id, at most `limit`.
    pub async fn tokens_frozen_at(
        &self,
        at: DateTime<Utc>,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<FrozenToken>> {
        let rows: Vec<(String, String, Option<String>, String)> = sqlx::query_as(
            "SELECT a.username, t.id, t.hint, t.name FROM tokens t JOIN accounts a ON a.id = t.account
             WHERE t.frozen_at = $1 AND t.revoked_at IS NULL AND (a.username > $2 OR (a.username = $2 AND t.id > $3))
             ORDER BY a.username, t.id LIMIT $4",
        )
        .bind(at.timestamp())
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(owner, id, hint, name)| FrozenToken { owner, id, hint, name }).collect())
    }
}

impl Transaction {
    /// Keeps all mails back until somebody lets them go.
    pub async fn hold_mails(&mut self, now: DateTime<Utc>) -> Result<()> {
        self.keep_fact(MAILS_HELD, &now.timestamp().to_string()).await.map(drop)
    }

    /// Lets mails go; whether they were held.
    pub async fn release_mails(&mut self) -> Result<bool> {
        let done =
            sqlx::query("DELETE FROM installation WHERE name = $1").bind(MAILS_HELD).execute(&mut *self.inner).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Drops every mail that waits; how many.
    pub async fn drop_waiting_mails(&mut self) -> Result<u64> {
        let done = sqlx::query(
            "UPDATE mails SET state = 'dropped', content = NULL, reply = 'dropped after a restore', lease_until = 0, fence = fence + 1
             WHERE state IN ('pending', 'sending')",
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected())
    }

    /// Ends every session of everybody, those of sign-ins under way included, and forgets the devices people are known by;
    /// how many sessions there were.
    pub async fn end_all_sessions(&mut self) -> Result<u64> {
        sqlx::query("UPDATE accounts SET session_epoch = session_epoch + 1").execute(&mut *self.inner).await?;
        sqlx::query("DELETE FROM devices").execute(&mut *self.inner).await?;
        Ok(sqlx::query("DELETE FROM sessions").execute(&mut *self.inner).await?.rows_affected())
    }

    /// Ends one-time links and private addresses (of calendars and of symbols) that were made until `since`; how many of each. Links that stop
    /// reminders give nothing away, and stay.
    pub async fn end_links_made_until(&mut self, since: DateTime<Utc>) -> Result<(u64, u64)> {
        let links = sqlx::query("DELETE FROM links WHERE used_at IS NULL AND created_at <= $1 AND purpose <> $2")
            .bind(since.timestamp())
            .bind(LinkPurpose::StopReminders.as_str())
            .execute(&mut *self.inner)
            .await?;
        let calendars = sqlx::query("DELETE FROM calendar_links WHERE created_at <= $1")
            .bind(since.timestamp())
            .execute(&mut *self.inner)
            .await?;
        let symbols = sqlx::query("DELETE FROM symbols_addresses WHERE created_at <= $1")
            .bind(since.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok((links.rows_affected(), calendars.rows_affected() + symbols.rows_affected()))
    }

    /// The accounts after `after`, at most `limit`, for steps that touch everybody.
    pub async fn accounts_after(&mut self, after: &str, limit: i64) -> Result<Vec<AccountId>> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM accounts WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after)
            .bind(limit)
            .fetch_all(&mut *self.inner)
            .await?;
        ids.iter().map(|id| super::readable(AccountId::parse(id), "accounts.id")).collect()
    }
}
