//! What a program sends about a token, as a draft.

use chrono::Duration;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    feeds::Membership,
    tokens::{
        Feeds, Token, TokenField, TokenSettings,
        draft::{Draft, FeedChoice, FieldError, KEEP, Rules},
        expiry::DEFAULT_DAYS,
        pattern::BadPattern,
    },
};

/// A new token. What is left out is no wider than the token that asks.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// 1 to 128 characters; left out, it is called by what it is for and the day.
    #[serde(default)]
    name: String,
    /// Where its key will live, at most 500 characters.
    #[serde(default)]
    note: String,
    /// Scope strings such as `nuget:push`, at least one.
    #[schema(min_items = 1)]
    permissions: Vec<String>,
    /// Package globs such as `Contoso.*`, at least one; `*` for all packages.
    #[schema(min_items = 1, max_items = 100)]
    patterns: Vec<String>,
    /// Names of feeds, or `*` alone for all; left out, the feeds of the token that asks.
    feeds: Option<Vec<String>>,
    /// A time (`2027-02-21T00:00:00Z`), a day (`2027-02-21`, ends with it), a number of days (`90d`) or `never`; left out,
    /// 90 days, or less where this host or the token that asks allows less.
    expires_at: Option<String>,
}

/// What an edit changes: what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenChanges {
    /// 1 to 128 characters.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
    /// Where its key lives; may be empty.
    note: Option<String>,
    /// Only taken away, never added.
    #[schema(min_items = 1)]
    permissions: Option<Vec<String>>,
    /// At least one.
    #[schema(min_items = 1, max_items = 100)]
    patterns: Option<Vec<String>>,
    /// Names of feeds, or `*` alone for all.
    feeds: Option<Vec<String>>,
    /// Only brought forward: a time, a day or a number of days.
    expires_at: Option<String>,
}

impl NewToken {
    /// What is asked for; `own` are the settings of the token that asks.
    pub(super) fn draft(
        self,
        own: &TokenSettings,
        memberships: &[Membership],
        rules: &Rules<'_>,
    ) -> Result<Draft, FieldError> {
        let feeds = match self.feeds {
            Some(names) => feeds(&names, memberships),
            None => kept_feeds(&own.feeds),
        };
        Ok(Draft {
            name: self.name,
            note: self.note,
            scopes: self.permissions,
            patterns: patterns(&self.patterns)?,
            feeds,
            expires: self.expires_at.unwrap_or_else(|| usual_end(own, rules)),
            ..Draft::default()
        })
    }
}

impl TokenChanges {
    /// What is asked for of a token.
    pub(super) fn draft(self, token: &Token, memberships: &[Membership]) -> Result<Draft, FieldError> {
        let settings = &token.settings;
        let scopes = || settings.permissions.iter().map(|permission| permission.scope().to_owned()).collect();
        Ok(Draft {
            name: self.name.unwrap_or_else(|| settings.name.clone()),
            note: self.note.unwrap_or_else(|| settings.note.clone()),
            scopes: self.permissions.unwrap_or_else(scopes),
            patterns: match self.patterns {
                Some(sent) => patterns(&sent)?,
                None => settings.patterns.as_str().to_owned(),
            },
            feeds: self.feeds.map_or_else(|| kept_feeds(&settings.feeds), |names| feeds(&names, memberships)),
            expires: self.expires_at.unwrap_or_else(|| KEEP.to_owned()),
            ..Draft::default()
        })
    }
}

/// A pattern in each line, as drafts have them. One that would be two of them is none.
fn patterns(sent: &[String]) -> Result<String, FieldError> {
    let odd = sent.iter().find_map(|pattern| match pattern.chars().find(|c| c.is_control()) {
        Some(_) => Some(BadPattern::Character(pattern.replace(char::is_control, "\u{FFFD}"), '\u{FFFD}')),
        None => pattern.trim().is_empty().then_some(BadPattern::Empty),
    });
    match odd {
        Some(error) => Err(FieldError { field: Some(TokenField::Patterns), error: error.into() }),
        None => Ok(sent.join("\n")),
    }
}

/// Names that the account has no feed for stay as they are, which no id is.
fn feeds(names: &[String], memberships: &[Membership]) -> FeedChoice {
    if let [all] = names
        && all == "*"
    {
        return FeedChoice::All;
    }
    let id = |name: &String| {
        let found = memberships.iter().find(|membership| membership.feed.name == *name);
        found.map_or_else(|| name.clone(), |membership| membership.feed.id.to_string())
    };
    FeedChoice::Some(names.iter().map(id).collect())
}

fn kept_feeds(feeds: &Feeds) -> FeedChoice {
    match feeds {
        Feeds::All => FeedChoice::All,
        Feeds::Some(ids) => FeedChoice::Some(ids.iter().map(ToString::to_string).collect()),
    }
}

/// 90 days, or what the host or the token that asks allows.
fn usual_end(own: &TokenSettings, rules: &Rules<'_>) -> String {
    let most = rules.max_days.unwrap_or(DEFAULT_DAYS).min(DEFAULT_DAYS);
    match own.expires_at {
        Some(end) if end < rules.now + Duration::days(most) => end.to_rfc3339(),
        _ => most.to_string(),
    }
}
