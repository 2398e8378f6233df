//! People: what a username, an address and a password may be, how passwords are checked, and how often one may guess.

pub mod identity;
pub mod limits;
pub mod link;
pub mod password;
