//! The NuGet V3 door of a feed: `/feeds/{feed}/nuget/v3/…`, and `/v3/…` for the feed `main`.

mod answer;
mod details;
mod door;
pub mod download;
mod files;
mod leaked_keys;
pub mod push;
mod query;
pub mod registration;
pub mod search;
pub mod service_index;
pub mod unlist;
mod upload;

use actix_web::{http::StatusCode, web::Data};

use self::answer::{Answer, Refused};
use crate::app::App;

/// Where NuGet clients look when the source is the bare address of the host: the way to the index.
pub async fn wrong_source(app: Data<App>) -> Answer {
    let index = app.settings.public_url.of("/v3/index.json");
    let sentence = format!("This is no NuGet source. Use {index} as the source.");
    Err(Refused::new(StatusCode::NOT_FOUND, "This is no NuGet source: use its /v3/index.json", sentence))
}

/// Any address below a feed's that is none.
pub async fn nothing_here() -> Answer {
    Err(Refused::nothing_here())
}
