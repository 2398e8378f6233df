//! What a version says of itself, as lists, searches and the shared tables use it. Each kind of packages has a
//! description of its own (a nuspec, a package.json), and says here what everything else needs to know of it.

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::number::VersionNumber;

/// The description of one version of a package of any kind. Its texts were written by a stranger.
pub trait Manifest: Debug + Send + Sync {
    /// The package's name, as this version writes it.
    fn name(&self) -> &str;
    /// Which version it is.
    fn version(&self) -> VersionNumber;
    /// A name for people; the package's own where it gives none.
    fn title(&self) -> &str;
    /// What the package is, in short or at length.
    fn summary(&self) -> &str;
    /// Who made it, as typed.
    fn authors(&self) -> &str;
    /// What the package is, at length, to find it by.
    fn description(&self) -> &str {
        self.summary()
    }
    /// Words to find it by, without blanks.
    fn tags(&self) -> &[String];
    /// The text that searches of older releases look through, in lower case and bounded: while a host is upgraded, nodes of
    /// both run side by side.
    fn search_text(&self) -> String;
    /// What the package is good for, in lower case and with a blank around each; empty for a kind without such types.
    fn type_words(&self) -> String {
        String::new()
    }
    /// As it is kept; the rules of its kind read it again.
    ///
    /// # Errors
    /// None for what holds texts, numbers and lists.
    fn kept(&self) -> serde_json::Result<StoredManifest>;
}

/// A description as it is kept: JSON that only its kind reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredManifest(String);

/// A description that was kept and cannot be read.
#[derive(Debug, Error)]
#[error("the description of a version cannot be read: {0}")]
pub struct UnreadableManifest(#[from] serde_json::Error);

impl StoredManifest {
    /// A description to be kept.
    ///
    /// # Errors
    /// None for what holds texts, numbers and lists.
    pub fn of(manifest: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::to_string(manifest).map(Self)
    }

    /// One that was kept; `None` for the empty text that stays of a removed version.
    pub fn new(json: String) -> Option<Self> {
        (!json.is_empty()).then_some(Self(json))
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads it as what it was.
    ///
    /// # Errors
    /// When it was another kind's, or another program's.
    pub fn read<M: DeserializeOwned>(&self) -> Result<M, UnreadableManifest> {
        Ok(serde_json::from_str(&self.0)?)
    }
}
