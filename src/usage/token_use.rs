//! What a token did: uses per day, where it was used, and what for.

use crate::{
    tokens::{AccountId, FeedId, LastUse, Permission, TokenId},
    usage::RefusedUse,
};
use chrono::{DateTime, Utc};

/// Places of a token that are kept, the newest.
pub const CLIENT_USES_KEPT: i64 = 50;

/// Kinds of work of a token that are kept, the newest.
pub const PERMISSION_USES_KEPT: i64 = 1_000;

/// Days that the counts of a token are kept.
pub const DAYS_KEPT: i64 = 90;

const SECONDS_A_DAY: i64 = 86_400;

/// Something a token did, on its way to a row.
#[derive(Clone, Debug)]
pub struct TokenUse {
    /// Which token.
    pub token: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What it did.
    pub event: UsageEvent,
}

/// What a note says. Counts are added to what the row says.
#[derive(Clone, Debug)]
pub enum UsageEvent {
    /// The last request of a live key.
    Last(LastUse),
    /// Requests of a day, allowed or refused ones.
    DailyUse {
        /// See [`day_of`].
        day: i64,
        /// Which ones.
        refused: bool,
        /// How many.
        times: i64,
    },
    /// Uses from a place.
    ClientUse(ClientUse),
    /// Uses for a purpose.
    PermissionUse(PermissionUse),
    /// Equal refusals.
    Refusal(RefusedUse),
    /// Some of its work was not noted, because there was too much at once.
    Lost(DateTime<Utc>),
}

/// Requests with a token on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyUse {
    /// Days since 1970-01-01, UTC. See [`day_of`].
    pub day: i64,
    /// Requests that were allowed.
    pub uses: i64,
    /// Requests that were refused.
    pub refusals: i64,
}

/// The number of the day (UTC) an instant is in.
pub fn day_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(SECONDS_A_DAY)
}

/// Where a token was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientUse {
    /// The client's name for itself; may be empty.
    pub client: String,
    /// The network address.
    pub address: String,
    /// The first use that is known.
    pub first_at: DateTime<Utc>,
    /// The last use.
    pub last_at: DateTime<Utc>,
    /// How many uses are known.
    pub uses: i64,
}

/// What a token was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionUse {
    /// The least permission that would have done: a push of a version to a package that existed takes `push-version`.
    pub permission: Permission,
    /// In which feed; none where no feed is concerned.
    pub feed: Option<FeedId>,
    /// With which package, as its door knows it; empty for none in particular, such as a search.
    pub package: String,
    /// The last time.
    pub last_at: DateTime<Utc>,
    /// How many times are known.
    pub uses: i64,
}

/// All that a token was used for.
#[derive(Clone, Debug)]
pub struct WatchedUse {
    /// From when on the list is whole: the creation of the token, the first start of a version that watches, or the last
    /// time something was left out.
    pub since: DateTime<Utc>,
    /// When a pattern or a feed was last added to the token, as far as that is known.
    pub widened_at: Option<DateTime<Utc>>,
    /// Whether more was done than is kept, so that some was left out at `since`.
    pub overflowed: bool,
    /// The list, newest first, at most [`PERMISSION_USES_KEPT`].
    pub work: Vec<PermissionUse>,
}
