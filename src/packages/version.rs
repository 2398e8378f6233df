//! Versions of packages of any kind: how they are listed, kept and published.

use chrono::{DateTime, Utc};

use super::{
    blobs::BlobKey,
    deprecation::Deprecation,
    manifest::{Manifest, StoredManifest},
    number::VersionNumber,
};
use crate::tokens::{TokenId, VersionKey};

/// A version, as lists for clients need it.
#[derive(Clone, Debug)]
pub struct ListedVersion {
    /// Which one.
    pub version: VersionNumber,
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
    /// Which one.
    pub version: VersionNumber,
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
    pub manifest: StoredManifest,
    /// How often it was downloaded.
    pub downloads: i64,
    /// Why nobody should use it any more.
    pub deprecation: Option<Deprecation>,
}

/// A version with all that its clients are told of it.
#[derive(Clone, Debug)]
pub struct Release {
    /// Its row.
    pub key: VersionKey,
    /// Which one.
    pub version: VersionNumber,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// Bytes of the package.
    pub size: i64,
    /// SHA-512 of the package in base64.
    pub sha512: String,
    /// What it says of itself.
    pub manifest: StoredManifest,
    /// Why nobody should use it any more.
    pub deprecation: Option<Deprecation>,
}

/// A version in the list of its package.
#[derive(Clone, Debug)]
pub struct VersionSummary {
    /// Which one.
    pub version: VersionNumber,
    /// When it was published.
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
    /// Why nobody should use it any more.
    pub deprecation: Option<Deprecation>,
}

/// A version on its own page.
#[derive(Clone, Debug)]
pub struct VersionDetails {
    /// Its row.
    pub key: VersionKey,
    /// Where the package is, or was.
    pub blob: BlobKey,
    /// As in the list.
    pub line: VersionSummary,
    /// What it says of itself; none once it was removed.
    pub manifest: Option<StoredManifest>,
    /// SHA-512 of the package in base64.
    pub sha512: String,
}

/// A version that is about to be published.
#[derive(Debug)]
pub struct NewVersion {
    /// Its row.
    pub key: VersionKey,
    /// What it says of itself.
    pub manifest: Box<dyn Manifest>,
    /// Bytes of the package.
    pub size: i64,
    /// Bytes of what is kept beside it.
    pub beside_size: i64,
    /// SHA-512 of the package in base64.
    pub sha512: String,
    /// Where the package is, durable already.
    pub blob: BlobKey,
}

impl NewVersion {
    /// Bytes of it all.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.size.saturating_add(self.beside_size)).unwrap_or_default()
    }
}

/// What was taken away for good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemovedFiles {
    /// Versions that were removed.
    pub versions: usize,
    /// Where their bytes are, to be deleted once the change holds.
    pub blobs: Vec<BlobKey>,
}
