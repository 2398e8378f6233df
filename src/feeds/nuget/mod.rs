//! The NuGet V3 door of a feed: `/feeds/{feed}/nuget/v3/…`, and `/v3/…` for the feed `main`.

mod answer;
mod details;
mod door;
pub mod download;
mod files;
mod leaked_keys;
mod pieces;
pub mod push;
mod query;
pub mod registration;
pub mod search;
pub mod service_index;
pub mod source;
pub mod symbols;
pub mod unlist;
mod upload;
