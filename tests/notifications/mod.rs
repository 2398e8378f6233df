//! The promise of the warning mail: ten days before its end a token's owner is told, once, whatever happens meanwhile.
#![expect(
    clippy::disallowed_methods,
    reason = "chance finds what nobody thought of, and the test run says how long to go on"
)]

mod clocks;
mod content;
mod crash_loop;
mod faults;
mod frozen;
mod hostile;
mod older_keys;
mod protection;
mod reminders;
mod servers;
mod smtp_faults;
mod timing;
mod tls_server;
mod world;
mod year;
mod zones;
