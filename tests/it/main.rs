//! Journeys through a running portal, on both databases: what people do, and what must never happen to them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod database;
mod page;
mod person;
mod world;

mod session;
mod setup;
mod sign_in;
mod sign_up;
