//! The doors of package clients. Each speaks its clients' language; what a key may do is decided in `tokens`.

pub mod container;
mod error;
mod leaked_keys;
mod long_response;
pub mod npm;
pub mod nuget;
mod publish;
mod request;
mod search;
mod send;
mod upload;
