//! Refusals of the API: problem details (RFC 9457) with the challenges of bearer tokens (RFC 6750).

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    auth::{Ambiguous, Refusal},
    store::StoreError,
    tokens::decision::{Class, Reason},
};

/// What a handler gives back.
pub type Answer = Result<HttpResponse, Problem>;

/// A refusal as it is sent (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "for the description of the API; what is sent is made by hand")]
pub(super) struct ProblemDocument {
    /// `about:blank`: the status says what it is.
    #[schema(rename = "type")]
    kind: String,
    /// The name of the status.
    title: String,
    /// The status.
    status: u16,
    /// What is wrong and what to do about it, in a sentence or two.
    detail: String,
    /// Where a token was refused: which rule failed.
    reason: Option<String>,
    /// Where a body was refused: what is wrong with which part of it.
    errors: Option<Vec<FieldProblem>>,
}

/// What is wrong with a part of a body, and what to do about it.
#[derive(Debug, ToSchema)]
pub(super) struct FieldProblem {
    /// Which part: a JSON pointer as a fragment, such as `#/patterns`.
    pub pointer: String,
    /// What is wrong with it.
    pub detail: String,
}

/// A refusal.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    reason: Option<Reason>,
    challenge: Option<String>,
    /// What is wrong with which part of the body.
    errors: Vec<FieldProblem>,
    /// Whether the question was what the key may do; then the answer has that form too.
    about_can: bool,
}

impl Problem {
    /// A refusal with its sentence.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), reason: None, challenge: None, errors: Vec::new(), about_can: false }
    }

    /// Input that cannot be used.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// A body that can be read, and not used: 422.
    pub(super) fn invalid(errors: Vec<FieldProblem>) -> Self {
        let count = errors.len();
        let detail = match errors.as_slice() {
            [one] => one.detail.clone(),
            _ => format!("{count} things in the body are to be corrected. Nothing was changed."),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// Something that cannot be done as things are now: 409.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// What the token that asks does not reach itself: 403.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// The same of parts of a body.
    pub(super) fn outside(errors: Vec<FieldProblem>) -> Self {
        Self { status: StatusCode::FORBIDDEN, ..Self::invalid(errors) }
    }

    /// The thing was changed since it was looked at: 412.
    pub(super) fn changed() -> Self {
        let detail = "It was changed since you looked at it, so nothing was done. Look at it again.";
        Self::new(StatusCode::PRECONDITION_FAILED, detail)
    }

    /// An address that is none.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
    }

    /// A method the address does not know.
    pub(super) fn wrong_method(allowed: &str) -> HttpResponse {
        let problem = Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("Use one of: {allowed}."));
        let mut answer = problem.error_response();
        if let Ok(allowed) = HeaderValue::from_str(allowed) {
            answer.headers_mut().insert(ALLOW, allowed);
        }
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
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|error| json!({ "pointer": error.pointer, "detail": error.detail }));
            document["errors"] = errors.collect();
        }
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
        if matches!(error, StoreError::KeyChanged) {
            return Self::conflict(format!("{} Send the request again.", error.sentence()));
        }
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
        write!(f, "{} {}", self.status, self.detail)?;
        self.errors.iter().try_for_each(|error| write!(f, " {}: {}", error.pointer, error.detail))
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
