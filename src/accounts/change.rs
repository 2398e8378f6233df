//! What may come of changing or deleting an account.

/// What came of changing an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// It holds from the next request on.
    Done,
    /// It was so before; nothing was changed.
    Already,
    /// Nobody else would run the host; nothing was changed.
    LastOperator,
    /// The account was deleted meanwhile.
    Gone,
}

/// What came of deleting an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountDeletion {
    /// It is gone.
    Done,
    /// Nobody else would run the host; nothing was changed.
    LastOperator,
    /// The account was deleted meanwhile.
    Gone,
    /// Packages or feeds would be left without an owner, and no heir was named; nothing was changed.
    NeedsHeir(OwnedAlone),
    /// The heir is disabled or gone, so nobody would look after what it gets; nothing was changed.
    UnfitHeir,
}

/// What nobody but one account owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnedAlone {
    /// Packages as `feed/name`, the first few.
    pub packages: Vec<String>,
    /// Feeds, the first few.
    pub feeds: Vec<String>,
    /// Whether there are more than these.
    pub more: bool,
}

impl OwnedAlone {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty() && self.feeds.is_empty()
    }
}

impl std::fmt::Display for OwnedAlone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let packages = self.packages.iter().map(|name| format!("the package {name}"));
        let names: Vec<_> = packages.chain(self.feeds.iter().map(|name| format!("the feed {name}"))).collect();
        write!(f, "{}{}", names.join(", "), if self.more { " and more" } else { "" })
    }
}
