//! Sessions of signed-in people. Their ids are known here as SHA-256 only.

use chrono::{DateTime, Utc};

use crate::{
    accounts::{ListedSession, SessionDevice, StoredSession},
    store::{Result, Store, Transaction, instant, readable},
    tokens::{AccountId, SessionId},
};

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

    /// The live sessions of an account: used since `idle_since` and begun since `begun_since`, neither after `latest`; the
    /// last used first, at most `limit`.
    pub async fn sessions_of(
        &self,
        account: AccountId,
        (idle_since, begun_since, latest): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
        limit: i64,
    ) -> Result<Vec<ListedSession>> {
        let rows: Vec<(Option<String>, String, String, i64, i64)> = sqlx::query_as(
            "SELECT s.name, s.client, s.address, s.created_at, s.seen_at FROM sessions s JOIN accounts a ON a.id = s.account
             WHERE s.account = $1 AND s.epoch = a.session_epoch AND s.seen_at >= $2 AND s.created_at >= $3
               AND s.seen_at <= $5 AND s.created_at <= $5
             ORDER BY s.seen_at DESC, s.created_at DESC, s.id_hash LIMIT $4",
        )
        .bind(account.to_string())
        .bind(idle_since.timestamp())
        .bind(begun_since.timestamp())
        .bind(limit)
        .bind(latest.timestamp())
        .fetch_all(&self.pool)
        .await?;
        let listed = |(name, client, address, created, seen): (Option<String>, _, _, _, _)| ListedSession {
            name: name.as_deref().and_then(SessionId::parse),
            client,
            address,
            created_at: instant(created),
            seen_at: instant(seen),
        };
        Ok(rows.into_iter().map(listed).collect())
    }
}

impl Transaction {
    /// Keeps a new session.
    pub async fn add_session(&mut self, id_hash: &[u8], session: &StoredSession, device: &SessionDevice) -> Result<()> {
        sqlx::query(
            "INSERT INTO sessions (id_hash, account, epoch, state, created_at, seen_at, name, client, address)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id_hash)
        .bind(session.account.to_string())
        .bind(session.epoch)
        .bind(session.state.as_str())
        .bind(session.created_at.timestamp())
        .bind(session.seen_at.timestamp())
        .bind(device.name.to_string())
        .bind(device.client.as_str())
        .bind(device.address.as_str())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Changes what a session remembers. `false` if it has ended meanwhile.
    pub async fn update_session(&mut self, id_hash: &[u8], state: &str) -> Result<bool> {
        let done = sqlx::query("UPDATE sessions SET state = $2 WHERE id_hash = $1")
            .bind(id_hash)
            .bind(state)
            .execute(&mut *self.inner)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes that a session was used.
    pub async fn touch_session(&mut self, id_hash: &[u8], now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE sessions SET seen_at = $2 WHERE id_hash = $1 AND seen_at < $2")
            .bind(id_hash)
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// Ends a session.
    pub async fn end_session(&mut self, id_hash: &[u8]) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id_hash = $1").bind(id_hash).execute(&mut *self.inner).await?;
        Ok(())
    }

    /// Ends one of an account's sessions by its name; tells which client and address it was of, if there was one.
    pub async fn end_session_named(&mut self, account: AccountId, name: SessionId) -> Result<Option<(String, String)>> {
        let ended = "DELETE FROM sessions WHERE account = $1 AND name = $2 RETURNING client, address";
        let ended = sqlx::query_as(ended).bind(account.to_string()).bind(name.to_string());
        Ok(ended.fetch_optional(&mut *self.inner).await?)
    }

    /// Ends an account's sessions but for the one named `keep`, or those without a name; tells how many.
    pub async fn end_other_sessions(&mut self, account: AccountId, keep: Option<SessionId>) -> Result<u64> {
        let done = sqlx::query("DELETE FROM sessions WHERE account = $1 AND COALESCE(name, '') <> $2")
            .bind(account.to_string())
            .bind(keep.map(|name| name.to_string()).unwrap_or_default())
            .execute(&mut *self.inner)
            .await?;
        Ok(done.rows_affected())
    }

    /// Ends every session of an account, those of sign-ins under way included, and forgets its devices; tells the epoch
    /// that new sessions belong to.
    pub async fn end_sessions_of(&mut self, account: AccountId) -> Result<i64> {
        let later = "UPDATE accounts SET session_epoch = session_epoch + 1 WHERE id = $1 RETURNING session_epoch";
        let epoch = sqlx::query_scalar(later).bind(account.to_string()).fetch_one(&mut *self.inner).await?;
        sqlx::query("DELETE FROM sessions WHERE account = $1")
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        self.forget_devices_of(account, None).await?;
        Ok(epoch)
    }
}
