//! Packages of any kind, as they are stored.

use chrono::{DateTime, Utc};

use super::{
    manifest::Manifest,
    search::{NameRanges, SearchQuery},
};
use crate::tokens::{
    AccountId, FeedId, Kind, PackageKey,
    decision::{Holder, Package},
};

/// A package of a feed.
#[derive(Clone, Debug)]
pub struct StoredPackage {
    /// Its row.
    pub key: PackageKey,
    /// Its kind.
    pub kind: Kind,
    /// Its name as first published.
    pub name: String,
    /// Whether the asking account is one of its owners.
    pub owned: bool,
}

/// A package as a list of all feeds shows it.
#[derive(Clone, Debug)]
pub struct FeedPackage {
    /// Its row.
    pub key: PackageKey,
    /// Its kind.
    pub kind: Kind,
    /// Its name as first published.
    pub name: String,
    /// Its feed.
    pub feed: FeedId,
    /// Its feed's name.
    pub feed_name: String,
    /// The asking account, as far as that feed goes.
    pub holder: Holder,
    /// How many versions searches show.
    pub listed_versions: i64,
    /// The newest of them, as published.
    pub latest: Option<String>,
}

impl StoredPackage {
    /// What the decision needs to know of a package.
    pub fn known_to_its_asker(package: Option<&Self>) -> Package {
        match package {
            None => Package::New,
            Some(package) if package.owned => Package::Own,
            Some(_) => Package::Others,
        }
    }
}

/// A package's name.
#[derive(Clone, Debug)]
pub struct PackageName {
    /// As first published.
    pub name: String,
    /// Whether the owner that was asked for is one of the package's owners.
    pub owned: bool,
}

/// What the database knows of a file in the package store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFate {
    /// It belongs to a version, or is one of its symbol files.
    Needed,
    /// Its version was removed, or its upload never became a version.
    Done,
    /// It was not written by this installation, or its upload was forgotten.
    Unknown,
}

/// Which packages a list shows.
#[derive(Clone, Copy, Debug)]
pub struct PackageQuery<'a> {
    /// Of one feed, or of every feed that the account can read.
    pub feed: Option<FeedId>,
    /// Who looks.
    pub account: Option<AccountId>,
    /// One feed of those; all of them for none.
    pub only_feed: Option<FeedId>,
    /// Of this kind; of all for none.
    pub kind: Option<Kind>,
    /// Whether those that are deprecated are meant, or the others; both for none.
    pub deprecated: Option<bool>,
    /// Whether only packages with a listed version that is no prerelease are shown.
    pub stable: bool,
    /// The username, in lower case, of an account that must own it; empty for any. Nobody who is not signed in finds
    /// anything by it.
    pub owner: &'a str,
    /// Whether packages without a listed version are shown too.
    pub unlisted: bool,
    /// Where the page before ended; none on the first page.
    pub after: Option<PackagePlace<'a>>,
    /// How many.
    pub limit: i64,
}

/// A place in a list of packages: by name, then feed, then kind.
#[derive(Clone, Copy, Debug)]
pub struct PackagePlace<'a> {
    /// The package's identity.
    pub name: &'a str,
    /// Its feed; none in the list of one feed.
    pub feed: Option<FeedId>,
    /// Its kind.
    pub kind: Kind,
}

/// A package in a list.
#[derive(Debug)]
pub struct PackageSummary {
    /// Its kind.
    pub kind: Kind,
    /// Its name as first published.
    pub name: String,
    /// Its feed.
    pub feed: FeedId,
    /// Its feed's name.
    pub feed_name: String,
    /// Whether searches show any version of it.
    pub listed: bool,
    /// How often it was downloaded.
    pub downloads: i64,
    /// Why nobody should use the version that stands for it; empty for nothing of the sort.
    pub deprecation: String,
    /// The version that stands for it: when it was published, and what it says.
    pub newest: Option<(DateTime<Utc>, Box<dyn Manifest>)>,
}

/// A package on its own page.
#[derive(Clone, Debug)]
pub struct PackageDetails {
    /// The package, and whether the asking account is one of its owners.
    pub stored: StoredPackage,
    /// How often it was downloaded.
    pub downloads: i64,
    /// The identity of the version that stands for it; none when all were removed.
    pub newest: Option<String>,
    /// How many versions searches show.
    pub listed: i64,
    /// How many they do not show.
    pub unlisted: i64,
}

/// Which packages a search looks at, and what for.
#[derive(Clone, Copy, Debug)]
pub struct PackageSearch<'a> {
    /// Where.
    pub scope: SearchScope,
    /// One feed of those; all of them for none.
    pub feed: Option<FeedId>,
    /// Among packages of this kind; of all for none.
    pub kind: Option<Kind>,
    /// What was typed.
    pub query: &'a SearchQuery,
    /// Whether the query is the beginning of a name that is to be completed, and nothing else is to be found.
    pub completes: bool,
    /// The identity of a version that a package must have; empty for any.
    pub version_key: &'a str,
    /// The username, in lower case, of an account that must own it; empty for any.
    pub owner: &'a str,
    /// Which versions a package must have.
    pub shows: Shows,
    /// A type of package it must be, in lower case; empty for any.
    pub package_type: &'a str,
    /// Whether those that are deprecated are meant, or the others; both for none.
    pub deprecated: Option<bool>,
    /// The names that whoever asks may see.
    pub names: &'a NameRanges,
    /// How many of the first are left out.
    pub skip: usize,
    /// How many there are at most.
    pub take: usize,
}

/// Where a search looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchScope {
    /// In one feed.
    Feed(FeedId),
    /// In all feeds that an account can read, or anybody.
    Readable(Option<AccountId>),
}

/// Which versions a package has to have, to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Any that was not removed.
    Any,
    /// A listed one.
    Listed,
    /// A listed one that is no prerelease.
    Stable,
    /// A listed one that every client of the kind understands.
    Plain,
    /// A listed one that is both.
    StablePlain,
}

impl Shows {
    /// What clients want who do or do not take prereleases and what only newer clients understand.
    pub fn to_client(prerelease: bool, plain_only: bool) -> Self {
        match (prerelease, plain_only) {
            (true, false) => Self::Listed,
            (false, false) => Self::Stable,
            (true, true) => Self::Plain,
            (false, true) => Self::StablePlain,
        }
    }

    /// Its bit of `search_entries.shows`.
    pub fn bit(self) -> i64 {
        match self {
            Self::Listed => 1,
            Self::Stable => 2,
            Self::Plain => 4,
            Self::StablePlain => 8,
            Self::Any => 16,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct SearchResult<T> {
    /// How many there are, counted up to [`crate::packages::search::MOST_COUNTED`] and one more.
    pub total: usize,
    /// The page that was asked for, in order.
    pub hits: Vec<T>,
}

/// A package that a search found.
#[derive(Clone, Debug)]
pub struct FoundPackage {
    /// The package.
    pub package: StoredPackage,
    /// Its feed.
    pub feed: FeedId,
    /// Its feed's name.
    pub feed_name: String,
    /// How often it was changed, its versions included.
    pub revision: i64,
    /// How often its versions were downloaded.
    pub downloads: i64,
}
