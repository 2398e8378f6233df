//! Container repositories: their names, what clients ask of them, and what their registry is told.

pub mod image;
pub mod name;
pub mod notification;
pub mod proof;
pub mod repository_path;
pub mod scope;
pub mod signing_key;

use std::io;

use super::{
    blobs::{BlobKey, BlobReader},
    kind::{BadPackageName, KindRules},
    manifest::{Manifest, StoredManifest},
    number::VersionNumber,
};

/// The rules of repositories. Their images are the registry's; no version of one is kept here.
#[derive(Debug)]
pub struct ContainerRules;

impl KindRules for ContainerRules {
    fn check_name(&self, text: &str) -> Result<(), BadPackageName> {
        name::check(text).map(drop).map_err(|error| BadPackageName(error.to_string()))
    }

    fn version(&self, _: &str) -> Option<VersionNumber> {
        None
    }

    fn manifest(&self, _: &StoredManifest) -> Option<Box<dyn Manifest>> {
        None
    }

    fn has_owners(&self) -> bool {
        false
    }

    fn readme(&self, _: &StoredManifest, _: BlobReader) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn beside(&self, _: &BlobKey) -> Vec<BlobKey> {
        Vec::new()
    }
}
