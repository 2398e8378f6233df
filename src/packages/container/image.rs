//! Repositories and their images, as far as their registry has told.

use chrono::{DateTime, Utc};

/// A repository in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositorySummary {
    /// The whole name, its feed included.
    pub name: String,
    /// How many tags it has.
    pub tags: i64,
    /// When an image was last pushed.
    pub pushed_at: DateTime<Utc>,
    /// How often its images were pulled.
    pub pulls: i64,
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
}
