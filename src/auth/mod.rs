//! What every door shares: reading the presented key, looking it up, asking the decision, noting the use.
//! Each door adds only its dress: which status, header and body a refusal wears.

mod access_check;
mod account_limiter;
mod anonymous_searches;
mod authorization;
mod body;
mod client_ip;
mod concurrency;
mod connections;
mod credential;
mod legacy;
pub mod multipart;
mod pace;
pub mod password_check;
pub mod password_hasher;
pub mod password_link;
mod password_reads;
mod push_queue;
pub mod rate_limiter;
mod request_scope;
pub mod sign_in_attempt;
pub mod signing_keys;
mod usage_buffer;
mod usage_recorder;

use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

pub use self::{
    access_check::{AccessCheck, BadAccessCheck},
    account_limiter::{AccountLimiter, AccountTurn},
    anonymous_searches::AnonymousSearches,
    body::{BadBody, read_body},
    client_ip::client_address,
    concurrency::ConcurrencyLimiter,
    connections::{Answering, Connection, Connections, OpenConnection, OpenRequest},
    credential::{Ambiguous, CredentialScheme, Credentials, Key},
    legacy::LegacyKeys,
    pace::{Pace, Rate},
    password_reads::{NotLookedUp, PasswordReader, PasswordReads},
    push_queue::{PushPermit, PushQueue, QueueFull},
    request_scope::{InRequest, RequestId, RequestScope},
    usage_buffer::{Capacity, UsageBuffer},
    usage_recorder::UsageRecorder,
};
use crate::{
    audit::{ActingKey, Actor},
    store::{Result, Store, Transaction},
    tokens::{
        SecretHash, Token, TokenLookup,
        decision::{Action, Ask, Reason, admit, decide},
        legacy::{Shape, looks_like_key},
        secret,
    },
};

/// Longest client name that is kept, in characters.
const MAX_CLIENT: usize = 200;

/// A key with what the look-up found. Made once per request, asked as often as needed; what the last answer was is noted
/// when the request is over.
#[derive(Debug)]
pub struct Caller {
    key: Key,
    known: Option<Arc<TokenLookup>>,
    recorder: UsageRecorder,
    password: Password,
}

/// Whether somebody comes with a password instead of a key, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Password {
    None,
    Wrong,
    Of(PasswordReader),
}

/// A refusal, before a door dresses it.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The rule that failed.
    pub reason: Reason,
    /// How the key was presented.
    pub scheme: CredentialScheme,
    /// Which rule failed and how to mend it.
    pub sentence: String,
}

/// What is said to a client that sends the key in the wrong half of Basic. Whether the key is good is not looked up.
const KEY_AS_USERNAME: &str = "The key was sent as the username. Send it as the password, with any username.";
/// What is said to whoever wants more than to read with a password.
const PASSWORDS_READ: &str = "A password reads packages and does nothing else. Create an access token under Settings, Access Tokens, and send it instead of the password.";
const WRONG_PASSWORD: &str =
    "Username or password is wrong. Send those that you sign in with, or an access token as the password.";

impl Caller {
    /// Looks a presented key up, together with its account's part in `feed` (empty for none).
    /// A key of the wrong shape is not looked up at all.
    pub async fn look_up(store: &Store, key: Key, feed: &str, recorder: UsageRecorder) -> Result<Self> {
        let mut caller = Self { key, known: None, recorder, password: Password::None };
        caller.reload(store, feed).await?;
        Ok(caller)
    }

    /// A token that is presented by a private address of its own.
    pub fn by_address(known: TokenLookup, recorder: UsageRecorder) -> Self {
        let known = Arc::new(known);
        RequestScope::note_token(&known);
        Self { key: Key::of_address(), known: Some(known), recorder, password: Password::None }
    }

