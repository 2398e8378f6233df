//! What happened in an account and its owner is told by mail.

use crate::{
    audit::{EventDetail, EventKind},
    tokens::TokenId,
};
use chrono::{DateTime, Utc};

/// An event that somebody is told of.
#[derive(Clone, Debug)]
pub struct SecurityNotification {
    /// What.
    pub kind: EventKind,
    /// Its facts, as they were then.
    pub detail: EventDetail,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it, if that was somebody else's account: an operator's username.
    pub by: Option<String>,
    /// The name of the token with which a program did it; none for a person, and once it is deleted.
    pub by_token: Option<String>,
    /// From which address; empty for the host itself.
    pub address: String,
    /// With which client; may be empty.
    pub client: String,
    /// The token it was about.
    pub token: Option<TokenId>,
    /// The hint that it had then.
    pub hint: Option<String>,
    /// Whose access it was about, if not that of whom the mail is to: a username.
    pub whom: Option<String>,
    /// The feed it was about.
    pub feed: Option<String>,
    /// The package it was about.
    pub package: Option<String>,
    /// The name it has now; none once it is deleted. The name it had then is among the facts.
    pub token_name: Option<String>,
}
