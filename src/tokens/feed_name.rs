//! What feeds may be called.

/// Whether a text can name a feed: `[a-z0-9]+([._-][a-z0-9]+)*`, 2 to 40 characters.
pub fn is_feed_name(text: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (2..=40).contains(&text.len()) && text.split(['.', '_', '-']).all(is_word)
}
