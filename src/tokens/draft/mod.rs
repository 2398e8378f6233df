//! What somebody asks for when a token is created or edited, and every rule it is held against. Pages, commands and the
//! HTTP API fill a [`Draft`] from what was sent, and tell each [`FieldError`] in their own words for the field.

mod text;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use thiserror::Error;

pub use self::text::{BadText, MAX_NAME, MAX_NOTE, default_name, name, note, numbered};
use super::{
    FeedId, Feeds, Kind, Patterns, Permission, Permissions, Token, TokenField, TokenSettings, Verb,
    expiry::{BadExpiry, ExpiryChoice},
    lifecycle::{self, EditRefused},
    pattern::BadPattern,
    preset::{Kinds, Preset},
    weekday_morning::morning,
};

/// Mistakes in patterns that are told one by one.
const MOST_TOLD: usize = 10;

/// A token as it is asked for, everything as it was typed.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Empty for the default name, which [`Draft::default_name`] gives.
    pub name: String,
    /// May be empty.
    pub note: String,
    /// The word of a preset; anything else if `scopes` say what the token may do.
    pub preset: String,
    /// What the preset is for: the word of a kind, or `all`.
    pub kinds: String,
    /// One scope string each, so that nothing slips in beside another.
    pub scopes: Vec<String>,
    /// One pattern in each line.
    pub patterns: String,
    /// Which feeds it is for.
    pub feeds: FeedChoice,
    /// `90`, `90d`, `2027-02-21` or `never`; in an edit also [`KEEP`].
    pub expires: String,
    /// Whether a number of days ends on a weekday morning instead.
    pub weekday_morning: bool,
}

/// The end that an edit leaves as it is.
pub const KEEP: &str = "keep";

/// The feeds that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FeedChoice {
    /// Neither all nor some.
    #[default]
    Missing,
    /// Every feed of the account, now and later.
    All,
    /// Those of these ids.
    Some(Vec<String>),
}

/// What a draft is held against.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The present.
    pub now: DateTime<Utc>,
    /// The time zone of the account.
    pub zone: Tz,
    /// The longest life the host allows, in days.
    pub max_days: Option<i64>,
    /// The feeds the account can reach.
    pub feeds: &'a [FeedId],
    /// Whether an operator gives the token, who alone may give `api:introspect`.
    pub by_operator: bool,
}

impl Rules<'_> {
    /// The weekday morning for an end, within the host's maximum and, when a token is edited, no later than its present
    /// end. None if there is none in between.
    pub fn weekday_morning(&self, end: DateTime<Utc>, edited: Option<&Token>) -> Option<DateTime<Utc>> {
        let furthest = self.max_days.map(|days| self.now + Duration::days(days));
        let latest = [furthest, edited.and_then(|token| token.settings.expires_at)].into_iter().flatten().min();
        morning(end, self.zone, self.now, latest)
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }
}

/// What is wrong with a field, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{error}")]
pub struct FieldError {
    /// The field; none where it is the draft as a whole.
    pub field: Option<TokenField>,
    /// What is wrong.
    pub error: Mistake,
}

