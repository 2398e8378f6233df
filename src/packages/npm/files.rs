//! What the files of npm packages are called in the package store and by clients.

use uuid::Uuid;

use crate::{packages::blobs::BlobKey, tokens::Kind};

/// A new name for a package. Under a name of its own, no file is ever shared or overwritten.
pub fn package_file(id: Uuid) -> BlobKey {
    BlobKey::new(Kind::Npm, id, "tgz")
}

/// The provenance that is kept beside a package which was published with one.
pub fn provenance_beside(package: &BlobKey) -> BlobKey {
    package.with_ending("sigstore")
}
