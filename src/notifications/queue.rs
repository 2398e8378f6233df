//! The mails that are not sent yet, or were refused for good, as operators see them.

use crate::{
    notifications::MailKind,
    tokens::{AccountId, MailId},
};
use chrono::{DateTime, Utc};

/// Mails on their way, counted up to a bound.
#[derive(Clone, Debug)]
pub struct MailQueue {
    /// Not sent yet.
    pub pending: i64,
    /// When the oldest of them was made.
    pub oldest: Option<DateTime<Utc>>,
    /// Refused for good.
    pub failed: i64,
    /// Why mails are held up, if they are: not that a server puts a single one off.
    pub reply: Option<String>,
}

/// Which mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// All that are not sent.
    All,
    /// Not tried yet.
    Waiting,
    /// Tried, and to be tried again.
    Retrying,
    /// Refused for good.
    Failed,
}

/// A mail that is not sent.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    /// Its id.
    pub id: MailId,
    /// What it says.
    pub kind: MailKind,
    /// Whose it is, with the username; none while it is not known whether anybody has the address.
    pub account: Option<(AccountId, String)>,
    /// The address.
    pub recipient: String,
    /// In which state; never [`MailState::All`].
    pub state: MailState,
    /// How many attempts have begun.
    pub attempts: i64,
    /// Not before.
    pub next_at: DateTime<Utc>,
    /// Until when a worker holds it, if one does.
    pub lease_until: DateTime<Utc>,
    /// The server's last words.
    pub reply: Option<String>,
    /// When it was queued.
    pub created_at: DateTime<Utc>,
}
