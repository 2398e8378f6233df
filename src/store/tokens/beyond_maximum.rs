//! Tokens that live longer than the host's maximum allows now: lowering it ends no token by itself.

use chrono::{DateTime, Duration, Utc};
use sqlx::FromRow;

use super::ends;
use crate::{
    store::{Result, Store, instant},
    tokens::TokenId,
};

/// So many are counted; beyond, it is "at least".
pub const MOST: i64 = 1_000;
/// So many are named in a line.
const NAMED: usize = 20;

/// A token that ends too late, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenBeyondMaximum {
    /// Its id.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// The first characters of its key.
    pub hint: String,
    /// Whose it is.
    pub username: String,
    /// Its end; none for never.
    pub ends_at: Option<DateTime<Utc>>,
}

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

impl TokenBeyondMaximum {
    /// `“CI” (lk_Ab3d…) of ada, never`.
    fn in_words(&self) -> String {
        let Self { name, hint, username, ends_at, .. } = self;
        let end = ends_at.map_or_else(|| "never".to_owned(), |at| at.format("%Y-%m-%d").to_string());
        format!("“{name}” ({hint}…) of {username}, {end}")
    }

    /// How many there are, with the names of the first and what brings them within the maximum; none for none.
    pub fn told(found: &[Self], max_days: i64) -> Option<String> {
        let named: Vec<_> = found.iter().take(NAMED).map(Self::in_words).collect();
        let count = match found.len() {
            0 => return None,
            1 => "1 token lives".to_owned(),
            n if n as i64 == MOST => format!("{n} tokens or more live"),
            n => format!("{n} tokens live"),
        };
        let more = found.len() - named.len();
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        Some(format!(
            "{count} longer than LATCHKEY_MAX_TOKEN_DAYS={max_days} allows, until the next refresh: {}{more}",
            named.join("; ")
        ))
    }
}
