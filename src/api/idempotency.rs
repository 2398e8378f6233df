//! `Idempotency-Key`: a program that got no answer sends its request again under the same name, and makes no second token.
//! (draft-ietf-httpapi-idempotency-key-header)

use actix_web::{HttpRequest, http::StatusCode};
use sha2::{Digest, Sha256};

use super::{body::Body, problem::Problem};
use crate::{
    app::App,
    tokens::{OneTime, TokenLookup},
};

/// Longest name of a request, in characters.
const LONGEST: usize = 255;

/// By what a request is known that issues a secret.
pub(super) struct RequestName {
    id: String,
    request: String,
}

impl RequestName {
    /// The name that the request gives itself, or one that no other has. Names of different accounts are different.
    pub(super) fn of(req: &HttpRequest, own: &TokenLookup, body: &Body, fallback: &str) -> Result<Self, Problem> {
        let mut sent = req.headers().get_all("idempotency-key");
        let Some(name) = sent.next() else { return Ok(Self { id: fallback.to_owned(), request: String::new() }) };
        let is_name = |bytes: &[u8]| (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        if sent.next().is_some() || !is_name(name.as_bytes()) {
            let detail = format!("Idempotency-Key must be 1 to {LONGEST} visible ASCII characters, sent once.");
            return Err(Problem::bad(detail));
        }
        let id = Sha256::new().chain_update(own.token.account.to_string()).chain_update(name.as_bytes());
        let request = format!("{} {}", req.path(), body.hash());
        Ok(Self { id: format!("api:{}", hex::encode(id.finalize())), request: hex::encode(Sha256::digest(request)) })
    }

    /// As the store takes it.
    pub(super) fn one_time(&self) -> OneTime<'_> {
        OneTime { id: &self.id, request: &self.request }
    }

    /// Whether a request of this name was answered before.
    pub(super) async fn was_answered(&self, app: &App) -> Result<bool, Problem> {
        Ok(app.store.request_of(&self.id).await?.is_some())
    }

    /// Refuses a name that was given to another request before: 422.
    pub(super) async fn is_the_same(&self, app: &App) -> Result<(), Problem> {
        let before = app.store.request_of(&self.id).await?;
        if before.is_none_or(|before| before == self.request) {
            return Ok(());
        }
        let detail = "This Idempotency-Key named another request before. Give each request a key of its own.";
        Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
    }
}
