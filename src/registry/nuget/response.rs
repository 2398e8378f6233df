//! How refusals look to NuGet clients, which print the reason phrase and the header `X-NuGet-Warning`, and no body.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
};

use crate::{
    auth::{CredentialScheme, ascii},
    registry::error::{Dialect, DoorError},
    tokens::Kind,
};

/// What a handler gives back.
pub type Answer = Result<HttpResponse, NuGetError>;

/// A refusal at this door.
pub type NuGetError = DoorError<NuGetDialect>;

/// How NuGet clients are told.
#[derive(Debug)]
pub struct NuGetDialect;

impl Dialect for NuGetDialect {
    const KIND: Kind = Kind::NuGet;
    const WARNING: &'static str = "X-NuGet-Warning";
    const SEND_A_TOKEN: &'static str =
        "Send an access token: as password with any username, or in X-NuGet-ApiKey to push.";

    /// A 401 in answer to `X-NuGet-ApiKey` would make the client ask for a password.
    fn not_live(scheme: CredentialScheme) -> StatusCode {
        match scheme {
            CredentialScheme::Basic | CredentialScheme::Bearer => StatusCode::UNAUTHORIZED,
            CredentialScheme::ApiKey | CredentialScheme::Address => StatusCode::FORBIDDEN,
        }
    }

    fn answer(error: &NuGetError) -> HttpResponse {
        let mut answer = HttpResponse::build(error.status);
        answer.reason(error.phrase).insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"));
        if let Some(realm) = &error.realm {
            answer.insert_header((WWW_AUTHENTICATE, format!("Basic realm=\"{realm}\"")));
        }
        if error.warn {
            answer.insert_header((Self::WARNING, ascii(&error.sentence)));
        }
        answer.body(error.sentence.clone())
    }
}
