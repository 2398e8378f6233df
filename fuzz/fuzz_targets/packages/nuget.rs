//! The reading side of `src/packages/nuget`, without what is stored.
#![allow(dead_code, unused_imports)]

#[path = "../../../src/packages/nuget/archive/mod.rs"]
pub mod archive;
#[path = "../../../src/packages/nuget/id.rs"]
pub mod id;
#[path = "../../../src/packages/nuget/nuspec/mod.rs"]
pub mod nuspec;
#[path = "../../../src/packages/nuget/range.rs"]
pub mod range;
#[path = "../../../src/packages/nuget/symbols/mod.rs"]
pub mod symbols;
#[path = "../../../src/packages/nuget/version/mod.rs"]
pub mod version;
