//! People: what a username, an address and a password may be, how passwords are checked, and how often one may guess.

mod account;
mod change;
pub mod client_name;
mod device;
pub mod identity;
mod listing;
pub mod one_time_link;
pub mod password;
pub mod people_list;
pub mod rate_limit;
mod session;
mod sign_up;

use chrono::Duration;

pub use self::{
    account::{Account, AccountKind, AddressState, FIRST_EPOCH, InvitedAccount, NewAccount, Registration},
    change::{AccountChange, AccountDeletion, OwnedAlone},
    device::{DEVICES_KEPT, KnownDevice, ListedDevice},
    listing::{AccountDetails, AccountFilter, AccountQuery, AccountSummary},
    session::{ListedSession, SessionDevice, StoredSession},
    sign_up::SignUp,
};

/// A session unused for this long has ended.
pub const SESSION_IDLE: Duration = Duration::minutes(30);
/// A session this old has ended, used or not.
pub const SESSION_LIFE: Duration = Duration::hours(12);
/// The clocks of two nodes may differ by this much. What is dated further ahead was written while a clock was wrong.
pub const CLOCK_DRIFT: Duration = Duration::minutes(1);
