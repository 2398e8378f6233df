//! Refusals of the API: problem details (RFC 9457) with the challenges of bearer tokens (RFC 6750).

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::{Value, json};

use crate::{
    auth::{Ambiguous, Refusal},
    store::StoreError,
    tokens::decision::{Class, Reason},
};

/// What a handler gives back.
pub type Answer = Result<HttpResponse, Problem>;

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    reason: Option<Reason>,
    challenge: Option<String>,
    /// Whether the question was what the key may do; then the answer has that form too.
    about_can: bool,
}

impl Problem {
    /// A refusal with its sentence.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), reason: None, challenge: None, about_can: false }
    }

    /// Input that cannot be used.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// An address that is none.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
    }

    /// A method the address does not know.
    pub(super) fn wrong_method(allowed: &'static str) -> HttpResponse {
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("Use one of: {allowed}."));
        let mut answer = problem.error_response();
        answer.headers_mut().insert(ALLOW, actix_web::http::header::HeaderValue::from_static(allowed));
        answer
    }

    /// A request without a bearer token.
    pub(super) fn no_token(host: &str) -> Self {
        let detail = "Send an access token in the header Authorization: Bearer.";
        Self { challenge: Some(format!("Bearer realm=\"{host}\"")), ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    /// What the decision refused; `scope` names the permissions of which one would do.
    pub(super) fn of(refusal: &Refusal, host: &str, scope: &str) -> Self {
        let (status, challenge) = match refusal.reason.class() {
            Class::NotLive => {
                let described = refusal.reason.phrase();
                let error =
                    format!("Bearer realm=\"{host}\", error=\"invalid_token\", error_description=\"{described}\"");
                (StatusCode::UNAUTHORIZED, Some(error))
            }
            Class::Forbidden => {
                let error = format!("Bearer realm=\"{host}\", error=\"insufficient_scope\", scope=\"{scope}\"");
                (StatusCode::FORBIDDEN, Some(error))
            }
            Class::NotFound => (StatusCode::NOT_FOUND, None),
        };
        Self { reason: Some(refusal.reason), challenge, ..Self::new(status, refusal.sentence.as_str()) }
    }

    /// The same as an answer to what a key may do.
    pub(super) fn about_can(self) -> Self {
        Self { about_can: true, ..self }
    }

    fn document(&self) -> Value {
        let mut document = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if let Some(reason) = self.reason {
            document["reason"] = json!(reason.as_str());
        }
        if self.about_can && self.status == StatusCode::UNAUTHORIZED {
            document["allowed"] = json!(false);
            document["reason"] = json!(self.reason.unwrap_or(Reason::NotAToken).as_str());
            document["message"] = json!(self.detail);
            document["expires_at"] = Value::Null;
        }
        document
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request could not be answered");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("{} Try again in a moment.", error.sentence()))
    }
}

impl From<Ambiguous> for Problem {
    fn from(error: Ambiguous) -> Self {
        Self::bad(error.to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.content_type("application/problem+json");
        if let Some(challenge) = &self.challenge {
            answer.insert_header((WWW_AUTHENTICATE, challenge.as_str()));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.insert_header((RETRY_AFTER, "2"));
        }
        answer.body(self.document().to_string())
    }
}
