//! What a NuGet package is: its id, its version, its nuspec, the archive it comes in, and where its bytes are kept.
//!
//! Who may publish or read a package is decided elsewhere; nothing here knows the web or the database.

pub mod archive;
pub mod blobs;
pub mod downloads;
pub mod id;
pub mod listing;
pub mod nuspec;
pub mod range;
pub mod symbols;
pub mod version;
