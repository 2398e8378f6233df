//! The pages: for people in a browser. One file per page, its template of the same name below `templates/`.

pub mod account;
pub mod api_docs;
pub mod calendar;
mod clients;
pub mod feeds;
pub mod guard;
pub mod guide;
pub mod landing;
pub mod operator;
mod package_path;
pub mod packages;
pub mod tokens;

mod username_lookup;
mod visitor;
