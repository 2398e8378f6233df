//! On whose strength a change is made. A request may take half a minute to arrive, and its sender may have been signed out,
//! disabled or demoted meanwhile: what let them ask is read again inside the change, and locked until it holds.

use crate::{
    audit::{ActingKey, ActingSession, Actor},
    packages::StoredPackage,
    store::{Result, Store, StoreError, Transaction},
    tokens::{AccountId, FeedId, decision::Role},
};

impl Store {
    /// Whether a session lives at this moment; only [`Self::begin_by`] says that it goes on to.
    pub async fn is_live(&self, session: &ActingSession) -> Result<bool> {
        let live: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM sessions s JOIN accounts a ON a.id = s.account
             WHERE s.account = $1 AND s.name = $2 AND s.epoch = $3 AND a.session_epoch = $3 AND a.disabled_at IS NULL LIMIT 1",
        )
        .bind(session.account.to_string())
        .bind(session.name.map(|name| name.to_string()).unwrap_or_default())
        .bind(session.epoch)
        .fetch_optional(&self.pool)
        .await?;
        Ok(live.is_some())
    }

    /// Begins a change on somebody's behalf: the one way for everything that people in a browser change. Fails with
    /// [`StoreError::SessionEnded`], [`StoreError::NoOperator`] or [`StoreError::KeyChanged`] if who asks may not any more;
    /// otherwise that stays so until the change has ended. The host itself has neither session nor key.
    pub async fn begin_by(&self, by: &Actor) -> Result<Transaction> {
        let mut tx = self.begin().await?;
        if let Some(session) = &by.session {
            tx.hold(session).await?;
        }
        if let Some(key) = &by.key {
            tx.hold_key(key).await?;
        }
        Ok(tx)
    }
}

impl Transaction {
    /// Reads a session again and locks its account's row, then its own. Those who end sessions take their locks in this
    /// order too: operators, account, session.
    async fn hold(&mut self, session: &ActingSession) -> Result<()> {
        if session.as_operator {
            self.lock_operators().await?;
        }
        let account = "UPDATE accounts SET session_epoch = session_epoch
             WHERE id = $1 AND session_epoch = $2 AND disabled_at IS NULL RETURNING operator_since";
        let account = sqlx::query_scalar(account).bind(session.account.to_string()).bind(session.epoch);
        let operator_since: Option<Option<i64>> = account.fetch_optional(&mut *self.inner).await?;
        let own = sqlx::query("UPDATE sessions SET name = name WHERE account = $1 AND name = $2 AND epoch = $3")
            .bind(session.account.to_string())
            .bind(session.name.map(|name| name.to_string()).unwrap_or_default())
            .bind(session.epoch)
            .execute(&mut *self.inner)
            .await?;
        match operator_since {
            Some(_) if own.rows_affected() == 0 => Err(StoreError::SessionEnded),
            Some(None) if session.as_operator => Err(StoreError::NoOperator),
            Some(_) => Ok(()),
            None => Err(StoreError::SessionEnded),
        }
    }

    /// Reads the token of a key again, and locks its row: whoever ends, narrows or disables it waits for this change, or was
    /// before it. Time alone may have ended it since it was judged; that a change began in time is enough.
    async fn hold_key(&mut self, key: &ActingKey) -> Result<()> {
        let lock = "UPDATE tokens SET version = version
             WHERE id = (SELECT token FROM token_secrets WHERE hash = $1 AND ended_at IS NULL)";
        sqlx::query(lock).bind(key.secret.as_bytes()).execute(&mut *self.inner).await?;
        let known = self.lookup_token(key.secret, "").await?;
        let holds = known.is_some_and(|known| {
            known.replaced_at.is_none() && !known.holder.disabled && key.is_as_judged(&known.token)
        });
        if holds { Ok(()) } else { Err(StoreError::KeyChanged) }
    }

    /// Whether an account runs the host, read inside the change.
    pub async fn is_operator(&mut self, account: AccountId) -> Result<bool> {
        let account = self.account(account).await?;
        Ok(account.is_some_and(|account| account.is_operator && account.disabled_at.is_none()))
    }

    /// A package as an account sees it, read inside the change: nobody changes who owns it until that has ended.
    pub async fn held_package(
        &mut self,
        feed: FeedId,
        package: &StoredPackage,
        account: AccountId,
    ) -> Result<Option<StoredPackage>> {
        self.lock_package(package.key).await?;
        let key = package.name.to_ascii_lowercase();
        self.package(feed, package.kind, &key, Some(account)).await
    }

    /// An account's role in a feed, read inside the change: nobody changes who has which role there until it has ended.
    pub async fn held_role(&mut self, feed: FeedId, account: AccountId) -> Result<Option<Role>> {
        self.lock_feed(feed).await?;
        self.role_in(feed, account).await
    }
}
