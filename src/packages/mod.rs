//! What packages are, a folder for each kind, and where their bytes are kept.
//!
//! Who may publish or read a package is decided elsewhere; nothing here knows the web or the database. What the rest of the
//! host needs to know of a kind it asks [`rules`]; only the kind's own doors and pages name its folder.

pub mod blobs;
pub mod container;
pub mod deprecation;
pub mod downloads;
pub mod kept;
pub mod kind;
pub mod manifest;
pub mod npm;
pub mod nuget;
pub mod number;
mod package;
mod publication;
pub mod readme;
pub mod search;
pub mod version;
pub mod version_set;

pub use self::{
    deprecation::{BadAlternative, Deprecation, DeprecationReason, NewDeprecation},
    number::{VersionNumber, newest},
    package::{
        FeedPackage, FileFate, FoundPackage, PackageDetails, PackageName, PackagePlace, PackageQuery, PackageSearch,
        PackageSummary, SearchResult, SearchScope, Shows, StoredPackage,
    },
    publication::{ChangeContext, PublishContext, Published},
    version::{ListedVersion, NewVersion, Release, RemovedFiles, StoredVersion, VersionDetails, VersionSummary},
    version_set::VersionSet,
};

use self::kind::KindRules;
use crate::tokens::Kind;

/// The rules of a kind.
pub fn rules(kind: Kind) -> &'static dyn KindRules {
    match kind {
        Kind::NuGet => &nuget::NuGetRules,
        Kind::Npm => &npm::manifest::NpmRules,
        Kind::Container => &container::ContainerRules,
    }
}
