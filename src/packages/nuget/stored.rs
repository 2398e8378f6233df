//! NuGet versions and symbol files as they are stored.

use uuid::Uuid;

use super::nuspec::Nuspec;
use crate::packages::{StoredVersion, blobs::BlobKey, manifest::UnreadableManifest};

/// A version with its nuspec.
#[derive(Clone, Debug)]
pub struct StoredNuspec {
    /// What it says of itself.
    pub nuspec: Nuspec,
    /// The version.
    pub stored: StoredVersion,
}

impl StoredNuspec {
    /// Reads what was kept of a version.
    ///
    /// # Errors
    /// When the version is of another kind.
    pub fn read(stored: StoredVersion) -> Result<Self, UnreadableManifest> {
        Ok(Self { nuspec: stored.manifest.read()?, stored })
    }
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
    /// Its length in bytes.
    pub size: u64,
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
