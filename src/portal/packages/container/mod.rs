//! The page of a container repository. Its images are its registry's: what is shown is what the registry told.

pub mod show;
