//! What one request with a key came to. A request is judged up to three times; what the last judgement said is noted
//! when the request is over, once.

use std::{cell::RefCell, net::IpAddr, sync::Arc};

use actix_web::{
    HttpRequest,
    http::header::{HeaderValue, USER_AGENT},
};
use chrono::{DateTime, Utc};
use ipnet::IpNet;

use super::{Connection, LegacyKeys, UsageBuffer, clean_client_name, client_address, named};
use crate::{
    audit::Actor,
    tokens::{
        AccountId, LastUse, TokenId, TokenLookup,
        decision::{Ask, Class, Reason},
        legacy::{Shape, looks_like_key},
        secret,
    },
    usage::{ClientUse, PermissionUse, RefusedUse, TokenUse, UsageEvent, day_of},
};

/// Sees one request through.
#[derive(Debug)]
pub struct UsageRecorder {
    usage_buffer: Arc<UsageBuffer>,
    /// The client's name for itself, as it came. It is read once there is something to note.
    agent: Option<HeaderValue>,
    pub(super) address: IpAddr,
    connection: Option<Connection>,
    /// The shapes of keys of older systems that are here.
    shapes: Vec<Shape>,
    judged: RefCell<Option<Judged>>,
}

#[derive(Debug)]
struct Judged {
    token: TokenId,
    account: AccountId,
    at: DateTime<Utc>,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    /// Allowed; no work for what any live key may ask.
    Used(Option<PermissionUse>),
    Refused(Box<RefusedUse>),
}

impl UsageRecorder {
    /// Of a request.
    pub fn of(req: &HttpRequest, usage_buffer: &Arc<UsageBuffer>, trusted: &[IpNet]) -> Self {
        Self {
            usage_buffer: Arc::clone(usage_buffer),
            agent: req.headers().get(USER_AGENT).cloned(),
            address: client_address(req, trusted),
            connection: Connection::of(req).cloned(),
            shapes: LegacyKeys::last_known_at(req),
            judged: RefCell::default(),
        }
    }

    fn client(&self) -> String {
        clean_client_name(self.agent.as_ref().map_or(&b""[..], |agent| agent.as_bytes()), &self.shapes)
    }

    /// Whether a name is, or may be, a key that somebody put in the place of a package.
    pub(super) fn hides(&self, name: &str) -> bool {
        secret::is_in(name) || looks_like_key(name, &self.shapes)
    }

    /// The package a refused request names, as far as it may be kept and logged.
    pub(super) fn name_in_log<'a>(&self, ask: &Ask<'a>) -> &'a str {
        if ask.name.is_some_and(|name| self.hides(name)) { "" } else { named(ask) }
    }

    /// Who makes the request, for the record.
    pub(super) fn actor(&self, known: &TokenLookup) -> Actor {
        Actor {
            account: Some(known.token.account),
            token: Some(known.token.id),
            address: self.address.to_string(),
            client: self.client(),
            session: None,
            key: None,
        }
    }

    /// Whoever makes it, before that is known, for the record.
    pub(super) fn stranger(&self) -> Actor {
        Actor { address: self.address.to_string(), client: self.client(), ..Actor::default() }
    }

    /// The request was allowed; `ask` is none for what any live key may ask. The last word of a request counts.
    pub(super) fn allowed(&self, known: &TokenLookup, ask: Option<&Ask<'_>>, now: DateTime<Utc>) {
        let work = ask.map(|ask| PermissionUse {
            permission: ask.least_permission(),
            feed: ask.feed.and_then(|(_, feed)| feed),
            package: named(ask).to_owned(),
            last_at: now,
            uses: 1,
        });
        self.judged(known, true, Outcome::Used(work), now);
    }

    /// The request was refused. `false` if that leaves nothing, because an equal look-up was noted within the hour.
    pub(super) fn refused(
        &self,
        known: &TokenLookup,
        reason: Reason,
        ask: Option<&Ask<'_>>,
        now: DateTime<Utc>,
    ) -> bool {
        let live = reason.class() != Class::NotLive;
        let package = ask.filter(|_| live).map_or("", |ask| self.name_in_log(ask));
        let line = RefusedUse {
            reason,
            occasion: occasion(known, reason),
            action: ask.map(|ask| ask.action),
            feed: ask.and_then(|ask| ask.feed).map(|(name, _)| name.to_owned()).unwrap_or_default(),
            package: package.to_owned(),
            client: self.client(),
            address: self.address.to_string(),
            first_at: now,
            last_at: now,
            times: 1,
        };
        if line.is_look_up() && !self.usage_buffer.is_first_look_up(known.token.id, &line) {
            self.judged.take();
            return false;
        }
        self.judged(known, live, Outcome::Refused(Box::new(line)), now);
        true
    }

    /// The key turned out to be nobody's: it leaves nothing.
    pub(super) fn unknown(&self) {
        self.judged.take();
    }

    fn judged(&self, known: &TokenLookup, live: bool, outcome: Outcome, at: DateTime<Utc>) {
        if let (true, Some(connection)) = (live, &self.connection) {
            connection.carried_live_key();
        }
        let (token, account) = (known.token.id, known.token.account);
        self.judged.replace(Some(Judged { token, account, at, outcome }));
    }
}

/// Since when a rule refuses, if it has a beginning.
fn occasion(known: &TokenLookup, reason: Reason) -> Option<DateTime<Utc>> {
    let token = &known.token;
    match reason {
        Reason::Replaced => known.replaced_at,
        Reason::Revoked => token.revoked_at,
        Reason::Deactivated => token.deactivated_at,
        Reason::Expired => token.settings.expires_at,
        Reason::Retired => token.retires_at,
        _ => None,
    }
}

impl Drop for UsageRecorder {
    fn drop(&mut self) {
        self.note();
    }
}

impl UsageRecorder {
    /// Notes what the last judgement said, once.
    pub(super) fn note(&self) {
        let Some(Judged { token, account, at, outcome }) = self.judged.take() else { return };
        let (client, address) = (self.client(), self.address.to_string());
        let refused = matches!(outcome, Outcome::Refused(_));
        // Whether a look-up counts is known when its row is written: another node may have noted it.
        let counts = !matches!(&outcome, Outcome::Refused(line) if line.is_look_up());
        let day = counts.then_some(UsageEvent::DailyUse { day: day_of(at), refused, times: 1 });
        let last =
            (!refused).then(|| UsageEvent::Last(LastUse { at, client: client.clone(), address: address.clone() }));
        let (place, work, line) = match outcome {
            Outcome::Used(work) => (
                Some(UsageEvent::ClientUse(ClientUse { client, address, first_at: at, last_at: at, uses: 1 })),
                work.map(UsageEvent::PermissionUse),
                None,
            ),
            Outcome::Refused(line) => (None, None, Some(UsageEvent::Refusal(*line))),
        };
        let events = [day, last, place, work, line].into_iter().flatten();
        self.usage_buffer.note(events.map(|event| TokenUse { token, account, event }), at);
    }
}
