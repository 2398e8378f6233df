//! The promise of the warning mail: ten days before its end a token's owner is told, once, whatever happens meanwhile.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests fail loudly and choose their own databases")]

mod content;
mod crash_loop;
mod faults;
mod letter;
mod older_keys;
mod post_office;
mod reminders;
mod smtp_faults;
mod timing;
mod world;
mod year;
