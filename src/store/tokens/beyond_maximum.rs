//! Tokens that live longer than the host's maximum allows now: lowering it ends no token by itself.

use std::sync::LazyLock;

use chrono::{DateTime, Duration, Utc};

use super::ends;
use crate::{
    store::{
        Result, Store, instant,
        sql::{Direction, List},
    },
    tokens::{
        TokenId,
        beyond_maximum::{MOST, TokenBeyondMaximum},
    },
};

/// Those that never end, and those that end after `$1`; at most `$2` of each. The index `tokens_by_end_of_all` has the
/// same words.
static TOO_LONG: LazyLock<String> = LazyLock::new(|| {
    let ends = ends("t");
    let named = |end: &str| {
        List::of(
            format!("t.id, t.name, t.hint, a.username, {end} AS ends_at"),
            "tokens t JOIN accounts a ON a.id = t.account",
        )
        .filter("t.revoked_at IS NULL AND t.retired_at IS NULL AND t.issued_at IS NOT NULL")
        .limit("$2")
    };
    let never = named("CAST(NULL AS BIGINT)").filter(format!("{ends} IS NULL")).order("t.id", Direction::Ascending);
    let late = named(&ends).filter(format!("{ends} > $1")).order("ends_at", Direction::Descending);
    format!("SELECT * FROM ({}) never UNION ALL SELECT * FROM ({}) late", never.sql(), late.sql())
});

row! {
    struct TokenBeyondMaximumRow {
        id: String,
        name: String,
        hint: Option<String>,
        username: String,
        ends_at: Option<i64>,
    }
}

impl Store {
    /// Tokens that have a key and do not end within `max_days` from now, those that never end first; at most [`MOST`].
    pub async fn tokens_beyond(&self, max_days: i64, now: DateTime<Utc>) -> Result<Vec<TokenBeyondMaximum>> {
        let rows: Vec<TokenBeyondMaximumRow> = sqlx::query_as(TOO_LONG.as_str())
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
