//! A question about what a key could do, as a program asks the API or a person asks a page: read once, put to the same
//! facts as the doors use.

use thiserror::Error;

use crate::{
    packages::rules,
    store::{Result as Stored, Store},
    tokens::{
        Kind, Permission, ServedKinds, TokenLookup,
        decision::{Action, Ask, Package},
        is_feed_name,
    },
};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct AccessCheck<'q> {
    /// What to do.
    pub action: Action,
    /// The kind the action is about; none for the API itself.
    pub kind: Option<Kind>,
    /// In which feed; it counts only where the action has a kind.
    pub feed: &'q str,
    /// With which package; none for no package in particular.
    pub package: Option<&'q str>,
}

/// Why a question cannot be put.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAccessCheck {
    /// The scope string is none.
    #[error("That is not an action such as action=nuget:push, nuget:pull, nuget:delete or api:read.")]
    Action,
    /// No feed can have this name.
    #[error("feed must be the name of a feed, such as main.")]
    Feed,
    /// A package with an action on none.
    #[error("This action is not about a package. Leave package out.")]
    NoPackage,
    /// No package of this kind can have this name.
    #[error("{0}")]
    Package(String),
}

impl<'q> AccessCheck<'q> {
    /// Reads an action as a scope string (`nuget:push`), a feed's name and a package's name as its door knows it.
    pub fn parse(scope: &str, feed: &'q str, package: Option<&'q str>) -> Result<Self, BadAccessCheck> {
        let action = Action::parse(scope).ok_or(BadAccessCheck::Action)?;
        if !is_feed_name(feed) {
            return Err(BadAccessCheck::Feed);
        }
        let kind = Permission::parse(scope).and_then(Permission::kind);
        match (kind, package) {
            (None, Some(_)) => return Err(BadAccessCheck::NoPackage),
            (Some(kind), Some(name)) => {
                rules(kind).check_name(name).map_err(|error| BadAccessCheck::Package(error.0))?;
            }
            (_, None) => {}
        }
        Ok(Self { action, kind, feed, package })
    }

    /// What the decision needs to know of the asked package; `known` was looked up for the asked feed.
    pub async fn facts(&self, store: &Store, known: &TokenLookup) -> Stored<Package> {
        match self.kind.zip(self.package) {
            // Writers push to what has no owners, and the feed's owners delete it.
            Some((kind, _)) if !rules(kind).has_owners() => {
                Ok(if matches!(self.action, Action::Delete(_)) { Package::Others } else { Package::Own })
            }
            Some((kind, name)) => store.facts(known, kind, &name.to_ascii_lowercase()).await,
            None => Ok(Package::Unknown),
        }
    }

    /// The question as the decision takes it, on a host that serves these kinds.
    pub fn ask(&self, known: &TokenLookup, package: Package, served: ServedKinds) -> Ask<'q> {
        let feed = self.kind.map(|_| (self.feed, known.feed));
        let is_served = self.kind.is_none_or(|kind| served.has(kind));
        Ask { action: self.action, feed, name: self.package, package, is_served }
    }
}
