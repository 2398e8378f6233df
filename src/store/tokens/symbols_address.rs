//! Private addresses for debuggers, known here as SHA-256 only: one for a token, with the rights that the token has now.

use chrono::{DateTime, Utc};
use sqlx::Row as _;

use crate::{
    audit::{Actor, EventDetail, EventKind, Subject, TokenDetail},
    store::{Result, Store, Transaction, instant, readable},
    tokens::{AccountId, Token, TokenId, TokenLookup},
};

impl Store {
    /// When a token's present symbols address was made, if it has one.
    pub async fn symbols_address_made_at(&self, token: TokenId) -> Result<Option<DateTime<Utc>>> {
        let made: Option<i64> = sqlx::query_scalar("SELECT created_at FROM symbols_addresses WHERE token = $1")
            .bind(token.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(made.map(instant))
    }

    /// The token of an address and its account's part in `feed`, as if the token's present secret were presented.
    pub async fn lookup_symbols_address(&self, hash: &[u8], feed: &str) -> Result<Option<TokenLookup>> {
        let row = sqlx::query(
            "SELECT s.token, t.account FROM symbols_addresses s JOIN tokens t ON t.id = s.token WHERE s.hash = $1",
        )
        .bind(hash)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let token = readable(TokenId::parse(row.try_get("token")?), "symbols_addresses.token")?;
        let account = readable(AccountId::parse(row.try_get("account")?), "tokens.account")?;
        self.lookup_token_by_id(account, token, feed).await
    }
}

impl Transaction {
    /// Gives a token a new symbols address, in place of the one before.
    pub async fn set_symbols_address(
        &mut self,
        token: &Token,
        hash: &[u8],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO symbols_addresses (token, hash, created_at) VALUES ($1, $2, $3)
             ON CONFLICT (token) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at",
        )
        .bind(token.id.to_string())
        .bind(hash)
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        self.record_symbols_address(EventKind::SymbolsAddressMade, token, by, now).await
    }

    /// Ends a token's symbols address, if it has one.
    pub async fn end_symbols_address(&mut self, token: &Token, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        let done = sqlx::query("DELETE FROM symbols_addresses WHERE token = $1")
            .bind(token.id.to_string())
            .execute(&mut *self.inner)
            .await?;
        if done.rows_affected() == 1 {
            self.record_symbols_address(EventKind::SymbolsAddressEnded, token, by, now).await?;
        }
        Ok(())
    }

    async fn record_symbols_address(
        &mut self,
        kind: EventKind,
        token: &Token,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let facts = Some(self.token_facts(token).await?);
        let detail = EventDetail::from(TokenDetail { token: facts, ..TokenDetail::default() });
        self.record(kind, by, Subject::token(token), detail, now).await?;
        Ok(())
    }
}
