//! What `src/tokens` is to the files that are read here.

#[path = "../../src/tokens/feed_name.rs"]
mod feed_name;

pub use feed_name::is_feed_name;