    /// Somebody who came with a password, if it was right, as far as it goes at this moment.
    fn by_password(known: Option<TokenLookup>, reader: Option<PasswordReader>, recorder: UsageRecorder) -> Self {
        if let Some(known) = &known {
            RequestScope::note_account(&known.username);
        }
        let password = reader.filter(|_| known.is_some()).map_or(Password::Wrong, Password::Of);
        Self { key: Key::of_password(""), known: known.map(Arc::new), recorder, password }
    }

    /// Who gave their password instead of a key, and gave the right one.
    pub fn password_reader(&self) -> Option<PasswordReader> {
        match self.password {
            Password::Of(reader) => Some(reader),
            Password::None | Password::Wrong => None,
        }
    }

    /// What the database is asked for: by it a proof that this key was presented tells which one it was.
    pub fn key_hash(&self) -> Option<SecretHash> {
        self.key.hash()
    }

    /// Notes now what the last judgement said; for a request that asks for several things, each by itself.
    pub fn note_use(&self) {
        self.recorder.note();
    }

    /// Looks the key up once more: from then on the facts of that moment count.
    pub async fn reload(&mut self, store: &Store, feed: &str) -> Result<()> {
        if let Some(hash) = self.key.hash() {
            self.known = store.lookup_token(hash, feed).await?;
            self.known.iter().for_each(RequestScope::note_token);
        }
        Ok(())
    }

    /// The same inside a change.
    pub async fn reload_in(&mut self, tx: &mut Transaction, feed: &str) -> Result<()> {
        if let Some(hash) = self.key.hash() {
            self.known = tx.lookup_token(hash, feed).await?.map(Arc::new);
        }
        Ok(())
    }

    /// What the look-up found; none for a key nobody was given.
    pub fn known(&self) -> Option<&TokenLookup> {
        self.known.as_deref()
    }

    /// How the key was presented.
    pub fn scheme(&self) -> CredentialScheme {
        self.key.scheme
    }

    /// Who makes the request, for the record; `known` is what the look-up found.
    pub fn actor(&self, known: &TokenLookup) -> Actor {
        let key = self.key.hash().map(|secret| ActingKey::new(secret, &known.token));
        Actor { key, ..self.recorder.actor(known) }
    }

    /// Whether the key is a live token's; gives what is known of it.
    pub fn admit(&self, now: DateTime<Utc>) -> std::result::Result<&TokenLookup, Refusal> {
        self.record_decision(self.admitted(now).map(drop), None, now)
    }

    /// The same for a question about the key, which is no use of it: nothing is recorded, whatever the answer.
    pub fn admit_to_ask(&self, now: DateTime<Utc>) -> std::result::Result<&TokenLookup, Refusal> {
        self.admitted(now).map_err(|reason| self.refusal(reason, &Ask::of_account(Action::Look), now))
    }

    /// The key's token, if it is live; nothing is noted.
    pub fn live_token(&self, now: DateTime<Utc>) -> Option<&Token> {
        self.admitted(now).ok().map(|known| &known.token)
    }

    fn admitted(&self, now: DateTime<Utc>) -> std::result::Result<&TokenLookup, Reason> {
        let known = self.known().ok_or(Reason::NotAToken)?;
        admit(Some(known.presented()), known.holder.disabled, now).check().map(|()| known)
    }

