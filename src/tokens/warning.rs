//! Warning of a token's end: the sentence that clients show. When it is due, `expiry::warn_from` decides.

use chrono::{DateTime, Utc};

use super::{Token, expiry::in_words, state::state};

/// The one sentence that every door hands to clients while a token is about to end; `None` at any other time.
/// ASCII but for a name that stands in for an unknown hint.
pub fn sentence(token: &Token, now: DateTime<Utc>) -> Option<String> {
    let (from, end) = token.warn_from().zip(token.end())?;
    if now < from || !state(token, now).is_live() {
        return None;
    }
    let (verb, advice) = if token.ends_by_retirement() {
        ("will be retired", "push a package with it before, or replace it")
    } else if token.can_be_refreshed() {
        ("expires", "refresh it")
    } else {
        ("expires", "replace it")
    };
    let (key, date, left) = (token.called(), end.format("%Y-%m-%d %H:%M UTC"), in_words(end - now));
    Some(format!("{key} {verb} on {date}, in {left}: {advice} under Settings, Access Tokens."))
}
