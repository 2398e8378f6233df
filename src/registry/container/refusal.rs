//! Refusals as clients of container registries show them: the errors JSON of the distribution specification, in ASCII,
//! because proxies carry the sentence in a header.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::json;

use crate::{
    auth::{Ambiguous, BadBody, NotLookedUp, ascii},
    store::StoreError,
};

/// The sentence once more, for proxies that drop the body of what a sub-request answers. Free of `"` and `\`, so that it
/// can be put into JSON as it is.
const MESSAGE: HeaderName = HeaderName::from_static("x-latchkey-message");

/// A refusal.
#[derive(Debug)]
pub struct ContainerError {
    status: StatusCode,
    code: &'static str,
    sentence: String,
    challenge: Option<String>,
}

impl ContainerError {
    /// A credential is missing or of no use for anything that was asked: clients show the sentence on a 401 alone.
    pub(super) fn unauthorized(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, code: "UNAUTHORIZED", sentence: sentence.into(), challenge: None }
    }

    /// The key may not do this.
    pub(super) fn denied(sentence: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, code: "DENIED", sentence: sentence.into(), challenge: None }
    }

    /// This host serves no containers.
    pub(super) fn not_served() -> Self {
        let sentence = "This host serves no containers.".to_owned();
        Self { status: StatusCode::NOT_FOUND, code: "UNSUPPORTED", sentence, challenge: None }
    }

    /// What was sent cannot be read.
    pub(super) fn malformed(error: impl fmt::Display) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "UNSUPPORTED", sentence: error.to_string(), challenge: None }
    }

    /// With the value of `WWW-Authenticate`.
    pub(super) fn challenged(self, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    fn unavailable() -> Self {
        let sentence = "The host cannot answer just now. Try again in a moment.".to_owned();
        Self { status: StatusCode::SERVICE_UNAVAILABLE, code: "UNAVAILABLE", sentence, challenge: None }
    }
}

impl From<StoreError> for ContainerError {
    fn from(error: StoreError) -> Self {
        tracing::error!("a container request could not be answered: {error}");
        Self::unavailable()
    }
}

impl From<NotLookedUp> for ContainerError {
    fn from(error: NotLookedUp) -> Self {
        match error {
            NotLookedUp::Store(error) => error.into(),
            NotLookedUp::Busy(_) | NotLookedUp::Wait(_) => {
                let sentence = error.to_string();
                Self { status: StatusCode::TOO_MANY_REQUESTS, code: "TOOMANYREQUESTS", sentence, challenge: None }
            }
        }
    }
}

impl From<anyhow::Error> for ContainerError {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!("a container request could not be answered: {error:#}");
        Self::unavailable()
    }
}

impl From<Ambiguous> for ContainerError {
    fn from(error: Ambiguous) -> Self {
        Self::unauthorized(error.to_string())
    }
}

impl From<BadBody> for ContainerError {
    fn from(error: BadBody) -> Self {
        Self::unauthorized(error.to_string())
    }
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.sentence)
    }
}

impl std::error::Error for ContainerError {}

impl ResponseError for ContainerError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let sentence = ascii(&self.sentence).replace('"', "'").replace('\\', "/");
        let mut answer = HttpResponse::build(self.status);
        if let Ok(text) = HeaderValue::from_str(&sentence) {
            answer.insert_header((MESSAGE, text));
        }
        if let Some(challenge) = &self.challenge {
            answer.insert_header((WWW_AUTHENTICATE, challenge.as_str()));
        }
        let later = match self.status {
            StatusCode::SERVICE_UNAVAILABLE => Some("2"),
            StatusCode::TOO_MANY_REQUESTS => Some("30"),
            _ => None,
        };
        if let Some(seconds) = later {
            answer.insert_header((RETRY_AFTER, seconds));
        }
        answer.json(json!({ "errors": [{ "code": self.code, "message": sentence, "detail": null }] }))
    }
}
