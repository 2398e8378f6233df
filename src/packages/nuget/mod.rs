//! What a NuGet package is: its id, its version, its nuspec, its symbols, and the archive it comes in.

pub mod archive;
pub mod id;
pub mod listing;
pub mod nuspec;
pub mod range;
mod stored;
pub mod symbols;
pub mod version;

pub use self::stored::{
    FoundPackage, FoundSymbolFile, ListedVersion, NewSymbolFile, NewVersion, PackageDetails, PackageQuery,
    PackageSearch, PackageSummary, StoredVersion, VersionDetails, VersionSummary,
};
