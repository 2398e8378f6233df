//! What every door shares: reading the presented key, looking it up, asking the decision, noting the use.
//! Each door adds only its dress: which status, header and body a refusal wears.

mod address;
mod body;
mod credential;
mod last_use;
mod slots;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

pub use self::{
    address::client_address,
    body::{BODY_SILENCE, BadBody, next_chunk, read_body},
    credential::{Ambiguous, Dress, Key, presented_key},
    last_use::LastUses,
    slots::{Bounds, Slot, Slots},
};
use crate::{
    store::{Actor, Change, Known, Result, Store},
    tokens::{
        LastUse,
        decision::{Ask, Reason, admit, decide},
    },
};

/// Longest client name that is kept, in characters.
const MAX_CLIENT: usize = 200;

/// A key with what the look-up found. Made once per request, asked as often as needed.
#[derive(Debug)]
pub struct Caller {
    key: Key,
    known: Option<Known>,
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
    pub async fn look_up(store: &Store, key: Key, feed: &str) -> Result<Self> {
        let known = match &key.secret {
            Some(secret) => store.known(secret.hash(), feed).await?,
            None => None,
        };
        Ok(Self { key, known })
    }

    /// Looks the key up once more, inside a change: from then on the facts of that moment count.
    pub async fn look_again(&mut self, change: &mut Change, feed: &str) -> Result<()> {
        if let Some(secret) = &self.key.secret {
            self.known = change.known(secret.hash(), feed).await?;
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

    /// Whether the key is a live token's; gives what is known of it.
    pub fn admit(&self, now: DateTime<Utc>) -> std::result::Result<&Known, Refusal> {
        let disabled = self.known.as_ref().is_some_and(|known| known.holder.disabled);
        let ask = Ask::of_account(crate::tokens::decision::Action::Look);
        let admitted = admit(self.known.as_ref().map(Known::presented), disabled, now).check();
        admitted.map_err(|reason| self.refuse(reason, &ask))?;
        self.known.as_ref().ok_or_else(|| self.refuse(Reason::NotAToken, &ask))
    }

    /// Whether the key may do what is asked; gives what is known of it.
    pub fn ask(&self, ask: &Ask<'_>, now: DateTime<Utc>) -> std::result::Result<&Known, Refusal> {
        let Some(known) = &self.known else {
            return Err(self.refuse(Reason::NotAToken, ask));
        };
        decide(Some(known.presented()), &known.holder, ask, now).check().map_err(|reason| self.refuse(reason, ask))?;
        Ok(known)
    }

    fn refuse(&self, reason: Reason, ask: &Ask<'_>) -> Refusal {
        let token = self.known.as_ref().map(|known| &known.token);
        if let Some(token) = token {
            tracing::info!(key = token.called(), token = %token.id, reason = reason.as_str(), package = ask.name, "key refused");
        }
        Refusal { reason, dress: self.key.dress, sentence: reason.sentence(token, ask) }
    }
}

/// The last use that a request makes of a token.
pub fn use_of(req: &HttpRequest, address: String, now: DateTime<Utc>) -> LastUse {
    LastUse { at: now, client: client_name(req), address }
}

/// The client's name for itself: printable ASCII, shortened.
pub fn client_name(req: &HttpRequest) -> String {
    let agent = req.headers().get("user-agent").map_or(&b""[..], |value| value.as_bytes());
    agent.iter().copied().filter(|b| (b' '..=b'~').contains(b)).take(MAX_CLIENT).map(char::from).collect()
}

/// Who makes a request with a key, for the record.
pub fn actor(req: &HttpRequest, known: &Known, address: String) -> Actor {
    Actor { account: Some(known.token.account), token: Some(known.token.id), address, client: client_name(req) }
}
