//! How refusals look to npm clients. They print `error` of the body (yarn 1 takes an answer without it for success, even a
//! 404), or `message`, and the header `npm-notice`. No answer has a challenge: every one hides the sentence, and no client
//! waits for one; a known departure from RFC 9110 §15.5.2.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use serde_json::{Value, json};

use crate::{
    auth::{CredentialScheme, ascii},
    packages::npm::{bad_document::BadDocument, manifest::BadManifest},
    registry::error::{Dialect, DoorError},
    tokens::Kind,
};

/// What a handler gives back.
pub type Answer = Result<HttpResponse, NpmError>;

/// A refusal at this door.
pub type NpmError = DoorError<NpmDialect>;

/// How npm clients are told.
#[derive(Debug)]
pub struct NpmDialect;

impl Dialect for NpmDialect {
    const KIND: Kind = Kind::Npm;
    const WARNING: &'static str = "npm-notice";
    const SEND_A_TOKEN: &'static str = "Send an access token: put it into .npmrc as _authToken of this registry. Create one under Settings, Access Tokens.";

    fn not_live(_: CredentialScheme) -> StatusCode {
        StatusCode::UNAUTHORIZED
    }

    fn answer(error: &NpmError) -> HttpResponse {
        let mut answer = HttpResponse::build(error.status);
        if error.warn {
            answer.insert_header((Self::WARNING, ascii(&error.sentence)));
        }
        answer.reason(error.phrase).json(body(&error.sentence))
    }
}

impl NpmError {
    /// What the client has read is not how things stand.
    pub(super) fn changed_meanwhile(package: &str) -> Self {
        let sentence = format!("{package} was changed in the meantime. Run the command again.");
        Self::new(StatusCode::CONFLICT, "It was changed in the meantime", sentence)
    }
}

/// A refusal in the three places where clients look for it.
fn body(sentence: &str) -> Value {
    json!({ "error": sentence, "message": sentence, "body": { "message": sentence } })
}

/// Any address below a feed's that is none: visibility, teams, the keys of signatures and whatever else is not served.
pub async fn no_address() -> Answer {
    Err(NpmError::nothing_here())
}

/// An address that is asked with a method it does not know.
pub async fn wrong_method(req: HttpRequest) -> Answer {
    let sentence =
        format!("This address does not take {}.", ascii(&req.method().as_str().chars().take(16).collect::<String>()));
    Err(NpmError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", sentence))
}

impl From<BadDocument> for NpmError {
    fn from(error: BadDocument) -> Self {
        Self::bad("This is not a document that can be taken", error.to_string())
    }
}

impl From<BadManifest> for NpmError {
    fn from(error: BadManifest) -> Self {
        Self::bad("This is not a package that can be taken", error.to_string())
    }
}
