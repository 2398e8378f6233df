//! Tokens that live longer than the host's maximum allows now: lowering it ends no token by itself.

use crate::tokens::TokenId;
use chrono::{DateTime, Utc};

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
