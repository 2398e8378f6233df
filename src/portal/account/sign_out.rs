//! Signing out ends the session on the server and in the browser.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::web::{error::PageError, form::Form, page::go_to, session::TypedSession};

/// The form holds nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// `POST /sign-out`
pub async fn sign_out(
    req: HttpRequest,
    session: Session,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    TypedSession(session).end();
    let mut res = go_to(&req, "/");
    res.headers_mut().insert(
        actix_web::http::header::HeaderName::from_static("clear-site-data"),
        actix_web::http::header::HeaderValue::from_static("\"cache\", \"storage\""),
    );
    Ok(res)
}
