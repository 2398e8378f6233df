//! One request to the API: whose key it carries, and what the answers say about that key's end.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::problem::{Answer, Problem};
use crate::{
    access::{Caller, Dress, Refusal, Witness, presented_key},
    app::App,
    store::Known,
    tokens::{Token, decision::Ask},
};

/// A request with its caller.
pub(super) struct Visit<'r> {
    app: &'r web::Data<App>,
    caller: Caller,
}

impl<'r> Visit<'r> {
    /// Looks the bearer token up, with its account's part in `feed` (empty for none). Keys in other headers do not count.
    pub(super) async fn of(req: &'r HttpRequest, app: &'r web::Data<App>, feed: &str) -> Result<Self, Problem> {
        match presented_key(req.headers())? {
            Some(key) if key.dress == Dress::Bearer => {
                let witness = Witness::of(req, &app.evidence, &app.settings.trusted_proxies);
                Ok(Self { app, caller: Caller::look_up(&app.store, key, feed, witness).await? })
            }
            _ => Err(Problem::no_token(app.settings.public_url.host())),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Whether the key is a live token's.
    pub(super) fn admit(&self) -> Result<&Known, Problem> {
        self.caller.admit(self.now()).map_err(|refusal| self.problem(&refusal, ""))
    }

    /// Asks the decision about what the request does.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<&Known, Refusal> {
        self.caller.ask(ask, self.now())
    }

    /// Asks what the key could do.
    pub(super) fn could(&self, ask: &Ask<'_>) -> Result<&Known, Refusal> {
        self.caller.could(ask, self.now())
    }

    /// A refusal in the API's dress.
    pub(super) fn problem(&self, refusal: &Refusal, scope: &str) -> Problem {
        Problem::of(refusal, self.app.settings.public_url.host(), scope)
    }

    /// An answer that tells when the key ends.
    pub(super) fn json(&self, token: &Token, value: &Value) -> Answer {
        let mut answer = HttpResponse::Ok();
        if let Some(end) = token.expires_at {
            answer.insert_header(("X-Token-Expires-At", rfc3339(end)));
        }
        Ok(answer.json(value))
    }
}

/// A time as the API writes it.
pub(super) fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
