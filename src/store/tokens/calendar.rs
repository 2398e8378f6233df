//! Private calendar addresses, known here as SHA-256 only, and the ends that a calendar shows.

use chrono::{DateTime, Utc};

use crate::{
    accounts::Account,
    audit::{Actor, EventDetail, EventKind, Subject},
    store::{Result, Store, Transaction, instant, readable},
    tokens::{AccountId, Token, state::state},
};

impl Store {
    /// When an account's present calendar address was made, if it has one.
    pub async fn calendar_made_at(&self, account: AccountId) -> Result<Option<DateTime<Utc>>> {
        let made: Option<i64> = sqlx::query_scalar("SELECT created_at FROM calendar_links WHERE account = $1")
            .bind(account.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(made.map(instant))
    }

    /// Whose calendar an address is; `None` if it is nobody's, or of a disabled account.
    pub async fn calendar_account(&self, hash: &[u8]) -> Result<Option<Account>> {
        let id: Option<String> = sqlx::query_scalar("SELECT account FROM calendar_links WHERE hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        let Some(id) = id else { return Ok(None) };
        let account = self.account(readable(AccountId::parse(&id), "calendar_links.account")?).await?;
        Ok(account.filter(|account| account.disabled_at.is_none()))
    }

    /// An account's live tokens that will end, the first end first, at most `limit`.
    pub async fn coming_ends(&self, account: AccountId, now: DateTime<Utc>, limit: i64) -> Result<Vec<Token>> {
        let mut tokens = self.tokens_ending_after(account, now, limit).await?;
        tokens.retain(|token| state(token, now).is_live());
        Ok(tokens)
    }
}

impl Transaction {
    /// Gives an account a new calendar address, in place of the one before.
    pub async fn set_calendar_link(
        &mut self,
        account: AccountId,
        hash: &[u8],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO calendar_links (account, hash, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at",
        )
        .bind(account.to_string())
        .bind(hash)
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        self.record(EventKind::CalendarMade, by, Subject::account(account), EventDetail::Nothing, now).await?;
        Ok(())
    }

    /// Ends an account's calendar address, if it has one.
    pub async fn end_calendar_link(&mut self, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        let done = sqlx::query("DELETE FROM calendar_links WHERE account = $1")
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            self.record(EventKind::CalendarEnded, by, Subject::account(account), EventDetail::Nothing, now).await?;
        }
        Ok(())
    }
}
