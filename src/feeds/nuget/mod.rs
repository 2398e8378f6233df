//! The NuGet V3 door of a feed: `/feeds/{feed}/nuget/v3/…`, and `/v3/…` for the feed `main`.

mod answer;
mod door;
pub mod download;
pub mod push;
mod query;
pub mod registration;
pub mod search;
pub mod service_index;
pub mod unlist;
mod upload;

use actix_web::http::StatusCode;

use self::answer::{Answer, Refused};

/// Any address below a feed's that is none.
pub async fn nothing_here() -> Answer {
    Err(Refused::nothing_here())
}

impl Refused {
    fn nothing_here() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", "There is nothing here, or this key cannot see it.")
    }
}
