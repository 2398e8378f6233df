//! The promise of the warning mail: ten days before its end a token's owner is told, once, whatever happens meanwhile.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests fail loudly and choose their own databases")]

mod clocks;
mod content;
mod crash_loop;
mod faults;
mod frozen;
mod hostile;
mod letter;
mod older_keys;
mod post_office;
mod protection;
mod reminders;
mod servers;
mod smtp_faults;
mod timing;
mod tls_server;
mod world;
mod year;
mod zones;
