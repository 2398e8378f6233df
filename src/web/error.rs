//! What can go wrong on the way to a page, and the page that says so.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header::LOCATION},
};
use askama::Template;
use thiserror::Error;

use super::page::Page;
use crate::{
    auth::{BadBody, password_hasher::Busy},
    store::StoreError,
};

/// In seconds.
const RETRY_LATER: (&str, &str) = ("retry-after", "2");

/// The web error of the portal; each variant says which answer it becomes.
#[derive(Debug, Error)]
pub enum PageError {
    /// 303 to a path of ours.
    #[error("elsewhere: {0}")]
    Redirect(String),
    /// The guard makes of it the page where one signs in, which leads back.
    #[error("nobody is signed in")]
    SignInFirst,
    /// The form was sent from a page of another session; the guard gives it back to its sender.
    #[error("a form of another session")]
    Late,
    /// 403: the form did not come from our page in this browser.
    #[error("not from us")]
    NotFromUs,
    /// 404: no such page, or not yours.
    #[error("not found")]
    NotFound,
    /// 405: the page is there, the method is not.
    #[error("wrong method")]
    WrongMethod,
    /// 400, 415 or 422: not a form we sent.
    #[error("bad form: {1}")]
    BadForm(StatusCode, String),
    /// 408 or 413.
    #[error(transparent)]
    Body(#[from] BadBody),
    /// 503: too many sign-ins at once.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// 503: the database.
    #[error(transparent)]
    Store(StoreError),
    /// 500: a fault of ours.
    #[error("{0:#}")]
    Fault(#[from] anyhow::Error),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SessionEnded => Self::SignInFirst,
            StoreError::NoOperator => Self::NotFound,
            error => Self::Store(error),
        }
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Travels with an answer to the place that knows how to draw a page.
#[derive(Clone, Debug)]
pub struct ErrorText {
    heading: &'static str,
    text: String,
}

/// Travels with an answer to the guard, which knows what was sent: who asked has to sign in, or to send the form again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// Nobody is signed in.
    SignInFirst,
    /// Somebody is, but not in the session that the form was shown in.
    Late,
}

impl PageError {
    pub(crate) fn text(&self) -> ErrorText {
        let (heading, text) = match self {
            Self::Redirect(_) | Self::SignInFirst => ("Elsewhere", String::new()),
            Self::NotFromUs | Self::Late => (
                "This form is out of date",
                "You may have signed in or out in another tab, or the page was open for long. Go back, reload the page and send the form again.".to_owned(),
            ),
            Self::NotFound => ("There is nothing here", "The address is mistyped, what it showed is gone, or it belongs to somebody else.".to_owned()),
            Self::WrongMethod => ("This address works differently", "Go to the page and use its buttons.".to_owned()),
            Self::BadForm(_, text) => ("This form cannot be read", text.clone()),
            Self::Body(error) => ("The form did not arrive", error.to_string()),
            Self::Busy(error) => ("A moment, please", error.to_string()),
            Self::Store(error @ StoreError::Full(_)) => ("The disk is full", format!("{} Nothing was changed.", error.sentence())),
            Self::Store(error) => ("Try again in a moment", format!("{} Nothing was changed. Go back and send the form again.", error.sentence())),
            Self::Fault(_) => ("Something broke", "It is our fault, and it has been logged. Try again; if it happens again, tell the operator.".to_owned()),
        };
        ErrorText { heading, text }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Redirect(_) | Self::SignInFirst => StatusCode::SEE_OTHER,
            Self::NotFromUs | Self::Late => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadForm(status, _) => *status,
            Self::Body(BadBody::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut res = HttpResponse::build(status);
        match self {
            Self::Redirect(to) => return res.insert_header((LOCATION, to.as_str())).finish(),
            Self::Busy(_) | Self::Store(_) => {
                tracing::warn!(error = %self, "page not served");
                res.insert_header(RETRY_LATER);
            }
            Self::Fault(_) => tracing::error!(error = %self, "page not served"),
            _ => {}
        }
        let mut res = res.finish();
        match self {
            Self::SignInFirst => drop(res.extensions_mut().insert(Back::SignInFirst)),
            Self::Late => drop(res.extensions_mut().insert(Back::Late)),
            _ => {}
        }
        res.extensions_mut().insert(self.text());
        res
    }
}

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
#[template(path = "web/error.html")]
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
