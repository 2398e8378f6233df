//! Why a nuspec is refused: one ASCII sentence each, saying what to do.

use crate::packages::nuget::{
    id::{BadPackageId, PackageId},
    range::BadRange,
    version::BadVersion,
};

/// Why a nuspec is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNuspec {
    /// Another encoding than those that every client reads, or another than the file declares.
    #[error(
        "The nuspec is not in the encoding that it declares, or in one that programs read differently; save it as UTF-8."
    )]
    Encoding,
    /// Not well formed.
    #[error("The nuspec is not well-formed XML 1.0; correct it.")]
    NotXml,
    /// A `<!DOCTYPE>`.
    #[error("The nuspec has a DOCTYPE, which is never read; remove it.")]
    DocType,
    /// An entity other than the five, or a reference to no character.
    #[error(
        "The nuspec refers to an entity or character that XML does not know; only amp, lt, gt, quot and apos are known."
    )]
    Reference,
    /// Too deep, too many elements or attributes.
    #[error("The nuspec has more than 20000 elements, 64 levels or 64 attributes on an element; simplify it.")]
    TooComplex,
    /// An element that clients read, with a prefix or in a namespace of its own.
    #[error(
        "The nuspec has an element with a prefix or a namespace of its own that NuGet also knows; programs differ."
    )]
    Namespace,
    /// Not `<package><metadata>`.
    #[error("The nuspec must be a package element with one metadata element in it; correct it.")]
    NoMetadata,
    /// A field that must be there.
    #[error("The nuspec has no {0}; add it.")]
    Missing(&'static str),
    /// A field that is there twice.
    #[error("The nuspec has more than one {0} element; keep one.")]
    Twice(&'static str),
    /// Elements where text belongs.
    #[error("The {0} element of the nuspec may hold only text; remove the elements in it.")]
    NotText(&'static str),
    /// The id is none.
    #[error(transparent)]
    Id(#[from] BadPackageId),
    /// The version is none.
    #[error(transparent)]
    Version(#[from] BadVersion),
    /// A path that leaves the package.
    #[error("The {0} element of the nuspec must be the plain path of a file in the package; correct it.")]
    Path(&'static str),
    /// Neither kind of licence.
    #[error("The license element of the nuspec must have the type expression or file; correct it.")]
    License,
    /// Neither true nor false.
    #[error("The {0} element of the nuspec must be true or false; correct it.")]
    NotBoolean(&'static str),
    /// Not a version.
    #[error("The minClientVersion in the nuspec must be a version such as 4.1; correct it.")]
    MinClientVersion,
    /// A type that does not look like an id, or too many of them.
    #[error("The nuspec has a package type without a plain name, or more than 16 of them; correct it.")]
    PackageType,
    /// Both kinds of lists.
    #[error("The nuspec lists dependencies both in groups and outside of them; put all of them in groups.")]
    MixedDependencies,
    /// More than a thousand.
    #[error("The nuspec has more than 1000 dependencies and groups; remove some.")]
    TooManyDependencies,
    /// A dependency on no package.
    #[error("A dependency in the nuspec has no proper id. {0}")]
    DependencyId(BadPackageId),
    /// A dependency in a range that is none.
    #[error("The version range of the dependency {0} in the nuspec {1}")]
    Range(PackageId, BadRange),
    /// Too long or not ASCII.
    #[error(
        "The attribute {0} in the dependencies of the nuspec must be at most 200 printable ASCII characters; shorten it."
    )]
    Attribute(&'static str),
}
