//! People: what a username, an address and a password may be, how passwords are checked, and how often one may guess.

pub mod device;
pub mod identity;
pub mod link;
pub mod password;
pub mod password_gate;
pub mod people_list;
pub mod rate_limit;
pub mod rate_limiter;
pub mod sign_in_attempt;

use chrono::Duration;

/// A session unused for this long has ended.
pub const SESSION_IDLE: Duration = Duration::minutes(30);
/// A session this old has ended, used or not.
pub const SESSION_LIFE: Duration = Duration::hours(12);
