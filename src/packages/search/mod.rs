//! Finding packages: the words that texts are found by, what people type to find them, and which names a key may see.
//!
//! The words are cut here, and never by a database, so that SQLite and PostgreSQL find the same packages.

mod name_ranges;
mod query;
mod text;
mod words;

pub use self::{
    name_ranges::NameRanges,
    query::{Check, Field, MOST_CHECKS, MOST_COUNTED, MOST_MATCHED, MOST_WORDS, SearchQuery},
    text::SearchText,
    words::fold,
};
