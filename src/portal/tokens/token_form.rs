//! What the form of a new or edited token sends, and what it means.

use serde::Deserialize;

use crate::{
    app::App,
    tokens::{
        FeedId, Feeds, Permissions, Token, TokenField,
        draft::{BadPermissions, Draft, FeedChoice, FieldError, KEEP, Rules},
        expiry::{CHOICES, DEFAULT_DAYS, ExpiryChoice},
        preset::Preset,
    },
    web::{form::Problems, page::SignedIn},
};

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
    /// `all` for every package; otherwise the patterns say which.
    pub scope: String,
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
    /// `yes` for a token without any limit, of which the page asks whether it is meant.
    pub sure: String,
    /// Which button was pressed: nothing for the one that creates or saves.
    pub step: String,
}

impl TokenForm {
    /// The form of a new token: nothing chosen, 90 days or the host's maximum.
    pub fn blank(max_days: Option<i64>) -> Self {
        let days = CHOICES
            .into_iter()
            .filter(|&days| days <= max_days.unwrap_or(DEFAULT_DAYS).min(DEFAULT_DAYS))
            .max()
            .unwrap_or(1);
        Self {
            kind: "nuget".to_owned(),
            scope: "match".to_owned(),
            feeds: "all".to_owned(),
            expires: days.to_string(),
            ..Self::default()
        }
    }

    /// The form filled with a token's settings.
    pub fn of(token: &Token) -> Self {
        let (feeds, feed) = match &token.settings.feeds {
            Feeds::All => ("all", Vec::new()),
            Feeds::Some(ids) => ("some", ids.iter().map(ToString::to_string).collect()),
        };
        let is_all = token.settings.patterns.as_str() == "*";
        Self {
            version: token.version.to_string(),
            name: token.settings.name.clone(),
            note: token.settings.note.clone(),
            preset: "custom".to_owned(),
            kind: "nuget".to_owned(),
            permission: token.settings.permissions.iter().map(|permission| permission.scope().to_owned()).collect(),
            scope: if is_all { "all" } else { "match" }.to_owned(),
            patterns: if is_all { String::new() } else { token.settings.patterns.as_str().to_owned() },
            feeds: feeds.to_owned(),
            feed,
            expires: KEEP.to_owned(),
            ..Self::default()
        }
    }

    /// Chooses the preset that stands for the ticked boxes, if there is one.
    pub fn find_preset(&mut self) {
        let ticked = self.draft().given_scopes().unwrap_or_default();
        let (preset, kind) =
            Preset::of(ticked).map_or(("custom", "nuget"), |(preset, kinds)| (preset.as_str(), kinds.as_str()));
        (self.preset, self.kind) = (preset.to_owned(), kind.to_owned());
    }

    /// Whether a button was pressed that only shows the form again.
    pub fn only_shows(&self) -> bool {
        !self.step.is_empty()
    }

    /// What the form asks for.
    pub fn draft(&self) -> Draft {
        Draft {
            name: self.name.clone(),
            note: self.note.clone(),
            preset: self.preset.clone(),
            kinds: self.kind.clone(),
            scopes: self.permission.clone(),
            patterns: self.all_patterns(),
            feeds: match self.feeds.as_str() {
                "all" => FeedChoice::All,
                "some" => FeedChoice::Some(self.feed.clone()),
                _ => FeedChoice::Missing,
            },
            expires: self.chosen_end().to_owned(),
            weekday_morning: self.morning == "yes",
        }
    }

    /// The chosen end. A date counts in its own field only.
    fn chosen_end(&self) -> &str {
        let is_date = |text| matches!(ExpiryChoice::parse(text), Ok(ExpiryChoice::EndOf(_)));
        match self.expires.as_str() {
            "date" => &self.expires_on,
            text if is_date(text) => "",
            text => text,
        }
    }

    /// What the token may do.
    pub fn permissions(&self) -> Result<Permissions, BadPermissions> {
        self.draft().permissions()
    }

    /// What is wrong with a draft, beside the fields of the form.
    pub fn problems(&self, errors: &[FieldError]) -> Problems {
        let mut problems = Problems::default();
        errors.iter().for_each(|error| problems.note(self.field(error.field), error));
        problems
    }

    fn field(&self, field: Option<TokenField>) -> &'static str {
        match field {
            None => "",
            Some(TokenField::Name) => "name",
            Some(TokenField::Note) => "note",
            Some(TokenField::Permissions) => "permission",
            Some(TokenField::Patterns) => "patterns",
            Some(TokenField::Feeds) => "feeds",
            Some(TokenField::End) if self.expires == "date" => "expires_on",
            Some(TokenField::End) => "expires",
        }
    }

    /// What people call the field of a problem.
    pub fn label_of(&self, field: &str) -> &'static str {
        match field {
            "name" => "Name",
            "note" => "Note",
            "permission" => "What it may do",
            "patterns" => "Packages",
            "feeds" => "Feeds",
            "expires" => "Expires",
            "expires_on" => "Last day",
            _ => "Confirmation",
        }
    }

    /// The patterns that are meant: one for every package, or those of [`Self::listed_patterns`].
    pub fn all_patterns(&self) -> String {
        if self.scope == "all" { "*".to_owned() } else { self.listed_patterns() }
    }

    /// The typed patterns, and a line for each ticked package that has none.
    pub fn listed_patterns(&self) -> String {
        let mut text = self.patterns.clone();
        for pick in &self.pick {
            if !text.lines().any(|line| line.trim().eq_ignore_ascii_case(pick)) {
                let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                text = format!("{text}{gap}{pick}");
            }
        }
        text
    }
}

/// What the drafts of the signed-in person are held against, who can reach these feeds.
pub fn rules<'a>(app: &App, me: &SignedIn, feeds: &'a [FeedId]) -> Rules<'a> {
    let (zone, max_days) = (me.account.time_zone, app.settings.max_token_days);
    Rules { now: me.now, zone, max_days, feeds, by_operator: false }
}
