//! A token that a confirmed step about several tokens names.

use super::row::TokenRow;
use crate::{
    tokens::{Token, bulk::BulkAction},
    web::page::SignedIn,
};

/// A token that was ticked, ready for `templates/portal/tokens/_chosen_table.html`.
pub struct Chosen {
    /// As a list shows it.
    pub row: TokenRow,
    /// Whose it is; empty for one's own.
    pub owner: String,
    /// Why it is left out; empty if it is not.
    pub why: &'static str,
    /// Its version when the page was drawn.
    pub version: i64,
}

impl Chosen {
    /// A token as somebody sees it who is about to change it.
    pub fn new(token: &Token, owner: String, step: BulkAction, me: &SignedIn) -> Self {
        let why = step.skip_reason(token, me.now).unwrap_or_default();
        Self { row: TokenRow::new(token, &[], me), owner, why, version: token.version }
    }
}
