//! Feeds, alone and in lists.

use crate::tokens::{AccountId, FeedId};

/// A feed in a list.
#[derive(Clone, Debug)]
pub struct HostFeed {
    /// The feed.
    pub feed: Feed,
    /// The role of every account in it, if it gives one.
    pub everyone: Option<String>,
    /// Members named, up to the bound.
    pub members: i64,
    /// Packages, up to the bound.
    pub packages: i64,
    /// One of its owners.
    pub owner: Option<(AccountId, String)>,
    /// Whether it has more owners.
    pub more_owners: bool,
}

/// The feed that every installation has.
const MAIN: &str = "main";

/// A feed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its id.
    pub id: FeedId,
    /// Its name in addresses.
    pub name: String,
    /// Whether everybody may read it without a key.
    pub is_public: bool,
}

/// What came of deleting a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedDeletion {
    /// It is gone, with its memberships.
    Done,
    /// It holds packages; nothing was changed.
    NotEmpty,
    /// All its packages were removed. Their versions are remembered, so that none is used again; nothing was
    /// changed.
    OnlyRemoved,
    /// `main` belongs to every host; nothing was changed.
    Main,
}

impl Feed {
    /// Whether it is the one that the first start made, which the operator runs.
    pub fn is_main(&self) -> bool {
        self.name == MAIN
    }
}
