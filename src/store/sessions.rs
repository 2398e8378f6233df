//! Sessions of signed-in people. Their ids are known here as SHA-256 only.

use chrono::{DateTime, Utc};

use super::{Change, Result, Store, instant, readable};
use crate::tokens::AccountId;

/// A session row.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Who is signed in.
    pub account: AccountId,
    /// The account's session epoch when its password was checked. Once the account has a later one, the session has ended.
    pub epoch: i64,
    /// What the session remembers, as JSON.
    pub state: String,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
}

impl Store {
    /// The session of an id, if its account exists and is enabled.
    pub async fn session(&self, id_hash: &[u8]) -> Result<Option<StoredSession>> {
        let row: Option<(String, i64, String, i64, i64)> = sqlx::query_as(
            "SELECT s.account, s.epoch, s.state, s.created_at, s.seen_at FROM sessions s JOIN accounts a ON a.id = s.account
             WHERE s.id_hash = $1 AND s.epoch = a.session_epoch AND a.disabled_at IS NULL",
        )
        .bind(id_hash)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|(account, epoch, state, created, seen)| {
            let account = readable(AccountId::parse(&account), "sessions.account")?;
            Ok(StoredSession { account, epoch, state, created_at: instant(created), seen_at: instant(seen) })
        })
        .transpose()
    }
}

impl Change {
    /// Keeps a new session.
    pub async fn add_session(&mut self, id_hash: &[u8], session: &StoredSession) -> Result<()> {
        sqlx::query("INSERT INTO sessions (id_hash, account, epoch, state, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(id_hash)
            .bind(session.account.to_string())
            .bind(session.epoch)
            .bind(session.state.as_str())
            .bind(session.created_at.timestamp())
            .bind(session.seen_at.timestamp())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Changes what a session remembers. `false` if it has ended meanwhile.
    pub async fn update_session(&mut self, id_hash: &[u8], state: &str) -> Result<bool> {
        let done = sqlx::query("UPDATE sessions SET state = $2 WHERE id_hash = $1")
            .bind(id_hash)
            .bind(state)
            .execute(&mut *self.tx)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that a session was used.
    pub async fn touch_session(&mut self, id_hash: &[u8], now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE sessions SET seen_at = $2 WHERE id_hash = $1 AND seen_at < $2")
            .bind(id_hash)
            .bind(now.timestamp())
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Ends a session.
    pub async fn end_session(&mut self, id_hash: &[u8]) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id_hash = $1").bind(id_hash).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Ends every session of an account, those of sign-ins under way included; tells the epoch that new ones belong to.
    pub async fn end_sessions_of(&mut self, account: AccountId) -> Result<i64> {
        let later = "UPDATE accounts SET session_epoch = session_epoch + 1 WHERE id = $1 RETURNING session_epoch";
        let epoch = sqlx::query_scalar(later).bind(account.to_string()).fetch_one(&mut *self.tx).await?;
        sqlx::query("DELETE FROM sessions WHERE account = $1").bind(account.to_string()).execute(&mut *self.tx).await?;
        Ok(epoch)
    }
}
