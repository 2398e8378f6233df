//! Latchkey, the access-token portal of a package host. This page is the table of contents.

pub mod clock;
pub mod random;
pub mod store;
pub mod tokens;
