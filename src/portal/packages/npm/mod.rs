//! The pages of an npm package and of one version of it: what only they say. Whatever kinds share is one folder up.

pub mod login;
pub mod show;
pub mod version;
mod view;
