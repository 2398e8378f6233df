//! What the files of NuGet packages are called in the package store.

use uuid::Uuid;

use crate::{packages::blobs::BlobKey, tokens::Kind};

/// A new name for a package. Under a name of its own, no file is ever shared or overwritten.
pub fn package_file(id: Uuid) -> BlobKey {
    BlobKey::new(Kind::NuGet, id, "nupkg")
}

/// The nuspec that is kept beside a package.
pub fn nuspec_beside(package: &BlobKey) -> BlobKey {
    package.with_ending("nuspec")
}

/// A symbol file.
pub fn symbol_file(id: Uuid) -> BlobKey {
    BlobKey::new(Kind::NuGet, id, "pdb")
}
