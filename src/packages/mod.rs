//! What packages are, a folder for each kind, and where their bytes are kept.
//!
//! Who may publish or read a package is decided elsewhere; nothing here knows the web or the database.

pub mod blobs;
pub mod downloads;
pub mod nuget;
mod package;
mod publication;
pub mod search_text;

pub use self::{
    package::{FeedPackage, FileFate, PackageName, StoredPackage},
    publication::{ChangeContext, PublishContext, Published},
};
