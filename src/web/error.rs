//! What can go wrong on the way to a page, and the page that says so.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header::LOCATION},
};
use thiserror::Error;

use crate::{
    auth::{BadBody, password_check::NotChecked, password_hasher::Busy},
    store::StoreError,
};

/// In seconds.
pub(super) const RETRY_LATER: (&str, &str) = ("retry-after", "2");

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
    /// The person behind the session proves who they are first; the guard asks, and keeps the form.
    #[error("not proven")]
    Unproven(Option<String>),
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
    /// 503: too much of what costs something at once.
    #[error("no turn in time")]
    TooManyAtOnce,
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

impl From<NotChecked> for PageError {
    fn from(error: NotChecked) -> Self {
        match error {
            NotChecked::Store(error) => error.into(),
            NotChecked::Busy(busy) => busy.into(),
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
    pub(super) heading: &'static str,
    pub(super) text: String,
}

/// Travels with an answer to the guard, which knows what was sent: who asked has to sign in, or to send the form again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// Nobody is signed in.
    SignInFirst,
    /// Somebody is, but not in the session that the form was shown in.
    Late,
    /// Somebody is, and has to prove it; perhaps with what was wrong with the proof they sent.
    Unproven(Option<String>),
}

impl PageError {
    pub(crate) fn text(&self) -> ErrorText {
        let (heading, text) = match self {
            Self::Redirect(_) | Self::SignInFirst | Self::Unproven(_) => ("Elsewhere", String::new()),
            Self::NotFromUs | Self::Late => (
                "This form is out of date",
                "You may have signed in or out in another tab, or the page was open for long. Go back, reload the page and send the form again.".to_owned(),
            ),
            Self::NotFound => ("There is nothing here", "This page does not exist, or you do not have access to it.".to_owned()),
            Self::WrongMethod => ("This address works differently", "Go to the page and use its buttons.".to_owned()),
            Self::BadForm(_, text) => ("This form cannot be read", text.clone()),
            Self::Body(error) => ("The form did not arrive", error.to_string()),
            Self::Busy(error) => ("A moment, please", error.to_string()),
            Self::TooManyAtOnce => ("A moment, please", "Too many people are asking for this at the moment. Try again in a few seconds.".to_owned()),
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
            Self::NotFromUs | Self::Late | Self::Unproven(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadForm(status, _) => *status,
            Self::Body(BadBody::TooLarge(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(_) => StatusCode::REQUEST_TIMEOUT,
            Self::Busy(_) | Self::TooManyAtOnce | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut res = HttpResponse::build(status);
        match self {
            Self::Redirect(to) => return res.insert_header((LOCATION, to.as_str())).finish(),
            Self::Busy(_) | Self::TooManyAtOnce | Self::Store(_) => {
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
            Self::Unproven(why) => drop(res.extensions_mut().insert(Back::Unproven(why.clone()))),
            _ => {}
        }
        res.extensions_mut().insert(self.text());
        res
    }
}
