//! How an account's tokens are listed: in which order, and which of them. The store says the same in SQL; a test holds
//! the two against each other.

use chrono::{DateTime, Duration, Utc};
use strum::{EnumCount, EnumString, IntoStaticStr};

use super::{AccountId, State, Token, TokenId, draft::MAX_NAME, state::state};

/// A token not used for so long is shown by [`Filter::Unused`].
pub const UNUSED_FOR: Duration = Duration::days(90);
/// A revoked token stays listed for so long, unless it is deleted (design §2).
pub const REVOKED_LISTED: Duration = Duration::days(30);

/// An expired token leaves the usual list, and the line of alerts, after this long; [`Filter::Everything`] still has it.
pub const FOLDED_AFTER: Duration = Duration::days(30);

/// Longest name in a [`Position`], in characters: lower case may be longer than what was typed.
const LONGEST_KEY: usize = 3 * MAX_NAME;

/// An order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Sort {
    /// The newest first.
    #[default]
    Newest,
    /// What ends next comes first, then what never ends, then what has ended, the last first, then what was revoked.
    Expires,
    /// What was used last comes first; what never was comes last.
    Used,
    /// By name, without regard to case.
    Name,
}

words!(Sort);

impl Sort {
    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Newest => "Newest",
            Self::Expires => "Expires next",
            Self::Used => "Last used",
            Self::Name => "Name",
        }
    }

    /// All of them, as a page offers them.
    pub const ALL: [Self; Self::COUNT] = [Self::Newest, Self::Expires, Self::Used, Self::Name];

    /// Where a token stands in this order at `now`.
    pub fn position(self, token: &Token, now: DateTime<Utc>) -> Position {
        let seconds = |at: DateTime<Utc>| at.timestamp().to_string();
        let key = match self {
            Self::Newest => Some(seconds(token.created_at)),
            Self::Expires => match (token.revoked_at, token.end()) {
                (Some(at), _) => Some(format!("{REVOKED_KEY}{}", seconds(at))),
                (None, Some(end)) if end <= now => Some(format!("{ENDED_KEY}{}", seconds(end))),
                (None, end) => end.map(seconds),
            },
            Self::Used => token.last_use.as_ref().map(|last| seconds(last.at)),
            Self::Name => Some(token.settings.name.to_lowercase()),
        };
        Position { key, id: token.id }
    }
}

/// Begins the key of a token that has ended, in the order of ends.
pub const ENDED_KEY: char = 'e';
/// Begins the key of a revoked one.
pub const REVOKED_KEY: char = 'r';

/// A place in the list, from which it goes on in either direction. Stays good when its token is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// What the order goes by; none for what never ends or was never used.
    pub key: Option<String>,
    /// Tells equal keys apart.
    pub id: TokenId,
}

impl Position {
    /// Reads what `Display` writes, for an order that goes by numbers or by names.
    pub fn parse(text: &str, sort: Sort) -> Option<Self> {
        let (id, key) = text.split_once('.').map_or((text, None), |(id, key)| (id, Some(key)));
        let fits = match sort {
            Sort::Name => key.is_some_and(|key| key.chars().count() <= LONGEST_KEY && !key.contains(char::is_control)),
            Sort::Newest => key.is_some_and(|key| key.parse::<i64>().is_ok()),
            Sort::Expires => {
                key.is_none_or(|key| key.trim_start_matches([ENDED_KEY, REVOKED_KEY]).parse::<i64>().is_ok())
            }
            Sort::Used => key.is_none_or(|key| key.parse::<i64>().is_ok()),
        };
        fits.then_some(Self { key: key.map(str::to_owned), id: TokenId::parse(id)? })
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}.{key}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

/// A part of an account's tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Filter {
    /// Every one but those that ended over [`FOLDED_AFTER`] ago.
    #[default]
    All,
    /// Every one.
    Everything,
    /// Those whose secret opens doors now.
    Active,
    /// Those of them that expire soon.
    Expiring,
    /// Those whose time is over: expired or retired.
    Expired,
    /// Those switched off, for a while or until further notice.
    Deactivated,
    /// Those ended for good.
    Revoked,
    /// Those that have a secret which was never used, and are not revoked.
    NeverUsed,
    /// Those neither used nor issued in the last [`UNUSED_FOR`], and not revoked.
    Unused,
}

words!(Filter);

