//! The pages: for people in a browser. One file per page, its template of the same name below `templates/`.

pub mod account;
pub mod assets;
pub mod calendar;
mod clients;
pub mod feeds;
pub mod guide;
pub mod landing;
pub mod operator;
pub mod packages;
pub mod tokens;