    /// Whether the key may do what is asked, which the request then does; gives what is known of it.
    pub fn ask(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<&TokenLookup, Refusal> {
        self.record_decision(self.decide(ask, now), Some(ask), now)
    }

    /// Whether the key could do what is asked: a question only, of which nothing is noted.
    pub fn would_allow(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<&TokenLookup, Refusal> {
        let decided = self.decide(ask, now);
        decided.and_then(|()| self.known().ok_or(Reason::NotAToken)).map_err(|reason| self.refusal(reason, ask, now))
    }

    fn decide(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<(), Reason> {
        let known = self.known().ok_or(Reason::NotAToken)?;
        decide(Some(known.presented()), &known.holder, ask, now).check()
    }

    /// Notes an answer and gives it.
    fn record_decision(
        &self,
        decided: std::result::Result<(), Reason>,
        ask: Option<&Ask<'_>>,
        now: DateTime<Utc>,
    ) -> std::result::Result<&TokenLookup, Refusal> {
        let asked = ask.copied().unwrap_or(Ask::of_account(Action::Look));
        RequestScope::note_judged(decided);
        if self.password != Password::None {
            return self.record_for_password(decided, &asked, now);
        }
        match (self.known(), decided) {
            (Some(known), Ok(())) => {
                self.recorder.allowed(known, ask, now);
                Ok(known)
            }
            (Some(known), Err(reason)) if reason != Reason::NotAToken => {
                let token = &known.token;
                if self.recorder.refused(known, reason, ask, now) {
                    tracing::info!(key = token.called(), token = %token.id, reason = reason.as_str(), package = self.recorder.name_in_log(&asked), "key refused");
                }
                Err(self.refusal(reason, &asked, now))
            }
            _ => {
                self.recorder.unknown();
                Err(self.refusal(Reason::NotAToken, &asked, now))
            }
        }
    }

    /// There is no token to note it for: that the password was used is in the record, by the day, and what is refused in
    /// the log.
    fn record_for_password(
        &self,
        decided: std::result::Result<(), Reason>,
        asked: &Ask<'_>,
        now: DateTime<Utc>,
    ) -> std::result::Result<&TokenLookup, Refusal> {
        match (self.known(), decided) {
            (Some(known), Ok(())) => Ok(known),
            (Some(known), Err(reason)) => {
                let package = self.recorder.name_in_log(asked);
                tracing::info!(account = known.username, reason = reason.as_str(), package, "password refused");
                Err(self.refusal(reason, asked, now))
            }
            (None, _) => Err(self.refusal(Reason::NotAToken, asked, now)),
        }
    }

    fn refusal(&self, reason: Reason, ask: &Ask<'_>, now: DateTime<Utc>) -> Refusal {
        let token = self.known.as_ref().map(|known| &known.token);
        // Clients print the sentence into logs.
        let ask = Ask { name: ask.name.filter(|name| !self.recorder.hides(name)), ..*ask };
        let sentence = match (self.password, reason) {
            (Password::Wrong, _) => WRONG_PASSWORD.to_owned(),
            (Password::Of(_), Reason::PermissionMissing) => PASSWORDS_READ.to_owned(),
            _ if self.key.is_username => KEY_AS_USERNAME.to_owned(),
            _ => reason.sentence(token, &ask, now),
        };
        Refusal { reason, scheme: self.key.scheme, sentence }
    }
}

/// The client's name for itself: printable ASCII, shortened; nothing where it carries a key, or what looks like one of
/// those of an older system that are here.
pub fn client_name(req: &HttpRequest) -> String {
    let agent = req.headers().get("user-agent").map_or(&b""[..], |value| value.as_bytes());
    clean_client_name(agent, &LegacyKeys::last_known_at(req))
}

/// The same of a name as it came; `shapes` are those of keys of older systems that are here.
pub fn clean_client_name(agent: &[u8], shapes: &[Shape]) -> String {
    let mut name: String = agent.iter().copied().filter(|b| (b' '..=b'~').contains(b)).map(char::from).collect();
    if secret::is_in(&name) || looks_like_key(&name, shapes) {
        name.clear();
    }
    name.truncate(MAX_CLIENT);
    name
}

/// The package a request names, as far as it may be logged: people paste keys into all places, and anything may be long.
fn named<'a>(ask: &Ask<'a>) -> &'a str {
    let name = ask.name.filter(|name| !secret::is_in(name)).unwrap_or_default();
    &name[..name.floor_char_boundary(255)]
}

/// A sentence as clients can print it from a header, which they read as Latin-1: ASCII, one line.
pub fn ascii(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') { c } else { '?' }).collect()
}
