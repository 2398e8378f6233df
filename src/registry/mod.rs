//! The doors of package clients. Each speaks its clients' language; what a key may do is decided in `tokens`.

mod error;
pub mod nuget;
mod publish;
mod request;
mod upload;
