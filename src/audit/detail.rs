//! What an event tells beside its kind and subject: facts, kept as JSON beside the event.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::tokens::{Permissions, Token, TokenField};

/// The facts of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EventDetail {
    /// Kind and subject say it all.
    #[default]
    Nothing,
    /// What this version cannot read, as it was found.
    Text {
        /// For people only.
        text: String,
    },
    /// About a token's life.
    Token(TokenDetail),
    /// When a token ends or ended: of mails about it, and of its retirement.
    TokenEnd {
        /// Its end.
        at: DateTime<Utc>,
    },
    /// A name that goes with its account.
    Account {
        /// The username.
        username: String,
    },
    /// An address that was asked for, or is not wanted any more.
    Address {
        /// As typed.
        address: String,
    },
    /// An account's address, before and after.
    Addresses {
        /// Before.
        from: String,
        /// After.
        to: String,
    },
    /// A session that was ended.
    Session {
        /// The browser, as it names itself.
        client: String,
        /// From where it was last used.
        address: String,
    },
    /// How many sessions were ended.
    Sessions {
        /// At least one.
        count: u64,
    },
    /// A time zone.
    TimeZone {
        /// Its IANA name.
        zone: String,
    },
    /// Which reminders an account asks for.
    Reminders {
        /// 30 days before an end.
        thirty_days: bool,
        /// A day before.
        one_day: bool,
    },
    /// A tag of a package.
    Tag {
        /// The word.
        tag: String,
    },
    /// What was said of versions.
    Deprecation(DeprecationFacts),
    /// A role in a feed; none if it was taken.
    Role {
        /// As the store writes roles.
        role: Option<String>,
    },
    /// What somebody is asked to own.
    Ownership {
        /// The feed, or that of the package.
        feed: String,
        /// The package; none where it is the feed itself.
        package: Option<String>,
    },
    /// How many versions were removed.
    Versions {
        /// At least one.
        count: u64,
    },
    /// How many packages came from whom.
    Packages {
        /// At least one.
        count: u64,
        /// Whose they were.
        from: String,
    },
    /// A mail that an operator had tried again or dropped.
    Mail {
        /// The word by which the store knows what it says.
        mail: String,
        /// To whom.
        recipient: String,
    },
}

/// The facts of a deprecation, or of its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeprecationFacts {
    /// How many versions: at least one.
    pub count: u64,
    /// Which one, where it was one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Why, as the store writes it; none where it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// In its author's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The package to use instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternative: Option<String>,
}

/// The facts of a step in a token's life.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenDetail {
    /// The token as the step left it; none in most rows of November 2026.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenFacts>,
    /// What an edit changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<TokenField>,
    /// When a pause ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// What the step was part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Whether a refresh gave the token its first key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_key: bool,
}

/// A token as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFacts {
    /// Its name.
    pub name: String,
    /// Its note; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What it could do; none where only the name was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<TokenRights>,
}

/// What a token could do, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRights {
    /// Scope strings, separated by blanks.
    pub permissions: String,
    /// Its patterns.
    pub patterns: Vec<String>,
    /// The names of its feeds; none for all of them.
    pub feeds: Option<Vec<String>>,
    /// Its end; none for never.
    pub ends_at: Option<DateTime<Utc>>,
}

/// What a step in a token's life was part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A pause was over.
    PauseOver,
    /// Several tokens were selected.
    WithOthers,
    /// Every token of the account was switched off.
    Freeze,
    /// A freeze was undone.
    Unfreeze,
    /// The token that made it was revoked or deleted.
    WithMaker,
    /// A backup was restored, and what may have been revoked since was switched off.
    Restore,
}

impl EventDetail {
    /// How it is stored: JSON, or nothing.
    pub fn to_text(&self) -> String {
        if *self == Self::Nothing { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// Reads what [`Self::to_text`] wrote. What cannot be read is kept as text.
    pub fn from_text(text: &str) -> Self {
        if text.is_empty() {
            return Self::Nothing;
        }
        serde_json::from_str(text).unwrap_or_else(|_| Self::Text { text: text.to_owned() })
    }

    /// What it tells of a step in a token's life, if that is what it is about.
    pub fn token(&self) -> Option<&TokenDetail> {
        if let Self::Token(told) = self { Some(told) } else { None }
    }
}

impl From<TokenDetail> for EventDetail {
    fn from(told: TokenDetail) -> Self {
        if told == TokenDetail::default() { Self::Nothing } else { Self::Token(told) }
    }
}

impl TokenFacts {
    /// A token as it is; its feeds by name, none for all.
    pub fn of(token: &Token, feeds: Option<Vec<String>>) -> Self {
        let rights = TokenRights {
            permissions: token.settings.permissions.to_string(),
            patterns: token.settings.patterns.iter().map(str::to_owned).collect(),
            feeds,
            ends_at: token.end(),
        };
        Self { name: token.settings.name.clone(), note: token.settings.note.clone(), rights: Some(rights) }
    }
}

impl TokenRights {
    /// What it could do; none if this version does not know one of them.
    pub fn permissions(&self) -> Option<Permissions> {
        Permissions::parse(&self.permissions).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_as_they_were_written() {
        let rights = TokenRights {
            permissions: "nuget:pull".to_owned(),
            patterns: vec!["Contoso.*".to_owned()],
            feeds: None,
            ends_at: Some(DateTime::UNIX_EPOCH),
        };
        let told = TokenDetail {
            token: Some(TokenFacts { name: "CI".to_owned(), note: "vault".to_owned(), rights: Some(rights) }),
            changed: vec![TokenField::Patterns, TokenField::End],
            until: Some(DateTime::UNIX_EPOCH),
            cause: Some(Cause::WithOthers),
            first_key: true,
        };
        for detail in [
            EventDetail::Nothing,
            EventDetail::from(told),
            EventDetail::Text { text: "{}".to_owned() },
            EventDetail::Sessions { count: 2 },
            EventDetail::Deprecation(DeprecationFacts { count: 2, ..DeprecationFacts::default() }),
            EventDetail::Role { role: None },
            EventDetail::TokenEnd { at: DateTime::UNIX_EPOCH },
        ] {
            assert_eq!(EventDetail::from_text(&detail.to_text()), detail);
        }
        assert_eq!(EventDetail::Nothing.to_text(), "");
    }

    #[test]
    fn facts_of_a_later_version_are_kept_as_text() {
        let text = "{\"type\":\"later\"}";
        assert_eq!(EventDetail::from_text(text), EventDetail::Text { text: text.to_owned() });
    }
}
