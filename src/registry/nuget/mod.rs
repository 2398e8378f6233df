//! The NuGet V3 door of a feed: `/feeds/{feed}/nuget/v3/…`, and `/v3/…` for the feed `main`.

pub mod deprecate;
mod details;
pub mod download;
mod files;
mod kept;
mod leaked_keys;
pub mod push;
mod query;
pub mod registration;
mod request;
mod response;
pub mod search;
pub mod service_index;
pub mod source;
mod stored;
pub mod symbols;
pub mod unlist;
mod upload;
mod urls;
