//! Repositories and their images, as far as their registry has told.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    packages::{
        VersionNumber,
        manifest::{Manifest, StoredManifest},
    },
    tokens::TokenId,
};

/// A repository as lists show it, by the tag that was pushed last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RepositorySummary {
    /// The whole name, its feed included.
    pub name: String,
    /// The tag that was pushed last.
    pub newest: String,
    /// How many tags there are, in words.
    pub summary: String,
}

impl RepositorySummary {
    /// Of a repository with so many tags.
    pub fn new(name: &str, newest: String, tags: i64) -> Self {
        let summary = format!("{tags} tag{}", if tags == 1 { "" } else { "s" });
        Self { name: name.to_owned(), newest, summary }
    }
}

impl Manifest for RepositorySummary {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> VersionNumber {
        let tag = self.newest.clone();
        let sort_key = tag.clone().into_bytes();
        VersionNumber { text: tag.clone(), key: tag, sort_key, is_prerelease: false, is_plain: true }
    }

    fn title(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.summary
    }

    fn authors(&self) -> &str {
        ""
    }

    fn description(&self) -> &str {
        ""
    }

    fn tags(&self) -> &[String] {
        &[]
    }

    fn search_text(&self) -> String {
        self.name.clone()
    }

    fn kept(&self) -> serde_json::Result<StoredManifest> {
        StoredManifest::of(self)
    }
}

/// A tag and the image that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaggedImage {
    /// The tag.
    pub tag: String,
    /// The image's digest.
    pub digest: String,
    /// Bytes of all that it consists of.
    pub size: i64,
    /// Who pushed it, when, and with which token.
    pub pushed: ImageUse,
    /// Who pulled it last.
    pub pulled: Option<ImageUse>,
    /// How often it was pulled.
    pub pulls: i64,
}

/// Something that was done with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    /// When.
    pub at: DateTime<Utc>,
    /// The username; empty for anybody.
    pub by: String,
    /// The hint of the token, if there is still one.
    pub hint: Option<String>,
    /// The token, if it is the asking account's and still there.
    pub token: Option<TokenId>,
}
