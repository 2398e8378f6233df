//! What banners say is put away by hand, for one end of a token each: a later end has its own.

use chrono::{DateTime, Utc};

use super::listing_sql as statements;
use crate::{
    audit::Actor,
    store::{Result, Store},
    tokens::{AccountId, TokenId},
};

/// Tokens that one transaction takes.
const BATCH: i64 = 500;

impl Store {
    /// Puts the banner of an expired token of the account away.
    pub async fn dismiss_end(&self, account: AccountId, token: TokenId, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin_by(by).await?;
        sqlx::query(statements::DISMISS_ONE.as_str())
            .bind(account.to_string())
            .bind(now.timestamp())
            .bind(token.to_string())
            .execute(&mut *tx.inner)
            .await?;
        tx.commit().await
    }

    /// Puts the banners of all the account's tokens away that expired after `since`.
    pub async fn dismiss_ends(
        &self,
        account: AccountId,
        since: DateTime<Utc>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        loop {
            let mut tx = self.begin_by(by).await?;
            let dismissed = sqlx::query(statements::DISMISS.as_str())
                .bind(account.to_string())
                .bind(now.timestamp())
                .bind(since.timestamp())
                .bind(BATCH)
                .execute(&mut *tx.inner)
                .await?;
            tx.commit().await?;
            if dismissed.rows_affected() < BATCH as u64 {
                return Ok(());
            }
        }
    }
}
