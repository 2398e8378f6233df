//! The append-only record: who did what to which token, package or account, when, from where.
//! A line is written in the transaction of the fact it tells, so there is exactly one or none.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::{Change, Result, Store, instant, readable};
use crate::tokens::{AccountId, EventId, Token, TokenId};

macro_rules! verbs {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Verb { $($(#[$doc])* $name,)+ }

        impl Verb {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word that is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

verbs! {
    /// A token was made.
    TokenCreated = "token created",
    /// A token's name, note, patterns, feeds, permissions or end was changed.
    TokenEdited = "token edited",
    /// A token got a new secret.
    TokenRefreshed = "token refreshed",
    /// A token was switched off.
    TokenDeactivated = "token deactivated",
    /// A token was switched on again.
    TokenReactivated = "token reactivated",
    /// A token was ended for good.
    TokenRevoked = "token revoked",
    /// A token's row was removed.
    TokenDeleted = "token deleted",
    /// A key of an older system came in.
    TokenImported = "legacy key imported",
    /// An idle key of an older system ended.
    TokenRetired = "legacy key retired",
    /// An account was made.
    AccountCreated = "account created",
    /// An account may no longer do anything.
    AccountDisabled = "account disabled",
    /// An account may act again.
    AccountEnabled = "account enabled",
    /// An account was removed; the detail is its name.
    AccountDeleted = "account deleted",
    /// An account may run the host.
    OperatorMade = "account made operator",
    /// An account no longer runs the host.
    OperatorUnmade = "account no longer operator",
    /// An account owns packages whose only owner was deleted.
    PackagesHandedOver = "packages handed over",
    /// Somebody signed in.
    SignedIn = "signed in",
    /// A sign-in failed.
    SignInFailed = "sign-in failed",
    /// The password was changed; every session ended.
    PasswordChanged = "password changed",
    /// An account got a private calendar address.
    CalendarMade = "calendar address made",
    /// A private calendar address ended.
    CalendarEnded = "calendar address ended",
    /// A one-time link was made that sets the password.
    PasswordLinkMade = "password link made",
    /// A link that sets the password was mailed to whom it belongs.
    PasswordResetMailed = "password reset mailed",
    /// The address was confirmed by a link that was mailed to it.
    AddressConfirmed = "address confirmed",
    /// Another address was given; it is to be confirmed yet.
    AddressChangeAsked = "address change asked",
    /// The address that was asked for is not wanted any more.
    AddressChangeWithdrawn = "address change withdrawn",
    /// The address was changed; every session ended.
    AddressChanged = "address changed",
    /// Sessions were ended from another one.
    SessionEnded = "session ended",
    /// The time zone was changed.
    TimeZoneChanged = "time zone changed",
    /// A feed was made.
    FeedCreated = "feed created",
    /// An empty feed was removed.
    FeedDeleted = "feed deleted",
    /// Somebody's role in a feed was changed.
    MemberChanged = "member changed",
    /// Somebody has no role in a feed any more.
    MemberRemoved = "member removed",
    /// A version was published.
    VersionPublished = "version published",
    /// A version was unlisted.
    VersionUnlisted = "version unlisted",
    /// A version was listed again.
    VersionRelisted = "version relisted",
    /// A version was removed for good.
    VersionRemoved = "version removed",
    /// Every version of a package was removed for good.
    PackageRemoved = "package removed",
    /// A package got one more owner.
    OwnerAdded = "package owner added",
    /// A package lost an owner.
    OwnerRemoved = "package owner removed",
    /// A feed may be read by everybody without a key.
    FeedOpened = "feed made public",
    /// A feed may be read by its members only.
    FeedClosed = "feed made private",
    /// What everybody may do in a feed was changed.
    EveryoneChanged = "everybody's role changed",
    /// An expiry warning was sent.
    WarningSent = "expiry warning sent",
    /// An extra reminder of a token's end was sent.
    ReminderSent = "expiry reminder sent",
    /// Word that a token has expired was sent.
    ExpiredSent = "expiry notice sent",
    /// An account asked for other reminders, or for none.
    RemindersChanged = "reminders changed",
    /// A mail that waited or was refused is tried again at once.
    MailRetried = "mail tried again",
    /// A mail that waited or was refused is not sent.
    MailDropped = "mail dropped",
}

/// Who did something, and from where.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// The account; none for the host itself (jobs, operator commands).
    pub account: Option<AccountId>,
    /// The token it was done with, if any.
    pub token: Option<TokenId>,
    /// The network address; empty for the host itself.
    pub address: String,
    /// The client's name for itself, shortened.
    pub client: String,
}

impl Actor {
    /// The host itself: `what` names the command or job.
    pub fn host(what: &str) -> Self {
        Self { client: what.to_owned(), ..Self::default() }
    }
}

/// What an event is about.
#[derive(Clone, Debug, Default)]
pub struct About<'a> {
    /// Whose things were touched.
    pub account: Option<AccountId>,
    /// Which token, with its hint.
    pub token: Option<(TokenId, Option<&'a str>)>,
    /// Which feed, by name.
    pub feed: Option<&'a str>,
    /// Which package, as its door knows it.
    pub package: Option<&'a str>,
    /// Which version.
    pub version: Option<&'a str>,
    /// More, in plain words.
    pub detail: &'a str,
}

impl<'a> About<'a> {
    /// About a token.
    pub fn token(token: &'a Token) -> Self {
        Self { account: Some(token.account), token: Some((token.id, token.hint.as_deref())), ..Self::default() }
    }

    /// About an account.
    pub fn account(account: AccountId) -> Self {
        Self { account: Some(account), ..Self::default() }
    }
}

/// A line of the record, for pages.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its place in the record.
    pub id: EventId,
    /// When.
    pub at: DateTime<Utc>,
    /// What, as [`Verb::as_str`].
    pub verb: String,
    /// The username of who did it; none for the host itself or a deleted account.
    pub actor: Option<String>,
    /// From which address; may be empty.
    pub address: String,
    /// With which client; may be empty.
    pub client: String,
    /// More, in plain words; may be empty.
    pub detail: String,
}

#[derive(FromRow)]
struct EventRow {
    id: String,
    at: i64,
    verb: String,
    actor: Option<String>,
    address: Option<String>,
    client: Option<String>,
    detail: String,
}

/// Sorts after every id.
const AFTER_ALL: &str = "z";

impl Store {
    /// The newest events of a token, at most `limit`.
    pub async fn events_of_token(&self, token: TokenId, limit: i64) -> Result<Vec<Event>> {
        self.events_before(token, None, limit).await
    }

    /// The events of a token before one of them, newest first, at most `limit`; the newest of all for `None`.
    pub async fn events_before(&self, token: TokenId, before: Option<EventId>, limit: i64) -> Result<Vec<Event>> {
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT e.id, e.at, e.verb, a.username AS actor, e.address, e.client, e.detail FROM events e
             LEFT JOIN accounts a ON a.id = e.actor WHERE e.token = $1 AND e.id < $2 ORDER BY e.id DESC LIMIT $3",
        )
        .bind(token.to_string())
        .bind(before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(EventRow::read).collect()
    }

    /// The steps of a token's life (made, edited, refreshed, switched, revoked), oldest first; the newest `limit` of them.
    pub async fn life_of_token(&self, token: TokenId, limit: i64) -> Result<Vec<Event>> {
        // The list of verbs is that of the index `events_of_token_life`, word for word.
        let rows: Vec<EventRow> = sqlx::query_as(
            "SELECT id, at, verb, CAST(NULL AS TEXT) AS actor, address, client, detail FROM events WHERE token = $1
               AND verb IN ('token created', 'token edited', 'token refreshed', 'token deactivated', 'token reactivated', 'token revoked')
             ORDER BY id DESC LIMIT $2",
        )
        .bind(token.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().rev().map(EventRow::read).collect()
    }
}

impl EventRow {
    fn read(self) -> Result<Event> {
        let Self { id, at, verb, actor, address, client, detail } = self;
        Ok(Event {
            id: readable(EventId::parse(&id), "events.id")?,
            at: instant(at),
            verb,
            actor,
            address: address.unwrap_or_default(),
            client: client.unwrap_or_default(),
            detail,
        })
    }
}

impl Change {
    /// Writes a line of the record; tells its id, which is the occasion of notices about it.
    pub async fn record(&mut self, verb: Verb, by: &Actor, about: About<'_>, now: DateTime<Utc>) -> Result<EventId> {
        let id = EventId::generate(now, &mut crate::random::system());
        let (token, hint) = about.token.map_or((None, None), |(token, hint)| (Some(token.to_string()), hint));
        sqlx::query(
            "INSERT INTO events (id, at, verb, account, actor, actor_token, token, hint, feed, package, version, address, client, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(id.to_string())
        .bind(now.timestamp())
        .bind(verb.as_str())
        .bind(about.account.map(|id| id.to_string()))
        .bind(by.account.map(|id| id.to_string()))
        .bind(by.token.map(|id| id.to_string()))
        .bind(token)
        .bind(hint)
        .bind(about.feed)
        .bind(about.package)
        .bind(about.version)
        .bind(by.address.as_str())
        .bind(by.client.as_str())
        .bind(about.detail)
        .execute(&mut *self.tx)
        .await?;
        Ok(id)
    }
}
