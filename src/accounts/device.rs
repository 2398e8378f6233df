//! Browsers that signed in to an account before.

use crate::tokens::{AccountId, DeviceId};
use chrono::{DateTime, Utc};

/// So many devices of an account are known; one more takes the place of the one that was not seen for longest.
pub const DEVICES_KEPT: i64 = 20;

/// A browser that signed in to an account before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its id.
    pub id: DeviceId,
    /// The account.
    pub account: AccountId,
}

/// A device as its owner sees it.
#[derive(Clone, Debug)]
pub struct ListedDevice {
    /// Its id.
    pub id: DeviceId,
    /// The browser's name for itself; may be empty.
    pub client: String,
    /// The network address it first came from.
    pub address: String,
    /// When it first signed in.
    pub created_at: DateTime<Utc>,
    /// When it last signed in.
    pub seen_at: DateTime<Utc>,
}
