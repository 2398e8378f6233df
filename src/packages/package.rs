//! Packages of any kind, as they are stored.

use crate::tokens::{
    FeedId, Kind, PackageKey,
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
