//! npm packages: their names, versions, publish documents and tarballs.

pub mod document;
pub mod files;
pub mod manifest;
pub mod name;
pub mod tarball;
pub mod version;
