//! npm packages: their names, versions, publish documents and tarballs.

pub mod bad_document;
pub mod dependency;
pub mod document;
pub mod files;
pub mod fingerprint;
pub mod hashes;
pub mod login_code;
pub mod manifest;
pub mod name;
mod places;
mod readme;
pub mod splitter;
pub mod tarball;
pub mod unreadable;
pub mod version;
