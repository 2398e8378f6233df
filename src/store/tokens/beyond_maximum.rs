//! Tokens that live longer than the host's maximum allows now: lowering it ends no token by itself.

use chrono::{DateTime, Duration, Utc};
use sqlx::FromRow;

use super::ends;
use crate::{
    store::{Result, Store, instant},
    tokens::{
        TokenId,
        beyond_maximum::{MOST, TokenBeyondMaximum},
    },
};

/// Those that never end, and those that end after `$1`; at most `$2` of each. The index `tokens_by_end_of_all` has the
/// same words.
const TOO_LONG: &str = concat!(
    "SELECT * FROM (SELECT t.id, t.name, t.hint, a.username, CAST(NULL AS BIGINT) AS ends_at
        FROM tokens t JOIN accounts a ON a.id = t.account
        WHERE t.revoked_at IS NULL AND t.retired_at IS NULL AND t.issued_at IS NOT NULL AND ",
    ends!("t"),
    " IS NULL ORDER BY t.id LIMIT $2) never
     UNION ALL SELECT * FROM (SELECT t.id, t.name, t.hint, a.username, ",
    ends!("t"),
    " AS ends_at FROM tokens t JOIN accounts a ON a.id = t.account
        WHERE t.revoked_at IS NULL AND t.retired_at IS NULL AND t.issued_at IS NOT NULL AND ",
    ends!("t"),
    " > $1 ORDER BY ends_at DESC LIMIT $2) late"
);

#[derive(FromRow)]
struct TokenBeyondMaximumRow {
    id: String,
    name: String,
    hint: Option<String>,
    username: String,
    ends_at: Option<i64>,
}

impl Store {
    /// Tokens that have a key and do not end within `max_days` from now, those that never end first; at most [`MOST`].
    pub async fn tokens_beyond(&self, max_days: i64, now: DateTime<Utc>) -> Result<Vec<TokenBeyondMaximum>> {
        let rows: Vec<TokenBeyondMaximumRow> = sqlx::query_as(TOO_LONG)
            .bind((now + Duration::days(max_days)).timestamp())
            .bind(MOST)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().filter_map(TokenBeyondMaximumRow::read).take(MOST as usize).collect())
    }
}

impl TokenBeyondMaximumRow {
    fn read(self) -> Option<TokenBeyondMaximum> {
        let Self { id, name, hint, username, ends_at } = self;
        let (id, hint) = (TokenId::parse(&id)?, hint.unwrap_or_default());
        Some(TokenBeyondMaximum { id, name, hint, username, ends_at: ends_at.map(instant) })
    }
}
