//! What a package tells its readers, as pages show it. It was written by a stranger.

pub mod markdown;

use self::markdown::{Piece, garbles, pieces};

/// Characters of a text that is shown as it is.
const LONGEST_PLAIN: usize = 64 * 1024;

/// A readme as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readme {
    /// Laid out.
    Laid(Vec<Piece>),
    /// As it is, where laying it out would cost too much.
    Plain(String),
}

impl Readme {
    /// A text laid out, or as it is where that would cost too much.
    pub fn of(text: &str) -> Self {
        pieces(text).map_or_else(|| Self::plain(text), Self::Laid)
    }

    /// A text as it is, as much as a page holds.
    pub fn plain(text: &str) -> Self {
        Self::Plain(text.chars().filter(|c| !garbles(*c)).take(LONGEST_PLAIN).collect())
    }
}
