//! Everything that is tested through the running program, on SQLite and PostgreSQL. One crate, so that it is linked once
//! and all of it shares what is in `support`; `cargo test --test suite portal::` runs one folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod notifications;
mod portal;
mod registry;
mod support;
