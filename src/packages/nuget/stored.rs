//! NuGet packages and versions as they are stored and looked for.

use crate::{
    packages::{
        StoredPackage,
        blobs::BlobKey,
        nuget::{nuspec::Nuspec, version::Version},
    },
    tokens::{AccountId, FeedId, PackageKey, TokenId, VersionKey},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Which packages a list shows.
#[derive(Clone, Copy, Debug)]
pub struct PackageQuery<'a> {
    /// Of one feed, or of every feed that the account can read.
    pub feed: Option<FeedId>,
    /// Who looks.
    pub account: Option<AccountId>,
    /// Words that must all be there, in lower case; the first four count.
    pub words: &'a [String],
    /// Whether packages without a listed version are shown too.
    pub unlisted: bool,
    /// The identity and the feed of the last package of the page before; empty on the first page.
    pub after: (&'a str, &'a str),
    /// How many.
    pub limit: i64,
}

/// A package in a list.
#[derive(Clone, Debug)]
pub struct PackageSummary {
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
    pub newest: Option<(DateTime<Utc>, Nuspec)>,
}

/// A package on its own page.
#[derive(Clone, Debug)]
pub struct PackageDetails {
    /// Its row.
    pub key: PackageKey,
    /// Its name as first published.
    pub name: String,
    /// Whether the asking account is one of its owners.
    pub owned: bool,
    /// How often it was downloaded.
    pub downloads: i64,
    /// The version that stands for it; none when all were removed.
    pub newest: Option<Version>,
    /// How many versions searches show.
    pub listed: i64,
    /// How many they do not show.
    pub unlisted: i64,
}

/// A version in the list of its package.
#[derive(Clone, Debug)]
pub struct VersionSummary {
    /// As published.
    pub version: Version,
    /// When.
    pub published_at: DateTime<Utc>,
    /// The username of who published it; none when that account was deleted.
    pub publisher: Option<String>,
    /// The token it was published with, if it is the asking account's and still there.
    pub token: Option<TokenId>,
    /// The first characters of the key it was published with.
    pub hint: Option<String>,
    /// Whether searches show it.
    pub listed: bool,
    /// Since when it is gone.
    pub removed_at: Option<DateTime<Utc>>,
    /// Bytes of the package.
    pub size: i64,
    /// How often it was downloaded.
    pub downloads: i64,
}

/// A version on its own page.
#[derive(Clone, Debug)]
pub struct VersionDetails {
    /// As in the list.
    pub line: VersionSummary,
    /// What it says of itself; none once it was removed.
    pub nuspec: Option<Nuspec>,
    /// SHA-512 of the package in base64.
    pub sha512: String,
}

/// A version, as lists need it.
#[derive(Clone, Debug)]
pub struct ListedVersion {
    /// As published.
    pub version: Version,
    /// Whether searches show it.
    pub listed: bool,
    /// How often it was downloaded.
    pub downloads: i64,
}

/// A version with what the package says of itself.
#[derive(Clone, Debug)]
pub struct StoredVersion {
    /// Its row.
    pub key: VersionKey,
    /// As published.
    pub version: Version,
    /// Whether searches show it.
    pub listed: bool,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// Bytes of the package.
    pub size: i64,
    /// SHA-512 of the package in base64.
    pub sha512: String,
    /// Where the package is.
    pub blob: BlobKey,
    /// What it says of itself.
    pub nuspec: Nuspec,
    /// How often it was downloaded.
    pub downloads: i64,
}

/// What a search looks for.
#[derive(Clone, Copy, Debug)]
pub struct PackageSearch<'a> {
    /// Where.
    pub feed: FeedId,
    /// Words that must all be there, in lower case; the first four count.
    pub words: &'a [String],
    /// The one package it must be, as its identity; empty for any.
    pub exactly: &'a str,
    /// Whether packages without a stable version count.
    pub prerelease: bool,
    /// Whether packages count whose versions only clients with SemVer 2 understand.
    pub semver2: bool,
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

/// A NuGet version that is about to be published.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// Its row.
    pub key: VersionKey,
    /// What it says of itself.
    pub nuspec: Nuspec,
    /// Bytes of the package.
    pub size: i64,
    /// SHA-512 of the package in base64.
    pub sha512: String,
    /// Where the package is, durable already.
    pub blob: BlobKey,
}

/// A symbol file that is about to be entered.
#[derive(Clone, Debug)]
pub struct NewSymbolFile {
    /// Names its bytes in the package store.
    pub id: Uuid,
    /// File name in lower case.
    pub file: String,
    /// The key that debuggers ask with, in lower case.
    pub key: String,
    /// Its checksum in hexadecimal, as [`crate::packages::nuget::symbols::PortablePdb`] has it.
    pub sha256: String,
}

/// A symbol file that was asked for.
#[derive(Clone, Debug)]
pub struct FoundSymbolFile {
    /// Name of the package it belongs to.
    pub package: String,
    /// Where its bytes are.
    pub blob: BlobKey,
    /// Its checksum in hexadecimal.
    pub sha256: String,
}
