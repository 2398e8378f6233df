//! Sign-ups that wait for their address to be confirmed.

use chrono_tz::Tz;

/// What somebody typed who wants an account, its parts checked by `accounts`.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The name they would like.
    pub username: String,
    /// The address to be confirmed.
    pub email: String,
    /// PHC string.
    pub password_hash: String,
    /// Where their days end.
    pub time_zone: Tz,
}
