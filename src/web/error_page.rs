//! The page that says what went wrong.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use askama::Template;
use thiserror::Error;

use super::{
    error::{ErrorText, PageError, RETRY_LATER},
    page::Page,
};
use crate::store::StoreError;

/// 503 from outside the pages' own guard, where the page has to be drawn at once.
#[derive(Debug, Error)]
#[error("the session could not be read or kept")]
pub struct Outage(String);

impl Outage {
    /// The page that says so.
    pub fn new(page: Page, reference: String) -> Self {
        let text = PageError::Store(StoreError::Unreadable(String::new())).text();
        Self(draw(page, StatusCode::SERVICE_UNAVAILABLE, text, reference))
    }
}

impl ResponseError for Outage {
    fn status_code(&self) -> StatusCode {
        StatusCode::SERVICE_UNAVAILABLE
    }

    fn error_response(&self) -> HttpResponse {
        let mut res = HttpResponse::build(self.status_code());
        res.insert_header(RETRY_LATER).content_type("text/html; charset=utf-8").body(self.0.clone())
    }
}

#[derive(Template)]
#[template(path = "web/error_page.html")]
struct ErrorPage {
    page: Page,
    status: u16,
    heading: &'static str,
    text: String,
    reference: String,
}

/// The page that says what went wrong, in its title too; `reference` is the request's id.
pub fn draw(mut page: Page, status: StatusCode, error: ErrorText, reference: String) -> String {
    let ErrorText { heading, text } = error;
    page.title = heading.to_owned();
    let reference = if status.is_server_error() { reference } else { String::new() };
    let drawn = ErrorPage { page, status: status.as_u16(), heading, text: text.clone(), reference }.render();
    drawn.unwrap_or(text)
}
