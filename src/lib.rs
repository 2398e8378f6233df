//! Latchkey, the access-token portal of a package host. This page is the table of contents.

pub mod access;
pub mod app;
pub mod clock;
pub mod config;
pub mod jobs;
pub mod mail;
pub mod packages;
pub mod random;
pub mod store;
pub mod tokens;
