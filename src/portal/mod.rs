//! The pages: for people in a browser. One file per page, its template of the same name under `templates/portal/`.

pub mod account;
pub mod assets;
pub mod calendar;
mod clients;
mod csrf;
mod done;
mod error;
mod event_text;
pub mod feeds;
mod form;
mod guard;
pub mod guide;
pub mod landing;
mod late_form;
pub mod operator;
pub mod packages;
mod page;
mod session;
pub mod tokens;
mod upload_form;
mod words;

pub use self::{
    guard::{guard, not_found, outage},
    session::middleware as sessions,
};
