//! The reading side of `src/packages/npm`, without what is stored.
#![allow(dead_code, unused_imports)]

#[path = "../../../src/packages/npm/bad_document.rs"]
pub mod bad_document;
#[path = "../../../src/packages/npm/document.rs"]
pub mod document;
#[path = "../../../src/packages/npm/fingerprint.rs"]
mod fingerprint;
#[path = "../../../src/packages/npm/hashes.rs"]
pub mod hashes;
#[path = "../../../src/packages/npm/name.rs"]
pub mod name;
#[path = "../../../src/packages/npm/places.rs"]
mod places;
#[path = "../../../src/packages/npm/splitter.rs"]
pub mod splitter;
#[path = "../../../src/packages/npm/tarball.rs"]
pub mod tarball;
#[path = "../../../src/packages/npm/unreadable.rs"]
pub mod unreadable;
#[path = "../../../src/packages/npm/version.rs"]
pub mod version;
