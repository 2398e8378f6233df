//! The HTTP API, `/api/v1/…` and the same under `/v1/…`: Bearer only, answers and refusals in JSON.

pub mod can;
pub mod current;
pub mod packages;
mod problem;
mod query;
mod request;

use actix_web::HttpResponse;

use self::problem::{Answer, Problem};
pub use self::request::tell_end;

/// Any address of the API that is none.
pub async fn nothing_here() -> Answer {
    Err(Problem::not_found())
}

/// An address of the API by another method than those it reads with.
pub async fn wrong_method() -> HttpResponse {
    Problem::wrong_method("GET, HEAD")
}
