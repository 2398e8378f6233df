//! People: what a username, an address and a password may be, how passwords are checked, and how often one may guess.

pub mod client_name;
pub mod identity;
pub mod one_time_link;
pub mod password;
pub mod people_list;
pub mod rate_limit;

use chrono::Duration;

/// A session unused for this long has ended.
pub const SESSION_IDLE: Duration = Duration::minutes(30);
/// A session this old has ended, used or not.
pub const SESSION_LIFE: Duration = Duration::hours(12);
