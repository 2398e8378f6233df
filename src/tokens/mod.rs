//! The heart of the product: what a token is, when it lives, and what it may do. Pure: no web, no SQL, no clock.

pub mod act;
mod ask;
pub mod beyond_maximum;
pub mod bulk;
pub mod covering;
pub mod decision;
pub mod draft;
pub mod expiry;
mod feed_name;
mod ids;
pub mod inventory;
mod invisible;
pub mod least_privilege;
pub mod legacy;
pub mod lifecycle;
pub mod listing;
mod lookup;
mod outcome;
pub mod pattern;
pub mod pattern_lint;
pub mod pattern_set;
pub mod pause;
pub mod permission;
pub mod preset;
mod reason;
pub mod secret;
mod settings;
pub mod state;
pub mod warning;
pub mod weekday_morning;

use chrono::{DateTime, Duration, Utc};
use strum::{EnumString, IntoStaticStr};

pub use self::{
    feed_name::is_feed_name,
    ids::{
        AccountId, DeviceId, EventId, FeedId, FormId, InvitationId, MailId, NoticeId, PackageKey, SessionId, TokenId,
        VersionKey,
    },
    invisible::is_invisible,
    lookup::TokenLookup,
    outcome::{Edited, ImportOutcome, Issued, OneTime},
    pattern::Patterns,
    pattern_set::PatternSet,
    permission::{Kind, Permission, Permissions, ServedKinds, Verb},
    secret::{Secret, SecretHash},
    settings::{TokenField, TokenSettings},
    state::State,
};

/// What kind of token a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum TokenKind {
    /// Made by a person, an operator or another token.
    Personal,
    /// The one every account has from sign-up (MyGet's promise).
    Primary,
    /// Imported from an older system: every NuGet permission, no refresh.
    Legacy,
}

words!(TokenKind);

/// The feeds a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feeds {
    /// Every feed its account can use, now and later.
    All,
    /// These feeds only.
    Some(Vec<FeedId>),
}

impl Feeds {
    /// Whether a feed is covered. A feed that does not exist is covered by `All` only.
    pub fn cover(&self, feed: Option<FeedId>) -> bool {
        match self {
            Self::All => true,
            Self::Some(feeds) => feed.is_some_and(|feed| feeds.contains(&feed)),
        }
    }

    /// Whether this names a feed that `before` did not.
    pub fn adds_to(&self, before: &Self) -> bool {
        match (self, before) {
            (_, Self::All) => false,
            (Self::All, Self::Some(_)) => true,
            (Self::Some(new), Self::Some(old)) => new.iter().any(|feed| !old.contains(feed)),
        }
    }

    /// How the store keeps it: `*`, or one id per line.
    pub fn to_text(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Some(feeds) => feeds.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Reads what [`Feeds::to_text`] wrote; ids that do not parse cover nothing.
    pub fn from_text(text: &str) -> Self {
        if text == "*" { Self::All } else { Self::Some(text.lines().filter_map(FeedId::parse).collect()) }
    }
}

/// When, by which client and from where a token was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// To the second; written at most once in ten seconds.
    pub at: DateTime<Utc>,
    /// The client's `User-Agent`, shortened.
    pub client: String,
    /// The address it came from.
    pub address: String,
}

/// A token: everything but its secret, of which only a hash exists.
#[derive(Clone, Debug)]
pub struct Token {
    /// Stays the same when the secret changes.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// Personal, primary or legacy.
    pub kind: TokenKind,
    /// What its holder chose about it.
    pub settings: TokenSettings,
    /// The first characters of the secret; `None` before the first issue.
    pub hint: Option<String>,
    /// When the token was made.
    pub created_at: DateTime<Utc>,
    /// When its present secret was issued.
    pub issued_at: Option<DateTime<Utc>>,
    /// How long a restarted life lasts; `None` for no end.
    pub lifetime: Option<Duration>,
    /// Switched off since.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// Back on by itself from then on, if it was switched off for a while. Only [`state::state`] judges it.
    pub reactivate_at: Option<DateTime<Utc>>,
    /// Ended for good since.
    pub revoked_at: Option<DateTime<Utc>>,
    /// The host's policy retires it then, unless it pushes a package before (legacy only). The date alone ends it.
    pub retires_at: Option<DateTime<Utc>>,
    /// The last use, if any.
    pub last_use: Option<LastUse>,
    /// The token that made it through the API, if one did.
    pub made_by: Option<TokenId>,
    /// Counts edits; a form that was opened before the last one is stale.
    pub version: i64,
}

impl Token {
    /// A token that nobody has a key of yet: on, never used, without a lifetime.
    pub fn unissued(
        id: TokenId,
        account: AccountId,
        kind: TokenKind,
        settings: TokenSettings,
        created_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            account,
            kind,
            settings,
            hint: None,
            created_at,
            issued_at: None,
            lifetime: None,
            deactivated_at: None,
            reactivate_at: None,
            revoked_at: None,
            retires_at: None,
            last_use: None,
            made_by: None,
            version: 1,
        }
    }

    /// What stands for the password of an account where passwords read packages: it reads all that the account can, and is
    /// stored nowhere.
    pub fn of_password(account: AccountId, now: DateTime<Utc>) -> Self {
        let permissions = Kind::ALL.map(|kind| Permission::of(kind, Verb::Pull)).into_iter().collect();
        let settings = TokenSettings::for_everything("password", permissions);
        let id = TokenId::from(uuid::Uuid::nil());
        Self { issued_at: Some(now), ..Self::unissued(id, account, TokenKind::Personal, settings, now) }
    }

    /// What the token is called in sentences: its hint, or its name before it has one.
    pub fn called(&self) -> &str {
        self.hint.as_deref().unwrap_or(&self.settings.name)
    }

    /// When it stops by itself: it expires or is retired, whichever is first; `None` if never.
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.settings.expires_at.into_iter().chain(self.retires_at).min()
    }

    /// Whether retirement, not expiry, is what ends it.
    pub fn ends_by_retirement(&self) -> bool {
        self.end().is_some() && self.end() != self.settings.expires_at
    }

    /// From when on it expires (or is retired) soon, if ever.
    pub fn warn_from(&self) -> Option<DateTime<Utc>> {
        expiry::warn_from(self.issued_at?, self.end()?)
    }

    /// Whether it can get a new secret. Revoked tokens are final, legacy ones are to be replaced.
    pub fn can_be_refreshed(&self) -> bool {
        self.revoked_at.is_none() && self.kind != TokenKind::Legacy
    }

    /// Whether it can be revoked or deleted. The primary token can only be deactivated.
    pub fn can_be_revoked(&self) -> bool {
        self.kind != TokenKind::Primary && self.revoked_at.is_none()
    }

    /// Whether its row can be removed.
    pub fn can_be_deleted(&self) -> bool {
        self.kind != TokenKind::Primary
    }
}
