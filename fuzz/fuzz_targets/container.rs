//! What `src/packages/container` is to the files that are read here.
#![allow(dead_code)]

#[path = "../../src/packages/container/name.rs"]
pub mod name;
#[path = "../../src/packages/container/proof.rs"]
pub mod proof;
#[path = "../../src/packages/container/repository_path.rs"]
pub mod repository_path;
#[path = "../../src/packages/container/scope.rs"]
pub mod scope;
