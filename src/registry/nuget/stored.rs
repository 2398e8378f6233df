//! Versions as the store keeps them, read as NuGet's.

use super::response::NuGetError;
use crate::{
    packages::{
        VersionSet,
        nuget::{StoredNuspec, version::Version},
    },
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

/// Those of some versions whose numbers lie above a place in their order, the lowest first, at most `limit`.
pub(super) async fn in_range(
    store: &Store,
    package: PackageKey,
    range: &VersionSet,
    (above, limit): (&[u8], i64),
) -> Result<Vec<StoredNuspec>, NuGetError> {
    let found = store.versions_in(package, range, (above, limit)).await?;
    Ok(found.into_iter().map(StoredNuspec::read).collect::<Result<_, _>>().map_err(StoreError::from)?)
}
