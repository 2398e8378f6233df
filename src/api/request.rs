//! One request to the API: whose key it carries, and what every answer to it says about that key's end.

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue, WARNING},
    middleware::Next,
    web,
};
use chrono::{DateTime, SecondsFormat, Utc};

use super::problem::Problem;
use crate::{
    app::App,
    audit::Actor,
    auth::{Caller, CredentialScheme, Credentials, Refusal, UsageRecorder, ascii},
    tokens::{
        TokenLookup,
        decision::{Action, Ask},
        warning,
    },
};

/// A request with its caller.
pub(super) struct ApiRequest<'r> {
    req: &'r HttpRequest,
    app: &'r web::Data<App>,
    caller: Caller,
}

impl<'r> ApiRequest<'r> {
    /// Looks the bearer token up, with its account's part in `feed` (empty for none). Keys in other headers do not count.
    pub(super) async fn of(req: &'r HttpRequest, app: &'r web::Data<App>, feed: &str) -> Result<Self, Problem> {
        let credentials = Credentials::read(req.headers())?;
        let in_use = app.legacy.in_use(&app.store, &credentials).await?;
        match credentials.into_key(&in_use)? {
            Some(key) if key.scheme == CredentialScheme::Bearer => {
                let recorder = UsageRecorder::of(req, &app.usage_buffer, &app.settings.trusted_proxies);
                let request = Self { req, app, caller: Caller::look_up(&app.store, key, feed, recorder).await? };
                request.note_end();
                Ok(request)
            }
            _ => Err(Problem::no_token(app.settings.public_url.host())),
        }
    }

    /// Leaves word of a live token's end for [`tell_end`].
    fn note_end(&self) {
        let now = self.now();
        if let Some((token, at)) = self.caller.live_token(now).and_then(|token| Some((token, token.end()?))) {
            self.req.extensions_mut().insert(End { at, sentence: warning::sentence(token, now) });
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Whether the key is a live token's.
    pub(super) fn admit(&self) -> Result<&TokenLookup, Problem> {
        self.caller.admit(self.now()).map_err(|refusal| self.problem(&refusal, ""))
    }

    /// The same for a question, which is no use of the token.
    pub(super) fn admit_to_ask(&self) -> Result<&TokenLookup, Problem> {
        self.caller.admit_to_ask(self.now()).map_err(|refusal| self.problem(&refusal, ""))
    }

    /// Asks the decision about what the request does.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<&TokenLookup, Refusal> {
        self.caller.ask(ask, self.now())
    }

    /// Whether the key may look at its account.
    pub(super) fn look(&self) -> Result<&TokenLookup, Problem> {
        self.of_account(Action::Look)
    }

    /// Whether the key may change things of its account; gives its token, and who acts by it.
    pub(super) fn manage(&self) -> Result<(&TokenLookup, Actor), Problem> {
        let known = self.of_account(Action::Manage)?;
        Ok((known, self.caller.actor(known)))
    }

    fn of_account(&self, action: Action) -> Result<&TokenLookup, Problem> {
        let asked = self.ask(&Ask::of_account(action));
        asked.map_err(|refusal| self.problem(&refusal, action.scope()))
    }

    /// Asks what the key could do.
    pub(super) fn would_allow(&self, ask: &Ask<'_>) -> Result<&TokenLookup, Refusal> {
        self.caller.would_allow(ask, self.now())
    }

    /// A refusal in the API's dress.
    pub(super) fn problem(&self, refusal: &Refusal, scope: &str) -> Problem {
        Problem::of(refusal, self.app.settings.public_url.host(), scope)
    }
}

/// The end of the live token that a request carries.
struct End {
    at: DateTime<Utc>,
    sentence: Option<String>,
}

/// Tells the key's end with every answer to a live token, refusals included.
pub async fn tell_end(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut res = next.call(req).await?;
    let end = res.request().extensions_mut().remove::<End>();
    if let Some(End { at, sentence }) = end {
        add(res.headers_mut(), HeaderName::from_static("x-token-expires-at"), &rfc3339(at));
        // RFC 9111 has retired this header; command-line clients and proxies know it all the same.
        let said = sentence.map(|sentence| format!("299 - \"{}\"", ascii(&sentence).replace(['"', '\\'], "'")));
        said.into_iter().for_each(|warning| add(res.headers_mut(), WARNING, &warning));
    }
    Ok(res)
}

fn add(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// A time as the API writes it.
pub(super) fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}
