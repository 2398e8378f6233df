//! The npm door of a feed: `/feeds/{feed}/npm/…`, as npm, pnpm, yarn and bun ask it.

pub mod account;
pub mod audit;
pub mod change;
pub mod download;
mod leaked_keys;
pub mod login;
pub mod packument;
pub mod publish;
mod receive;
mod release;
mod request;
mod response;
pub mod search;
pub mod tags;
pub mod tokens;
mod unchanged;
mod upload;

pub use self::response::{no_address, wrong_method};
