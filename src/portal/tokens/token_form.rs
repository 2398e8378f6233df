//! What the form of a new or edited token sends, and what it means.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    app::App,
    store::StoreError,
    tokens::{
        FeedId, Feeds, Patterns, Permission, Permissions, Token,
        expiry::{BadExpiry, CHOICES, DEFAULT_DAYS, ExpiryChoice},
        lifecycle::{self, BadText},
        preset::{Kinds, Preset},
        weekday_morning::morning,
    },
    web::{form::Problems, format::counted, page::SignedIn},
};

/// Mistakes in patterns that are told one by one.
const TOLD: usize = 10;

/// What the form sends. Fields that only one of the two pages has are empty on the other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenForm {
    pub form_id: String,
    pub version: String,
    /// The token whose settings were copied, as its id and the version they were read at.
    pub copy_of: String,
    /// The token that is edited, for the preview.
    pub token: String,
    pub name: String,
    pub note: String,
    /// A ready-made choice of permissions; `custom` or nothing for the boxes.
    pub preset: String,
    /// The kinds a ready-made choice is for.
    pub kind: String,
    pub permission: Vec<String>,
    pub patterns: String,
    /// Packages that were ticked: one more pattern each.
    pub pick: Vec<String>,
    /// What the packages to tick are searched by.
    pub find: String,
    pub feeds: String,
    pub feed: Vec<String>,
    pub expires: String,
    pub expires_on: String,
    /// `yes` to end on a weekday morning.
    pub morning: String,
    pub password: String,
    /// Which button was pressed: nothing for the one that creates or saves.
    pub step: String,
}

/// What the form means.
#[derive(Debug)]
pub struct TokenSettings {
    pub name: String,
    pub note: String,
    pub permissions: Permissions,
    pub patterns: Patterns,
    pub feeds: Feeds,
}

