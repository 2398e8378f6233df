//! What a person chooses about a token, and what of it an edit changed. A new setting is a field of [`TokenSettings`], a
//! variant of [`TokenField`], and whatever the compiler then asks for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::{Feeds, Kind, Patterns, Permission, Permissions, Verb};

/// The settings of a token. Everything else about it follows from what happens to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSettings {
    /// 1 to 128 characters; see `draft::name`.
    pub name: String,
    /// "Where does this key live?"; may be empty. See `draft::note`.
    pub note: String,
    /// What it may do; at least one.
    pub permissions: Permissions,
    /// Which package names it covers; at least one pattern.
    pub patterns: Patterns,
    /// Which feeds it covers: all, or at least one.
    pub feeds: Feeds,
    /// Valid for `now < expires_at`; `None` for no end.
    pub expires_at: Option<DateTime<Utc>>,
}

/// One of the settings, as forms, commands and the record of edits know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum TokenField {
    /// [`TokenSettings::name`].
    Name,
    /// [`TokenSettings::note`].
    Note,
    /// [`TokenSettings::permissions`].
    Permissions,
    /// [`TokenSettings::patterns`].
    Patterns,
    /// [`TokenSettings::feeds`].
    Feeds,
    /// [`TokenSettings::expires_at`].
    End,
}

impl TokenField {
    /// What people call it, in lower case.
    pub fn words(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Note => "note",
            Self::Permissions => "permissions",
            Self::Patterns => "packages",
            Self::Feeds => "feeds",
            Self::End => "expiry",
        }
    }

    fn differs(self, before: &TokenSettings, after: &TokenSettings) -> bool {
        match self {
            Self::Name => before.name != after.name,
            Self::Note => before.note != after.note,
            Self::Permissions => before.permissions != after.permissions,
            Self::Patterns => !before.patterns.same_as(&after.patterns),
            Self::Feeds => before.feeds.adds_to(&after.feeds) || after.feeds.adds_to(&before.feeds),
            Self::End => before.expires_at != after.expires_at,
        }
    }
}

impl TokenSettings {
    /// For every package in every feed, without a note and without an end.
    pub fn for_everything(name: impl Into<String>, permissions: Permissions) -> Self {
        Self {
            name: name.into(),
            note: String::new(),
            permissions,
            patterns: Patterns::all(),
            feeds: Feeds::All,
            expires_at: None,
        }
    }

    /// Which of them an edit changed.
    pub fn changed(before: &Self, after: &Self) -> Vec<TokenField> {
        TokenField::VARIANTS.iter().copied().filter(|field| field.differs(before, after)).collect()
    }

    /// Whether whoever has the key can do everything with every package that its holder can reach, for ever. A page asks
    /// before it makes such a token.
    pub fn is_unlimited(&self) -> bool {
        let everything = |kind| [Verb::Push, Verb::Delete].map(|verb| Permission::of(kind, verb));
        let of = |kind: Kind| everything(kind).into_iter().all(|permission| self.permissions.has(permission));
        let packages = Kind::ALL.into_iter().any(of) && self.patterns.covers_all() && self.feeds == Feeds::All;
        packages && self.expires_at.is_none()
    }

    /// Whether they reach packages or feeds that `before` does not reach. An edit that does asks for the password again.
    pub fn widens(&self, before: &Self) -> bool {
        self.patterns.adds_to(&before.patterns) || self.feeds.adds_to(&before.feeds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_without_any_limit_is_unlimited() {
        let all = Permissions::parse("nuget:pull nuget:push nuget:delete").unwrap();
        let everything = TokenSettings::for_everything("CI", all);
        assert!(everything.is_unlimited());
        let read = Permissions::parse("nuget:pull nuget:push").unwrap();
        for limited in [
            TokenSettings { permissions: read, ..everything.clone() },
            TokenSettings { patterns: Patterns::parse("Contoso.*").unwrap(), ..everything.clone() },
            TokenSettings { feeds: Feeds::Some(Vec::new()), ..everything.clone() },
            TokenSettings { expires_at: Some(DateTime::UNIX_EPOCH), ..everything.clone() },
        ] {
            assert!(!limited.is_unlimited(), "{limited:?}");
        }
    }
}
