//! Versions as the store keeps them, read as NuGet's.

use super::response::NuGetError;
use crate::{
    packages::nuget::{StoredNuspec, version::Version},
    store::{Store, StoreError},
    tokens::PackageKey,
};

/// One version of a NuGet package with its nuspec, under any of its spellings.
pub(super) async fn version(
    store: &Store,
    package: PackageKey,
    version: &Version,
) -> Result<Option<StoredNuspec>, NuGetError> {
    by_key(store, package, &version.key()).await
}

/// The same by its identity.
pub(super) async fn by_key(
    store: &Store,
    package: PackageKey,
    version_key: &str,
) -> Result<Option<StoredNuspec>, NuGetError> {
    let found = store.version(package, version_key).await?;
    Ok(found.map(StoredNuspec::read).transpose().map_err(StoreError::from)?)
}