/// Why an end is refused, with the field it belongs to.
pub type BadEnd = (&'static str, BadExpiry);

impl TokenForm {
    /// The form of a new token: nothing chosen, 90 days or the host's maximum.
    pub fn blank(max_days: Option<i64>) -> Self {
        let days = CHOICES
            .into_iter()
            .filter(|&days| days <= max_days.unwrap_or(DEFAULT_DAYS).min(DEFAULT_DAYS))
            .max()
            .unwrap_or(1);
        Self { kind: "nuget".to_owned(), feeds: "all".to_owned(), expires: days.to_string(), ..Self::default() }
    }

    /// The form filled with a token's settings.
    pub fn of(token: &Token) -> Self {
        let (feeds, feed) = match &token.feeds {
            Feeds::All => ("all", Vec::new()),
            Feeds::Some(ids) => ("some", ids.iter().map(ToString::to_string).collect()),
        };
        Self {
            version: token.version.to_string(),
            name: token.name.clone(),
            note: token.note.clone(),
            preset: "custom".to_owned(),
            kind: "nuget".to_owned(),
            permission: token.permissions.iter().map(|permission| permission.scope().to_owned()).collect(),
            patterns: token.patterns.as_str().to_owned(),
            feeds: feeds.to_owned(),
            feed,
            expires: "keep".to_owned(),
            ..Self::default()
        }
    }

    /// Chooses the preset that stands for the ticked boxes, if there is one.
    pub fn find_preset(&mut self) {
        let ticked = self.ticked().unwrap_or_default();
        let (preset, kind) =
            Preset::of(ticked).map_or(("custom", "nuget"), |(preset, kinds)| (preset.as_str(), kinds.as_str()));
        (self.preset, self.kind) = (preset.to_owned(), kind.to_owned());
    }

    /// Whether a button was pressed that only shows the form again.
    pub fn only_shows(&self) -> bool {
        !self.step.is_empty()
    }

    /// Reads everything but the expiry, noting what is wrong. `reachable` are the feeds that may be chosen.
    pub fn read(&self, reachable: &[FeedId], problems: &mut Problems) -> Option<TokenSettings> {
        let name = problems.keep("name", lifecycle::name(&self.name));
        let note = problems.keep("note", lifecycle::note(&self.note));
        let permissions = problems.keep("permission", self.permissions());
        let patterns = self.read_patterns(problems);
        let feeds = problems.keep("feeds", self.chosen_feeds(reachable));
        Some(TokenSettings { name: name?, note: note?, permissions: permissions?, patterns: patterns?, feeds: feeds? })
    }

    /// What is wrong when a key of an older system was pasted into a field; such keys are known only to the database.
    pub async fn legacy_keys(&self, app: &App) -> Result<Problems, StoreError> {
        let mut problems = Problems::default();
        for (field, text) in [("name", &self.name), ("note", &self.note), ("patterns", &self.all_patterns())] {
            if app.legacy.is_in(&app.store, text).await? {
                problems.note(field, BadText::Key);
            }
        }
        Ok(problems)
    }

    /// What the token may do: as the preset says, else as the boxes say.
    pub fn permissions(&self) -> Result<Permissions, String> {
        if let Some(preset) = Preset::parse(&self.preset) {
            let kinds = Kinds::parse(&self.kind).ok_or("Choose the kind of packages.")?;
            return Ok(preset.permissions(kinds.list()));
        }
        let permissions = self.ticked()?;
        if permissions.is_empty() {
            Err("Choose what the token may do, at least one thing.".to_owned())
        } else {
            Ok(permissions)
        }
    }

    /// The ticked boxes. Each value is one scope: nothing slips in beside another.
    fn ticked(&self) -> Result<Permissions, String> {
        let parsed =
            |scope: &String| Permission::parse(scope).ok_or_else(|| format!("There is no permission “{scope}”."));
        self.permission.iter().map(parsed).collect()
    }

    /// The typed patterns, and a line for each ticked package that has none.
    pub fn all_patterns(&self) -> String {
        let mut text = self.patterns.clone();
        for pick in &self.pick {
            if !text.lines().any(|line| line.trim().eq_ignore_ascii_case(pick)) {
                let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                text = format!("{text}{gap}{pick}");
            }
        }
        text
    }

    fn read_patterns(&self, problems: &mut Problems) -> Option<Patterns> {
        let (patterns, wrong) = Patterns::read(&self.all_patterns());
        wrong.iter().take(TOLD).for_each(|error| problems.note("patterns", error));
        if wrong.len() > TOLD {
            problems.note(
                "patterns",
                format!("There is something wrong with {} more.", counted(wrong.len() - TOLD, "line")),
            );
        }
        patterns.filter(|_| wrong.is_empty())
    }

    fn chosen_feeds(&self, reachable: &[FeedId]) -> Result<Feeds, &'static str> {
        match self.feeds.as_str() {
            "all" => return Ok(Feeds::All),
            "some" => {}
            _ => return Err("Choose all feeds, or some of them."),
        }
        let chosen: Option<Vec<FeedId>> =
            self.feed.iter().map(|id| FeedId::parse(id).filter(|id| reachable.contains(id))).collect();
        match chosen {
            Some(chosen) if !chosen.is_empty() => Ok(Feeds::Some(chosen)),
            Some(_) => Err("Tick at least one feed, or choose all feeds."),
            None => Err("One of these feeds is not there any more. Choose again."),
        }
    }

    /// The end that is meant. `edited` is the token that keeps its end unless another is chosen.
    pub fn end(
        &self,
        me: &SignedIn,
        max_days: Option<i64>,
        edited: Option<&Token>,
    ) -> Result<Option<DateTime<Utc>>, BadEnd> {
        let (field, text) = match (self.expires.as_str(), edited) {
            ("keep", Some(token)) => return Ok(token.expires_at),
            ("date", _) => ("expires_on", &self.expires_on),
            _ => ("expires", &self.expires),
        };
        let choice = ExpiryChoice::parse(text).map_err(|error| (field, error))?;
        if matches!(choice, ExpiryChoice::EndOf(_)) && field == "expires" {
            return Err((field, BadExpiry::NotAChoice));
        }
        let end = choice.resolve(me.now, me.account.time_zone, max_days).map_err(|error| (field, error))?;
        match (end, choice) {
            (Some(end), ExpiryChoice::Days(_)) if self.morning == "yes" => {
                Ok(Some(weekday_morning(end, me, max_days, edited).unwrap_or(end)))
            }
            _ => Ok(end),
        }
    }

    /// The field that an expiry's problem belongs to.
    pub fn expiry_field(&self) -> &'static str {
        if self.expires == "date" { "expires_on" } else { "expires" }
    }
}

/// The weekday morning for an end, within the host's maximum and, when a token is edited, no later than its present end.
pub fn weekday_morning(
    end: DateTime<Utc>,
    me: &SignedIn,
    max_days: Option<i64>,
    edited: Option<&Token>,
) -> Option<DateTime<Utc>> {
    let furthest = max_days.map(|days| me.now + chrono::Duration::days(days));
    let latest = [furthest, edited.and_then(|token| token.expires_at)].into_iter().flatten().min();
    morning(end, me.account.time_zone, me.now, latest)
}
