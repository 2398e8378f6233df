//! Who did something, and to what.

use chrono::{DateTime, Utc};

use crate::tokens::{AccountId, SecretHash, SessionId, Token, TokenId};

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
    /// The session of a person in a browser, which every change reads again.
    pub session: Option<ActingSession>,
    /// The key of a program, which every change reads again.
    pub key: Option<ActingKey>,
}

/// The session of a person in a browser, as it was when the request began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActingSession {
    /// Who is signed in.
    pub account: AccountId,
    /// The account's session epoch when its password was checked.
    pub epoch: i64,
    /// The session's name; none, for one of an older version, is never found again.
    pub name: Option<SessionId>,
    /// Whether what is done is for operators only.
    pub as_operator: bool,
}

/// The key that a program presented, as it was when the request was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActingKey {
    /// By which the database knows it.
    pub secret: SecretHash,
    /// The version of its token.
    pub version: i64,
    /// Since when its token was off, if it was back on by itself.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// And until when.
    pub reactivate_at: Option<DateTime<Utc>>,
}

impl ActingKey {
    /// The key of a token.
    pub fn new(secret: SecretHash, token: &Token) -> Self {
        let Token { version, deactivated_at, reactivate_at, .. } = *token;
        Self { secret, version, deactivated_at, reactivate_at }
    }

    /// Whether its token is as it was.
    pub fn is_as_judged(&self, token: &Token) -> bool {
        *self == Self::new(self.secret, token) && token.revoked_at.is_none()
    }
}

impl Actor {
    /// The host itself: `what` names the command or job.
    pub fn host(what: &str) -> Self {
        Self { client: what.to_owned(), ..Self::default() }
    }

    /// The same person, in what only operators may do: a change looks again whether they are one.
    pub fn as_operator(&self) -> Self {
        let session = self.session.map(|session| ActingSession { as_operator: true, ..session });
        Self { session, ..self.clone() }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
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
}

impl<'a> Subject<'a> {
    /// A token.
    pub fn token(token: &'a Token) -> Self {
        Self { account: Some(token.account), token: Some((token.id, token.hint.as_deref())), ..Self::default() }
    }

    /// An account.
    pub fn account(account: AccountId) -> Self {
        Self { account: Some(account), ..Self::default() }
    }

    /// A feed, by name.
    pub fn feed(name: &'a str) -> Self {
        Self { feed: Some(name), ..Self::default() }
    }
}
