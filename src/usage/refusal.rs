//! Refused requests with secrets that were given out once.

use crate::tokens::{
    Token,
    decision::{Action, Reason},
};
use chrono::{DateTime, Utc};

/// Lines of a token that are kept, the newest.
pub const REFUSALS_KEPT: i64 = 200;

/// Seconds of an hour.
pub const HOUR: i64 = 3_600;

/// The hour of an instant, counted from 1970-01-01, UTC.
pub fn hour_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(HOUR)
}

/// Equal refusals: the same rule failed for the same request from the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedUse {
    /// The rule.
    pub reason: Reason,
    /// Since when that rule refused: when the secret was replaced, the token revoked or switched off, or when it expired.
    /// None for rules about rights.
    pub occasion: Option<DateTime<Utc>>,
    /// What was asked for; none for a question that any live key may ask.
    pub action: Option<Action>,
    /// The feed's name as asked, whether or not there is one; empty where no feed is concerned.
    pub feed: String,
    /// The package as its door knows it; empty if none was named, or the key opens nothing whatever was named.
    pub package: String,
    /// The client's name for itself; may be empty.
    pub client: String,
    /// The network address.
    pub address: String,
    /// The first time.
    pub first_at: DateTime<Utc>,
    /// The last time.
    pub last_at: DateTime<Utc>,
    /// How often.
    pub times: i64,
}

impl RefusedUse {
    /// Whether somebody looked for a package that the key does not cover. A restore asks every source for every id, some
    /// of them several times, so that such a refusal is noted once for a key, a package and an hour.
    pub fn is_look_up(&self) -> bool {
        let looks = matches!(self.action, Some(Action::Pull(_))) && !self.package.is_empty();
        looks && self.reason == Reason::PackageNotCovered
    }
}

/// A kept line, with its token as it is now.
#[derive(Clone, Debug)]
pub struct RefusalOfToken {
    /// Where it stands in lists that page by key.
    pub mark: RefusalCursor,
    /// The token.
    pub token: Token,
    /// What happened.
    pub line: RefusedUse,
}

/// A place in the list of refusals, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCursor {
    /// The line's last time, unix seconds.
    pub last_at: i64,
    /// The line.
    pub id: String,
}

impl RefusalCursor {
    /// Before the newest line.
    pub fn newest() -> Self {
        Self { last_at: i64::MAX, id: String::new() }
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        let good = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        Some(Self { last_at: at.parse().ok()?, id: good.then(|| id.to_owned())? })
    }

    /// For addresses.
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.last_at, self.id)
    }
}

/// Requests with a secret that no longer opens anything, because it was replaced or its token revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateUses {
    /// [`Reason::Replaced`] or [`Reason::Revoked`].
    pub reason: Reason,
    /// When that happened.
    pub ended_at: DateTime<Utc>,
    /// How often since.
    pub times: i64,
    /// The last time.
    pub last_at: DateTime<Utc>,
    /// The last client; may be empty.
    pub client: String,
    /// The last address.
    pub address: String,
}
