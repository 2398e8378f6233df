//! What `src/packages` is to the files that are read here.
pub mod nuget;
