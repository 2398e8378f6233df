//! The reading side of `src/packages`, without the stores.
#![allow(dead_code, unused_imports)]

#[path = "../../src/packages/archive/mod.rs"]
pub mod archive;
#[path = "../../src/packages/id.rs"]
pub mod id;
#[path = "../../src/packages/nuspec/mod.rs"]
pub mod nuspec;
#[path = "../../src/packages/range.rs"]
pub mod range;
#[path = "../../src/packages/symbols/mod.rs"]
pub mod symbols;
#[path = "../../src/packages/version.rs"]
pub mod version;
