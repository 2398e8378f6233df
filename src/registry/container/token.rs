//! The token service: a client that was challenged by its registry brings a key and says what it wants to do; it gets a
//! short proof of that part of it which the key may do (distribution specification, "Token Authentication Specification";
//! the form is that of "OAuth2 Token Authentication").

use std::cell::Cell;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header::CACHE_CONTROL},
    web::{Data, Payload},
};
use serde_json::json;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{
    claims::{self, Asker, TOLD_LIFE},
    decide_on,
    refusal::ContainerError,
};
use crate::{
    app::App,
    auth::{Caller, Credentials, Key, PasswordReader, UsageRecorder, read_body},
    packages::container::{
        name,
        proof::Access,
        scope::{Scope, Verbs},
    },
    tokens::{
        Kind, TokenId,
        decision::{Action, Ask, Class},
    },
};

/// The longest form of a POST, in bytes.
const LONGEST_FORM: usize = 64 * 1024;
/// What is said to whoever brings nothing.
const SEND_A_TOKEN: &str = "Sign in with docker login: any username, and an access token of this host as the password.";

/// `GET /container/token` and `POST /container/token`
///
/// # Errors
/// 401 with a sentence wherever nothing is granted: clients show it on no other status.
pub async fn issue_token(req: HttpRequest, app: Data<App>, body: Payload) -> Result<HttpResponse, ContainerError> {
    if app.settings.registry_services.is_empty() {
        return Err(ContainerError::not_served());
    }
    let request = TokenRequest::read(&req, &app, body).await?;
    let challenge = || format!("Basic realm=\"{}\"", app.settings.public_url.host());
    let proof = request.answer().await.map_err(|error| error.challenged(challenge()))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(json!({
        "token": proof,
        "access_token": proof,
        "expires_in": TOLD_LIFE.num_seconds(),
    })))
}

/// What a client asks.
struct TokenRequest<'r> {
    req: &'r HttpRequest,
    app: &'r Data<App>,
    parameters: Vec<(String, Zeroizing<String>)>,
    /// Who gave the right password, once that was checked.
    reader: Cell<Option<PasswordReader>>,
}

/// What was granted of a scope, and why not all of it.
#[derive(Default)]
struct Judged {
    access: Option<Access>,
    refused: Option<String>,
}

impl<'r> TokenRequest<'r> {
    async fn read(req: &'r HttpRequest, app: &'r Data<App>, body: Payload) -> Result<Self, ContainerError> {
        let mut parameters = pairs(req.query_string().as_bytes());
        if req.method() == Method::POST {
            parameters.extend(pairs(&read_body(body, LONGEST_FORM).await?));
        }
        Ok(Self { req, app, parameters, reader: Cell::default() })
    }

    fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.parameters.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The registry that is to be told; one of those this host is for.
    fn service(&self) -> Result<&str, ContainerError> {
        let known = &self.app.settings.registry_services;
        let named = self.values("service").next();
        let is_one = self.values("service").all(|more| Some(more) == named);
        named.filter(|service| is_one && known.iter().any(|own| own == service)).ok_or_else(|| {
            ContainerError::unauthorized(format!(
                "The registry asks for the service {:?}, and this host is for {}. Its operator sets one to the other.",
                named.unwrap_or_default(),
                known.join(", ")
            ))
        })
    }

    async fn answer(&self) -> Result<String, ContainerError> {
        let service = self.service()?;
        let scopes = Scope::parse_all(self.values("scope"));
        let asks_nothing = self.values("scope").all(|scope| scope.trim().is_empty());
        match self.caller("").await? {
            None => self.for_anybody(service, &scopes).await,
            Some(caller) if asks_nothing => self.for_sign_in(service, &caller).await,
            Some(caller) => self.for_key(service, caller, &scopes).await,
        }
    }

    /// What public feeds allow without a key.
    async fn for_anybody(&self, service: &str, scopes: &[Scope]) -> Result<String, ContainerError> {
        let mut access = Vec::new();
        for scope in scopes.iter().filter(|scope| scope.asked().pull) {
            let Some(feed) = scope.feed() else { continue };
            if self.app.store.feed(feed, None).await?.is_some_and(|found| found.feed.is_public) {
                access.push(granted(scope, Verbs::PULL));
            }
        }
        if access.is_empty() {
            return Err(ContainerError::unauthorized(SEND_A_TOKEN));
        }
        Ok(claims::sign(self.app, service, Asker::default(), access).await?)
    }

    /// `docker login`: any key that is good for containers at all.
    async fn for_sign_in(&self, service: &str, caller: &Caller) -> Result<String, ContainerError> {
        let now = self.app.clock.now();
        let ask = |action| Ask::of_account(action);
        let pull = ask(Action::Pull(Kind::Container));
        let delete = ask(Action::Delete(Kind::Container));
        let possible = if caller.would_allow(&delete, now).is_ok() { delete } else { pull };
        let known = caller.ask(&possible, now).map_err(|refusal| ContainerError::unauthorized(refusal.sentence))?;
        Ok(claims::sign(self.app, service, Asker::of(caller, known), Vec::new()).await?)
    }

