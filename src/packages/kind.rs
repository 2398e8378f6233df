//! What the rest of the host asks of a kind of packages. A new kind says it in its own folder, and gets one line in
//! [`super::rules`].

use std::fmt::Debug;

use thiserror::Error;

use super::{
    blobs::BlobKey,
    manifest::{Manifest, StoredManifest},
    number::VersionNumber,
};
/// Characters of the longest name of an npm package or a repository.
const LONGEST_NAME: usize = 255;

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
    /// Files that are kept beside the file of a version and go with it.
    fn beside(&self, blob: &BlobKey) -> Vec<BlobKey>;
}

/// Why no package can be called so.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadPackageName(pub String);

/// A kind that tokens can be good for and that no door serves yet: there are names to ask about, and no versions.
#[derive(Debug)]
pub(super) struct Unserved;

impl KindRules for Unserved {
    fn check_name(&self, name: &str) -> Result<(), BadPackageName> {
        let is_good = |b: u8| b.is_ascii_alphanumeric() || b"._-/@~".contains(&b);
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_good) {
            let text = "package must be the name of a package or repository, such as @team/ui.";
            return Err(BadPackageName(text.to_owned()));
        }
        Ok(())
    }

    fn version(&self, _: &str) -> Option<VersionNumber> {
        None
    }

    fn manifest(&self, _: &StoredManifest) -> Option<Box<dyn Manifest>> {
        None
    }

    fn beside(&self, _: &BlobKey) -> Vec<BlobKey> {
        Vec::new()
    }
}
