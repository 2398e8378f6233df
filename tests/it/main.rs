//! Journeys through a running portal, on both databases: what people do, and what must never happen to them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod database;
mod page;
mod person;
mod raw;
mod world;

mod answers;
mod at_once;
mod create_token;
mod edit_token;
mod end_token;
mod forms;
mod list_tokens;
mod narrow_token;
mod notices;
mod outage;
mod refusals;
mod secrets;
mod session;
mod setup;
mod sign_in;
mod sign_up;
mod strangers;
mod token_page;
