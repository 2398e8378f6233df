//! What a NuGet package is: its id, its version, its nuspec, its symbols, and the archive it comes in.

pub mod archive;
pub mod files;
pub mod id;
pub mod manifest;
pub mod nuspec;
pub mod range;
mod stored;
pub mod symbols;
pub mod version;

pub use self::{
    manifest::NuGetRules,
    stored::{FoundSymbolFile, NewSymbolFile, StoredNuspec},
};
