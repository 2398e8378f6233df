//! The HTTP API, `/api/v1/…` and the same under `/v1/…`: Bearer only, answers and refusals in JSON.

mod body;
pub mod can;
pub mod current;
mod idempotency;
mod if_match;
pub mod packages;
mod problem;
mod query;
mod request;
pub mod tokens;

use actix_web::HttpResponse;

use self::problem::{Answer, Problem};
pub use self::request::tell_end;

/// Any address of the API that is none.
pub async fn nothing_here() -> Answer {
    Err(Problem::not_found())
}

/// An address of the API by another method than those it knows.
pub fn wrong_method(allowed: &str) -> HttpResponse {
    Problem::wrong_method(allowed)
}
