//! What `src/packages` is to the files that are read here.
#![allow(dead_code, unused_imports)]

pub mod npm;
pub mod nuget;
#[path = "../../src/packages/number.rs"]
pub mod number;

pub use number::VersionNumber;
