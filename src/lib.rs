//! Latchkey: the access-token portal of a package host.

pub mod packages;