/// One mistake in a draft.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mistake {
    /// A name, a note, or a key that was pasted anywhere.
    #[error(transparent)]
    Text(#[from] BadText),
    /// What the token may do.
    #[error(transparent)]
    Permissions(#[from] BadPermissions),
    /// A pattern.
    #[error(transparent)]
    Pattern(#[from] BadPattern),
    /// More patterns than are told one by one.
    #[error("There is something wrong with {0} more line{s}.", s = if *.0 == 1 { "" } else { "s" })]
    MorePatterns(usize),
    /// The feeds.
    #[error(transparent)]
    Feeds(#[from] BadFeeds),
    /// The end.
    #[error(transparent)]
    Expiry(#[from] BadExpiry),
    /// What an edit may not do.
    #[error(transparent)]
    Edit(#[from] EditRefused),
}

/// Why permissions are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadPermissions {
    /// Nothing is allowed.
    #[error("Choose what the token may do, at least one thing.")]
    None,
    /// No scope string.
    #[error("There is no permission “{0}”.")]
    Unknown(String),
    /// A preset for no kind.
    #[error("Choose the kind of packages.")]
    NoKind,
    /// Others cannot give it.
    #[error("Only operators give the permission “{}”.", Permission::ApiIntrospect.scope())]
    OnlyOperators,
}

/// Why feeds are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadFeeds {
    /// Neither all nor some.
    #[error("Choose all feeds, or some of them.")]
    Missing,
    /// Some, but none of them.
    #[error("Choose a feed, or all feeds.")]
    None,
    /// One that is not there, or out of reach.
    #[error("One of these feeds does not exist, or the account cannot reach it. Choose again.")]
    OutOfReach,
}

impl From<EditRefused> for FieldError {
    fn from(refused: EditRefused) -> Self {
        let field = match refused {
            EditRefused::Revoked => None,
            EditRefused::MorePermissions | EditRefused::NoPermissions => Some(TokenField::Permissions),
            EditRefused::LaterEnd | EditRefused::PastEnd => Some(TokenField::End),
        };
        Self { field, error: refused.into() }
    }
}

/// What is good of a draft, beside what is not.
#[derive(Default)]
struct Checked {
    errors: Vec<FieldError>,
}

impl Checked {
    fn keep<T, E: Into<Mistake>>(&mut self, field: TokenField, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.errors.push(FieldError { field: Some(field), error: error.into() })).ok()
    }
}

impl Draft {
    /// The settings of the new token that is meant, or everything that is wrong. A name left empty is wrong too: which default is free
    /// only the database knows, so it is filled in before.
    pub fn new_token(&self, rules: &Rules<'_>) -> Result<TokenSettings, Vec<FieldError>> {
        let permissions = self.permissions().and_then(|permissions| may_give(permissions, rules));
        self.check(permissions.map_err(Mistake::from), rules.feeds, self.end(rules, None).map_err(Mistake::from))
    }

    /// The settings that an edit leaves a token with, or everything that is wrong. Feeds that the token has may stay, in reach or not.
    pub fn edit(&self, token: &Token, rules: &Rules<'_>) -> Result<TokenSettings, Vec<FieldError>> {
        if token.revoked_at.is_some() {
            return Err(vec![EditRefused::Revoked.into()]);
        }
        let permissions = self.permissions().map_err(Mistake::from).and_then(|permissions| {
            lifecycle::may_keep(permissions, token)?;
            Ok(permissions)
        });
        let end = self.end(rules, Some(token)).map_err(Mistake::from).and_then(|end| {
            lifecycle::may_end(end, token, rules.now)?;
            Ok(end)
        });
        let mut feeds = rules.feeds.to_vec();
        if let Feeds::Some(ids) = &token.settings.feeds {
            feeds.extend(ids);
        }
        self.check(permissions, &feeds, end)
    }

    /// Reads all fields; what is wrong comes in the order in which forms have them.
    fn check(
        &self,
        permissions: Result<Permissions, Mistake>,
        reachable: &[FeedId],
        end: Result<Option<DateTime<Utc>>, Mistake>,
    ) -> Result<TokenSettings, Vec<FieldError>> {
        let mut checked = Checked::default();
        let name = checked.keep(TokenField::Name, name(&self.name));
        let note = checked.keep(TokenField::Note, note(&self.note));
        let permissions = checked.keep(TokenField::Permissions, permissions);
        let patterns = self.read_patterns(&mut checked);
        let feeds = checked.keep(TokenField::Feeds, self.feeds.read(reachable));
        let expires_at = checked.keep(TokenField::End, end);
        match (name, note, permissions, patterns, feeds, expires_at) {
            (Some(name), Some(note), Some(permissions), Some(patterns), Some(feeds), Some(expires_at)) => {
                Ok(TokenSettings { name, note, permissions, patterns, feeds, expires_at })
            }
            _ => Err(checked.errors),
        }
    }

    /// What the token may do: as the preset says, else as the scopes say.
    pub fn permissions(&self) -> Result<Permissions, BadPermissions> {
        if let Some(preset) = Preset::parse(&self.preset) {
            let kinds = Kinds::parse(&self.kinds).ok_or(BadPermissions::NoKind)?;
            return Ok(preset.permissions(kinds.list()));
        }
        let permissions = self.given_scopes()?;
        if permissions.is_empty() { Err(BadPermissions::None) } else { Ok(permissions) }
    }

    /// The scopes alone, perhaps none.
    pub fn given_scopes(&self) -> Result<Permissions, BadPermissions> {
        let parsed = |scope: &String| Permission::parse(scope).ok_or_else(|| BadPermissions::Unknown(scope.clone()));
        self.scopes.iter().map(parsed).collect()
    }

    fn read_patterns(&self, checked: &mut Checked) -> Option<Patterns> {
        let (patterns, mut wrong) = Patterns::read(&self.patterns);
        let more = wrong.len().saturating_sub(MOST_TOLD);
        wrong.truncate(MOST_TOLD);
        let patterns = patterns.filter(|_| wrong.is_empty());
        let more = (more > 0).then_some(Mistake::MorePatterns(more));
        let errors = wrong.into_iter().map(Mistake::from).chain(more);
        checked.errors.extend(errors.map(|error| FieldError { field: Some(TokenField::Patterns), error }));
        patterns
    }

    /// The end that is meant, `None` for never. `edited` is the token that keeps its end unless another is chosen.
    pub fn end(&self, rules: &Rules<'_>, edited: Option<&Token>) -> Result<Option<DateTime<Utc>>, BadExpiry> {
        if let (KEEP, Some(token)) = (self.expires.as_str(), edited) {
            return Ok(token.settings.expires_at);
        }
        let choice = ExpiryChoice::parse(&self.expires)?;
        let end = choice.resolve(rules.now, rules.zone, rules.max_days)?;
        let in_days = matches!(choice, ExpiryChoice::Days(_));
        let morning = end.filter(|_| in_days && self.weekday_morning);
        Ok(morning.and_then(|end| rules.weekday_morning(end, edited)).or(end))
    }

    /// What the token is called if its name is left empty, before a number is added to it; see [`numbered`].
    pub fn default_name(&self, rules: &Rules<'_>) -> String {
        let nuget = || [Permission::of(Kind::NuGet, Verb::Pull)].into_iter().collect();
        default_name(self.permissions().unwrap_or_else(|_| nuget()), rules.today())
    }

    /// Whether the default name is asked for.
    pub fn is_unnamed(&self) -> bool {
        self.name.trim().is_empty()
    }

    /// The texts that are kept and shown, into which somebody may have pasted a key.
    pub fn texts(&self) -> [(TokenField, &str); 3] {
        [(TokenField::Name, &self.name), (TokenField::Note, &self.note), (TokenField::Patterns, &self.patterns)]
    }
}

fn may_give(permissions: Permissions, rules: &Rules<'_>) -> Result<Permissions, BadPermissions> {
    if permissions.has(Permission::ApiIntrospect) && !rules.by_operator {
        Err(BadPermissions::OnlyOperators)
    } else {
        Ok(permissions)
    }
}

impl FeedChoice {
    /// The feeds that are meant, all of them among `reachable`.
    fn read(&self, reachable: &[FeedId]) -> Result<Feeds, BadFeeds> {
        let ids = match self {
            Self::All => return Ok(Feeds::All),
            Self::Missing => return Err(BadFeeds::Missing),
            Self::Some(ids) if ids.is_empty() => return Err(BadFeeds::None),
            Self::Some(ids) => ids,
        };
        let found = ids.iter().map(|id| FeedId::parse(id).filter(|id| reachable.contains(id)));
        found.collect::<Option<_>>().map(Feeds::Some).ok_or(BadFeeds::OutOfReach)
    }
}

#[cfg(test)]
mod tests;