    /// What a key may do of what is asked. Less than all is no error, nothing is one.
    async fn for_key(&self, service: &str, first: Caller, scopes: &[Scope]) -> Result<String, ContainerError> {
        let now = self.app.clock.now();
        let (asker, token) = match first.admit_to_ask(now) {
            Ok(known) => (Asker::of(&first, known), known.token.id),
            Err(_) => return Err(self.not_live(&first, scopes)),
        };
        // Clients ask to pull from wherever they saw the layers that they push, from under other names and keys too.
        let pushes = scopes.iter().any(|scope| scope.asked().push);
        let mut all = Vec::new();
        for scope in scopes {
            let mounts = pushes && !scope.asked().push;
            all.push(self.judge(scope, mounts, token).await?);
        }
        let refused = all.iter_mut().find_map(|judged| judged.refused.take());
        let access: Vec<Access> = all.into_iter().filter_map(|judged| judged.access).collect();
        if access.is_empty() {
            let nothing = "No repository was asked for that this host knows of.".to_owned();
            return Err(ContainerError::unauthorized(refused.unwrap_or(nothing)));
        }
        Ok(claims::sign(self.app, service, asker, access).await?)
    }

    /// Why a key that is no live token's is refused; noted with the first thing it was to do.
    fn not_live(&self, caller: &Caller, scopes: &[Scope]) -> ContainerError {
        let asked = scopes.iter().find_map(|scope| Some((scope, scope.asked().each().next()?)));
        let ask = match asked {
            Some((scope, verb)) => decide_on(verb, scope.feed().map(|feed| (feed, None)), &scope.repository),
            None => Ask::of_account(Action::Pull(Kind::Container)),
        };
        let refused = caller.ask(&ask, self.app.clock.now()).err();
        ContainerError::unauthorized(refused.map_or_else(|| SEND_A_TOKEN.to_owned(), |refusal| refusal.sentence))
    }

    /// Judges what is asked of one repository, each verb by itself. `quietly` for what a client asks unasked: nothing is
    /// noted of what is refused.
    async fn judge(&self, scope: &Scope, quietly: bool, token: TokenId) -> Result<Judged, ContainerError> {
        let Some(feed) = scope.feed() else {
            let sentence = name::NEEDS_FEED.to_owned();
            return Ok(Judged { access: None, refused: Some(sentence) });
        };
        let Some(caller) = self.caller(feed).await? else { return Ok(Judged::default()) };
        let now = self.app.clock.now();
        let known = caller.known().filter(|known| known.token.id == token);
        let feed = Some((feed, known.and_then(|known| known.feed)));
        let (mut allowed, mut refused) = (Verbs::default(), None);
        for verb in scope.asked().each() {
            let ask = decide_on(verb, feed, &scope.repository);
            match caller.would_allow(&ask, now) {
                Ok(_) => {
                    allowed = allowed.and(verb);
                    let _ = caller.ask(&ask, now);
                    caller.note_use();
                }
                // Whoever may not even read is told about what they came for, which is asked with it.
                Err(refusal) => refused = Some((ask, refusal)),
            }
        }
        let is_noted = !quietly && !scope.whatever;
        if let Some((ask, _)) = refused.as_ref().filter(|(_, why)| is_noted || why.reason.class() == Class::NotLive) {
            let _ = caller.ask(ask, now);
            caller.note_use();
        }
        let refused = refused.map(|(_, refusal)| refusal.sentence);
        let access = (allowed != Verbs::default()).then(|| granted(scope, allowed));
        Ok(Judged { access, refused })
    }

    /// Whose key it is, with its account's part in `feed`; none for no credential.
    async fn caller(&self, feed: &str) -> Result<Option<Caller>, ContainerError> {
        let App { store, usage_buffer, settings, password_reads, .. } = &***self.app;
        let recorder = UsageRecorder::of(self.req, usage_buffer, &settings.trusted_proxies);
        let now = self.app.clock.now();
        if let Some(reader) = self.reader.get() {
            return Ok(Some(password_reads.caller(store, (Some(reader), feed), recorder, now).await?));
        }
        let Some(key) = self.key().await? else { return Ok(None) };
        let caller = password_reads.look_up(store, (key, feed), recorder, now).await?;
        self.reader.set(caller.password_reader());
        Ok(Some(caller))
    }

    /// The key in the form of a POST, or in the headers.
    async fn key(&self) -> Result<Option<Key>, ContainerError> {
        match self.values("grant_type").next().filter(|_| self.req.method() == Method::POST) {
            Some("password") => {
                let username = self.values("username").next().unwrap_or_default();
                Ok(self.values("password").next().map(|password| Key::of_user(username, password)))
            }
            Some(_) => Err(ContainerError::unauthorized(
                "Nothing but a username and an access token as the password is taken here. Sign in again.",
            )),
            None => {
                let credentials = Credentials::read(self.req.headers())?;
                let in_use = self.app.legacy.in_use(&self.app.store, &credentials).await?;
                Ok(credentials.into_key(&in_use)?)
            }
        }
    }
}

fn pairs(text: &[u8]) -> Vec<(String, Zeroizing<String>)> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect()
}

fn granted(scope: &Scope, verbs: Verbs) -> Access {
    let actions = verbs.each().map(Verbs::words).collect();
    Access { kind: "repository".to_owned(), name: scope.repository.clone(), actions }
}
