//! Who has which role in a feed.

use crate::{
    feeds::Feed,
    tokens::{AccountId, decision::Role},
};

/// A feed as one account sees it.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The feed.
    pub feed: Feed,
    /// The account's role in it; none where it only reads what is public.
    pub role: Option<Role>,
}

/// A feed in a list.
#[derive(Clone, Debug)]
pub struct FeedSummary {
    /// The feed, and the account's role in it.
    pub seen: Membership,
    /// How many packages it has; at most one more than was asked for.
    pub packages: i64,
}

/// An account in a feed, or among the owners of a package.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// Its username.
    pub username: String,
    /// Its role in the feed; none where it has none of its own.
    pub role: Option<Role>,
}

/// What came of a change that may not leave anybody without an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// It is so now.
    Done,
    /// Nothing was changed: this was the last owner.
    LastOwner,
    /// Nothing was changed: there was nothing to take away.
    NotThere,
}
