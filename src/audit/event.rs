//! An event as it is read from the record, and which events are looked for.

use crate::{
    audit::{EventDetail, EventKind},
    tokens::{AccountId, EventId, TokenId},
};
use chrono::{DateTime, Utc};

/// A line of the record.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place in the record.
    pub id: EventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// Its facts.
    pub detail: EventDetail,
    /// The username of who did it; none for the host itself or a deleted account.
    pub actor: Option<String>,
    /// In which feed.
    pub feed: Option<String>,
    /// Which package.
    pub package: Option<String>,
    /// Which version of it.
    pub version: Option<String>,
    /// From which address; may be empty.
    pub address: String,
    /// With which client; may be empty.
    pub client: String,
}

/// Which events are looked for: those that fit every part that is given.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// One of these happened; empty for anything.
    pub kinds: Vec<EventKind>,
    /// This account's things were touched, or it did it.
    pub account: Option<AccountId>,
    /// This token was touched, or used.
    pub token: Option<TokenId>,
    /// A token was touched that had this hint then.
    pub hint: Option<String>,
    /// This package was touched, in any case.
    pub package: Option<String>,
    /// At this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub until: Option<DateTime<Utc>>,
}

/// A line of the record, whosever it is.
#[derive(Clone, Debug)]
pub struct HostEvent {
    /// Its id, by which pages lead on.
    pub id: EventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// Its facts.
    pub detail: EventDetail,
    /// Whose things were touched.
    pub account: Option<NamedAccount>,
    /// Who did it; none for the host itself.
    pub actor: Option<NamedAccount>,
    /// Which token was touched or used.
    pub token: Option<TokenId>,
    /// Its hint at that time.
    pub hint: Option<String>,
    /// In which feed.
    pub feed: Option<String>,
    /// Which package.
    pub package: Option<String>,
    /// Which version of it.
    pub version: Option<String>,
    /// From which address; may be empty.
    pub address: String,
    /// With which client, or by which command or job; may be empty.
    pub client: String,
}

/// An account by the name it has, or had when it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name; empty if the record does not tell.
    pub name: String,
    /// Whether it was deleted.
    pub gone: bool,
}

/// A page of events, the newest first.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<HostEvent>,
    /// Where the next page begins, if there may be one.
    pub next: Option<EventId>,
    /// Whether the search stopped at `next` because it had looked at enough.
    pub looked_enough: bool,
}
