//! Those who try too often: their page says how long to wait, and so does the answer, to programs.

use actix_web::{
    HttpMessage, HttpRequest,
    dev::ServiceResponse,
    http::{StatusCode, header::RETRY_AFTER},
};
use chrono::Duration;

use crate::tokens::expiry::in_words;

/// How long to wait; travels with a request that was one too many.
struct Patience(Duration);

/// What to say to somebody who tried too often. The answer, whatever page it is, becomes a 429 that says when to come
/// back.
pub fn too_many(req: &HttpRequest, wait: Duration) -> String {
    req.extensions_mut().insert(Patience(wait));
    format!("Too many attempts. Try again in {}.", in_words(wait))
}

/// Makes a 429 of the answer to a request that was one too many.
pub(crate) fn answered<B>(mut res: ServiceResponse<B>) -> ServiceResponse<B> {
    let wait = res.request().extensions().get::<Patience>().map(|patience| patience.0.num_seconds().max(1));
    if let Some(seconds) = wait {
        *res.response_mut().status_mut() = StatusCode::TOO_MANY_REQUESTS;
        res.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    res
}
