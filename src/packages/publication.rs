//! Who publishes or changes a version, and what was published.

use crate::{
    audit::{Actor, Subject},
    tokens::{FeedId, Kind, Token, VersionKey},
};
use chrono::{DateTime, Utc};

/// Who publishes or changes a version, where and when; the decision has allowed it.
#[derive(Clone, Copy, Debug)]
pub struct PublishContext<'a> {
    /// The feed.
    pub feed: FeedId,
    /// Its name.
    pub feed_name: &'a str,
    /// The token it is done with.
    pub token: &'a Token,
    /// Who, for the record.
    pub by: &'a Actor,
    /// When.
    pub now: DateTime<Utc>,
}

/// Who changes a version that is there, in which feed and when; the decision has allowed it.
#[derive(Clone, Copy, Debug)]
pub struct ChangeContext<'a> {
    /// The feed's name.
    pub feed_name: &'a str,
    /// The token it is done with; none for people in a browser and for the host.
    pub token: Option<&'a Token>,
    /// Who, for the record.
    pub by: &'a Actor,
    /// When.
    pub now: DateTime<Utc>,
}

impl<'a> PublishContext<'a> {
    /// The same without what only a push needs.
    pub fn change(&self) -> ChangeContext<'a> {
        ChangeContext { feed_name: self.feed_name, token: Some(self.token), by: self.by, now: self.now }
    }
}

impl ChangeContext<'_> {
    /// What its event is about, as far as it is known here.
    pub fn subject(&self) -> Subject<'_> {
        let whose = self.token.map_or(Subject { account: self.by.account, ..Subject::default() }, Subject::token);
        Subject { feed: Some(self.feed_name), ..whose }
    }
}

/// A version that was published with a token.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its row.
    pub key: VersionKey,
    /// The package's kind.
    pub kind: Kind,
    /// The package's name as first published.
    pub package: String,
    /// As published.
    pub version: String,
    /// The feed's name.
    pub feed: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether searches show it.
    pub listed: bool,
    /// Whether it was removed for good.
    pub removed: bool,
}
