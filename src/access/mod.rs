//! What every door shares: reading the presented key, looking it up, asking the decision, noting the use.
//! Each door adds only its dress: which status, header and body a refusal wears.

mod address;
mod body;
mod connections;
mod credential;
mod evidence;
mod legacy;
pub mod multipart;
mod pace;
mod push_queue;
mod question;
mod turns;
mod witness;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

pub use self::{
    address::client_address,
    body::{BadBody, read_body},
    connections::{Answering, Connection, Connections, OpenConnection, OpenRequest},
    credential::{Ambiguous, Credentials, Dress, Key},
    evidence::{Evidence, Room},
    legacy::LegacyKeys,
    pace::{Pace, Rate},
    push_queue::{PushPermit, PushQueue, QueueFull},
    question::{BadQuestion, Question},
    turns::Turns,
    witness::Witness,
};
use crate::{
    store::{Actor, Change, Known, Result, Store},
    tokens::{
        Token,
        decision::{Action, Ask, Reason, admit, decide},
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
    known: Option<Known>,
    witness: Witness,
}

/// A refusal, before a door dresses it.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The rule that failed.
    pub reason: Reason,
    /// How the key was presented.
    pub dress: Dress,
    /// Which rule failed and how to mend it.
    pub sentence: String,
}

impl Caller {
    /// Looks a presented key up, together with its account's part in `feed` (empty for none).
    /// A key of the wrong shape is not looked up at all.
    pub async fn look_up(store: &Store, key: Key, feed: &str, witness: Witness) -> Result<Self> {
        let mut caller = Self { key, known: None, witness };
        caller.look_afresh(store, feed).await?;
        Ok(caller)
    }

    /// Looks the key up once more: from then on the facts of that moment count.
    pub async fn look_afresh(&mut self, store: &Store, feed: &str) -> Result<()> {
        if let Some(hash) = self.key.hash() {
            self.known = store.known(hash, feed).await?;
            if let Some(known) = &self.known {
                tracing::Span::current().record("account", &known.username).record("key", known.token.called());
            }
        }
        Ok(())
    }

    /// The same inside a change.
    pub async fn look_again(&mut self, change: &mut Change, feed: &str) -> Result<()> {
        if let Some(hash) = self.key.hash() {
            self.known = change.known(hash, feed).await?;
        }
        Ok(())
    }

    /// What the look-up found; none for a key nobody was given.
    pub fn known(&self) -> Option<&Known> {
        self.known.as_ref()
    }

    /// How the key was presented.
    pub fn dress(&self) -> Dress {
        self.key.dress
    }

    /// Who makes the request, for the record; `known` is what the look-up found.
    pub fn actor(&self, known: &Known) -> Actor {
        self.witness.actor(known)
    }

    /// Whether the key is a live token's; gives what is known of it.
    pub fn admit(&self, now: DateTime<Utc>) -> std::result::Result<&Known, Refusal> {
        self.settle(self.admitted(now).map(drop), None, now)
    }

    /// The same for a question about the key, which is no use of it: only a refusal is noted.
    pub fn admit_to_ask(&self, now: DateTime<Utc>) -> std::result::Result<&Known, Refusal> {
        self.admitted(now).or_else(|_| self.admit(now))
    }

    /// The key's token, if it is live; nothing is noted.
    pub fn live_token(&self, now: DateTime<Utc>) -> Option<&Token> {
        self.admitted(now).ok().map(|known| &known.token)
    }

    fn admitted(&self, now: DateTime<Utc>) -> std::result::Result<&Known, Reason> {
        let known = self.known.as_ref().ok_or(Reason::NotAToken)?;
        admit(Some(known.presented()), known.holder.disabled, now).check().map(|()| known)
    }

    /// Whether the key may do what is asked, which the request then does; gives what is known of it.
    pub fn ask(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<&Known, Refusal> {
        self.settle(self.decide(ask, now), Some(ask), now)
    }

    /// Whether the key could do what is asked: a question only, of which nothing is noted.
    pub fn could(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<&Known, Refusal> {
        let decided = self.decide(ask, now);
        decided.and_then(|()| self.known.as_ref().ok_or(Reason::NotAToken)).map_err(|reason| self.refusal(reason, ask))
    }

    fn decide(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<(), Reason> {
        let known = self.known.as_ref().ok_or(Reason::NotAToken)?;
        decide(Some(known.presented()), &known.holder, ask, now).check()
    }

    /// Notes an answer and gives it.
    fn settle(
        &self,
        decided: std::result::Result<(), Reason>,
        ask: Option<&Ask<'_>>,
        now: DateTime<Utc>,
    ) -> std::result::Result<&Known, Refusal> {
        let asked = ask.copied().unwrap_or(Ask::of_account(Action::Look));
        match (&self.known, decided) {
            (Some(known), Ok(())) => {
                self.witness.allowed(known, ask, now);
                Ok(known)
            }
            (Some(known), Err(reason)) if reason != Reason::NotAToken => {
                let token = &known.token;
                if self.witness.refused(known, reason, ask, now) {
                    tracing::info!(key = token.called(), token = %token.id, reason = reason.as_str(), package = named(&asked), "key refused");
                }
                Err(self.refusal(reason, &asked))
            }
            _ => {
                self.witness.unknown();
                Err(self.refusal(Reason::NotAToken, &asked))
            }
        }
    }

    fn refusal(&self, reason: Reason, ask: &Ask<'_>) -> Refusal {
        let token = self.known.as_ref().map(|known| &known.token);
        Refusal { reason, dress: self.key.dress, sentence: reason.sentence(token, ask) }
    }
}

/// The client's name for itself: printable ASCII, shortened; nothing where it carries a key.
pub fn client_name(req: &HttpRequest) -> String {
    let agent = req.headers().get("user-agent").map_or(&b""[..], |value| value.as_bytes());
    let mut name: String = agent.iter().copied().filter(|b| (b' '..=b'~').contains(b)).map(char::from).collect();
    if secret::is_in(&name) {
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
