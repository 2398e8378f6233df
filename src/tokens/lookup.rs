//! What the look-up of a presented secret finds.

use crate::tokens::{
    FeedId, Token,
    decision::{Holder, Presented},
};
use chrono::{DateTime, Utc};

/// What the look-up of a presented secret found, with all that a decision needs to know of its account.
#[derive(Clone, Debug)]
pub struct TokenLookup {
    /// The token the secret belongs, or belonged, to.
    pub token: Token,
    /// When a refresh put another secret in its place.
    pub replaced_at: Option<DateTime<Utc>>,
    /// The account's name.
    pub username: String,
    /// The account, as far as the asked feed goes.
    pub holder: Holder,
    /// The asked feed, if there is one of that name.
    pub feed: Option<FeedId>,
}

impl TokenLookup {
    /// For the decision.
    pub fn presented(&self) -> Presented<'_> {
        Presented { token: &self.token, replaced: self.replaced_at.is_some() }
    }
}
