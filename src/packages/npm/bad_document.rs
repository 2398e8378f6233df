//! Why a document of an npm client is not taken.

use thiserror::Error;

use super::name::PackageName;

/// Why a document cannot be taken. Each is one sentence for whoever reads what a client prints.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadDocument {
    /// No JSON, or not of this shape.
    #[error("The document is not one that npm clients send: {0}.")]
    Malformed(String),
    /// Deeper than anything a client sends.
    #[error("The document is nested too deeply.")]
    TooDeep,
    /// The tarball is not base64.
    #[error("The tarball in the document is not base64.")]
    NotBase64,
    /// More than one, or one of them twice.
    #[error("The document holds more than one tarball. Publish one version at a time.")]
    SeveralTarballs,
    /// No tarball where there has to be one.
    #[error("The document holds no tarball. Attach it as {0}.")]
    NoTarball(String),
    /// Something beside the tarball and its provenance.
    #[error("The document holds an attachment that is neither the tarball nor its provenance.")]
    StrangeAttachment,
    /// What the client says of the tarball does not fit.
    #[error("The tarball is not what the document says: its {0} differs. Publish it again.")]
    OtherTarball(&'static str),
    /// The provenance is too long.
    #[error("The provenance is larger than 1 MiB.")]
    LongProvenance,
    /// It is about another package.
    #[error("The document is about another package than its address: {0}.")]
    OtherName(String),
    /// None or several.
    #[error("The document must hold exactly one version.")]
    NotOneVersion,
    /// Not SemVer.
    #[error("{0} is not a version. Use one such as 1.0.0 or 1.0.0-beta.1, without build metadata.")]
    BadVersion(String),
    /// None or several.
    #[error("A version is published under exactly one tag.")]
    NotOneTag,
    /// A tag that clients would take for a version, or that is no word.
    #[error("{0} cannot be a tag. Use a word such as beta, which no client takes for a version.")]
    BadTag(String),
    /// A tag of a version that is not published here.
    #[error("The tag points to another version than the one in the document.")]
    OtherTag,
}

impl BadDocument {
    /// That of a version without its tarball.
    pub fn no_tarball(name: &PackageName, version: &str) -> Self {
        Self::NoTarball(format!("{name}-{version}.tgz"))
    }
}
