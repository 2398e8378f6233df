//! Packages of any kind, as they are stored.

use chrono::{DateTime, Utc};

use super::manifest::Manifest;
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
    /// Words that must all be there, in lower case; the first four count.
    pub words: &'a [String],
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

/// What a client's search looks for.
#[derive(Clone, Copy, Debug)]
pub struct PackageSearch<'a> {
    /// Where.
    pub feed: FeedId,
    /// Among packages of this kind.
    pub kind: Kind,
    /// Words that must all be there, in lower case; the first four count.
    pub words: &'a [String],
    /// The one package it must be, as its identity; empty for any.
    pub exactly: &'a str,
    /// The username, in lower case, of an account that must own it; empty for any.
    pub owner: &'a str,
    /// Whether packages without a stable version count.
    pub prerelease: bool,
    /// Whether only packages count that have a version which every client of the kind understands.
    pub plain_only: bool,
    /// A type of package it must be, in lower case; empty for any.
    pub package_type: &'a str,
}

/// A package that a search found, in the order of the results: downloads, the most first, then name.
#[derive(Clone, Debug)]
pub struct FoundPackage {
    /// The package.
    pub package: StoredPackage,
    /// How often its versions were downloaded.
    pub downloads: i64,
}
