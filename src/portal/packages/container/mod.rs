//! The pages of container repositories: one repository with its tags, one tag, and forgetting one.

pub mod remove;
pub mod show;
pub mod tag;
mod view;
