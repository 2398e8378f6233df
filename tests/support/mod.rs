//! What all tests stand on: a host of its own for every test on either database, with a clock that stands still, and
//! those who talk to it: browsers, package clients byte by byte, a mail server, the program as a process of its own.

pub mod accounts;
pub mod api;
pub mod database;
pub mod folder;
pub mod letter;
pub mod november_host;
pub mod npm;
pub mod nupkg;
pub mod page;
pub mod person;
pub mod post;
pub mod post_office;
pub mod program;
pub mod published;
pub mod raw;
pub mod snapshot;
pub mod template;
pub mod wire;
pub mod world;

/// A stand-in for S3, which the tests of the package store themselves use too.
#[path = "../../src/packages/blobs/tests/stand_in.rs"]
pub mod stand_in;
