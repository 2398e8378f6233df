//! What the rest of the host asks of a kind of packages. A new kind says it in its own folder, and gets one line in
//! [`super::rules`].

use std::{fmt::Debug, io};

use thiserror::Error;

use super::{
    blobs::{BlobKey, BlobReader},
    manifest::{Manifest, StoredManifest},
    number::VersionNumber,
};

/// The rules of a kind. Whatever the kind, a package's identity in its feed is its name in ASCII lower case.
pub trait KindRules: Debug + Sync {
    /// Whether a package can be called so.
    ///
    /// # Errors
    /// One sentence for whoever typed the name.
    fn check_name(&self, name: &str) -> Result<(), BadPackageName>;
    /// Reads the number of a version, as typed or as kept; none if it is none.
    fn version(&self, text: &str) -> Option<VersionNumber>;
    /// Reads the description of a version as it was kept; none if it cannot be read.
    fn manifest(&self, kept: &StoredManifest) -> Option<Box<dyn Manifest>>;
    /// The tag that always stands for some version, where its clients know tags.
    fn default_tag(&self) -> Option<&'static str> {
        None
    }
    /// What the texts, and the identities, of versions are like that only newer clients understand: patterns of SQL's
    /// `LIKE`, which no version is like where there are none such. They say what [`VersionNumber::is_plain`] does.
    fn for_newer_clients(&self) -> [&'static str; 2] {
        [""; 2]
    }
    /// Whether packages have owners of their own, beside those of their feed.
    fn has_owners(&self) -> bool {
        true
    }
    /// What the file of a version tells its readers, as bytes; none if there is nothing of the sort that can be read.
    ///
    /// # Errors
    /// When the file cannot be read at all, which is no fault of its author.
    fn readme(&self, kept: &StoredManifest, package: BlobReader) -> io::Result<Option<Vec<u8>>>;
    /// Files that are kept beside the file of a version and go with it.
    fn beside(&self, blob: &BlobKey) -> Vec<BlobKey>;
}

/// Why no package can be called so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadPackageName(pub String);
