//! Sessions of signed-in people.

use crate::tokens::{AccountId, SessionId};
use chrono::{DateTime, Utc};

/// A session row.
#[derive(Clone, Debug)]
pub struct StoredSession {
    /// Who is signed in.
    pub account: AccountId,
    /// The account's session epoch when its password was checked. Once the account has a later one, the session has ended.
    pub epoch: i64,
    /// What the session remembers, as JSON.
    pub state: String,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
}

/// What tells a session apart for its owner.
#[derive(Clone, Debug)]
pub struct SessionDevice {
    /// Its name on pages.
    pub name: SessionId,
    /// The browser's name for itself, shortened.
    pub client: String,
    /// The network address it began from.
    pub address: String,
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct ListedSession {
    /// Its name on pages; none for one that began before names were kept.
    pub name: Option<SessionId>,
    /// The browser's name for itself; may be empty.
    pub client: String,
    /// The network address it began from; may be empty.
    pub address: String,
    /// When the person signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
}