impl Filter {
    /// What the part of the list is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Everything => "All, with old ones",
            Self::Active => "Active",
            Self::Expiring => "Expires soon",
            Self::Expired => "Expired",
            Self::Deactivated => "Deactivated",
            Self::Revoked => "Revoked",
            Self::NeverUsed => "Never used",
            Self::Unused => "Unused for 90 days",
        }
    }

    /// All of them, as a page offers them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::All,
        Self::Everything,
        Self::Active,
        Self::Expiring,
        Self::Expired,
        Self::Deactivated,
        Self::Revoked,
        Self::NeverUsed,
        Self::Unused,
    ];

    /// Whether a token belongs to it at `now`.
    pub fn admits(self, token: &Token, now: DateTime<Utc>) -> bool {
        let state = state(token, now);
        let in_hand = state != State::Revoked && token.issued_at.is_some();
        let last_sign = token.last_use.as_ref().map(|last| last.at).or(token.issued_at);
        match self {
            Self::All => token.end().is_none_or(|end| end > now - FOLDED_AFTER),
            Self::Everything => true,
            Self::Active => state.is_live(),
            Self::Expiring => state == State::ExpiresSoon,
            Self::Expired => matches!(state, State::Expired | State::Retired),
            Self::Deactivated => state == State::Deactivated,
            Self::Revoked => state == State::Revoked,
            Self::NeverUsed => in_hand && token.last_use.is_none(),
            Self::Unused => in_hand && last_sign.is_some_and(|at| at <= now - UNUSED_FOR),
        }
    }
}

/// A token that was switched off with all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenToken {
    /// Username of its owner.
    pub owner: String,
    /// Id, by which the list goes on.
    pub id: String,
    /// Hint, if it has a secret.
    pub hint: Option<String>,
    /// Name.
    pub name: String,
}

/// Tokens on a page.
pub const PAGE: usize = 25;

/// More are not counted: "1,000+".
pub const COUNTED: i64 = 1_000;

/// Expired tokens that an alert counts: "100+".
pub const IN_ALERT: i64 = 100;

/// What is asked of the list.
#[derive(Clone, Debug)]
pub struct TokenQuery {
    /// Whose tokens.
    pub account: AccountId,
    /// Which of them.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Only those whose name, hint or patterns contain this; empty for all.
    pub words: String,
}

/// Where a page begins or ends.
#[derive(Clone, Debug, Default)]
pub enum PageStart {
    /// With the first token.
    #[default]
    First,
    /// Behind this place.
    After(Position),
    /// It ends before this place.
    Before(Position),
}

/// A page of the list, without the primary token.
#[derive(Clone, Debug, Default)]
pub struct TokenPage {
    /// At most [`PAGE`], in the asked order.
    pub tokens: Vec<Token>,
    /// Whether tokens stand before them.
    pub has_earlier: bool,
    /// Where the list goes on: behind the last token, or where a search stopped looking.
    pub next: Option<Position>,
    /// Whether a search stopped before it had a full page.
    pub gave_up: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190a000-0000-7000-8000-000000000001";

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        let id = TokenId::parse(ID).unwrap();
        for (sort, key) in [
            (Sort::Newest, Some("1795420800")),
            (Sort::Expires, None),
            (Sort::Expires, Some("e1795420800")),
            (Sort::Expires, Some("r1795420800")),
            (Sort::Used, Some("-1")),
            (Sort::Name, Some("build. the & last ~")),
        ] {
            let position = Position { key: key.map(str::to_owned), id };
            assert_eq!(Position::parse(&position.to_string(), sort), Some(position), "{sort:?}");
        }
    }

    #[test]
    fn a_position_of_another_order_is_refused() {
        for (text, sort) in [
            (ID.to_owned(), Sort::Newest),
            (ID.to_owned(), Sort::Name),
            (format!("{ID}.build"), Sort::Newest),
            (format!("{ID}.99999999999999999999"), Sort::Used),
            (format!("{ID}.{}", "a".repeat(LONGEST_KEY + 1)), Sort::Name),
            ("1.1".to_owned(), Sort::Newest),
            (format!("{ID}.a\0"), Sort::Name),
            (String::new(), Sort::Expires),
        ] {
            assert_eq!(Position::parse(&text, sort), None, "{text:?}");
        }
    }

    #[test]
    fn words_read_back() {
        assert!(Sort::ALL.into_iter().all(|sort| Sort::parse(sort.as_str()) == Some(sort)));
        assert!(Filter::ALL.into_iter().all(|filter| Filter::parse(filter.as_str()) == Some(filter)));
    }
}
