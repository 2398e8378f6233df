//! npm packages: their names, versions, publish documents and tarballs.

pub mod bad_document;
pub mod document;
pub mod files;
pub mod manifest;
pub mod name;
pub mod splitter;
pub mod tarball;
pub mod version;
