//! The form that creates and edits tokens: what it sends, how it is read, and how it comes back filled.

use chrono::{Duration, Utc};
use serde::Deserialize;

use crate::{
    portal::{form::Problems, page::SignedIn, words::Time},
    store::Feed,
    tokens::{
        FeedId, Feeds, Kind, Patterns, Permission, Permissions, Token, change,
        expiry::{CHOICES, Choice as Expiry, DEFAULT_DAYS, FURTHEST_DAYS},
    },
};

/// What the form sends. Fields that only one of the two pages has are empty on the other.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenForm {
    pub form_id: String,
    pub version: String,
    pub name: String,
    pub note: String,
    pub permission: Vec<String>,
    pub patterns: String,
    pub feeds: String,
    pub feed: Vec<String>,
    pub expires: String,
    pub expires_on: String,
    pub password: String,
}

/// What the form means.
#[derive(Debug)]
pub struct Wanted {
    pub name: String,
    pub note: String,
    pub permissions: Permissions,
    pub patterns: Patterns,
    pub feeds: Feeds,
}

impl TokenForm {
    /// The form of a new token: read NuGet packages for 90 days, or the host's maximum.
    pub fn blank(max_days: Option<i64>) -> Self {
        let days = CHOICES
            .into_iter()
            .filter(|&days| days <= max_days.unwrap_or(DEFAULT_DAYS).min(DEFAULT_DAYS))
            .max()
            .unwrap_or(1);
        Self { feeds: "all".to_owned(), expires: days.to_string(), ..Self::default() }
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
            permission: token.permissions.iter().map(|permission| permission.scope().to_owned()).collect(),
            patterns: token.patterns.as_str().to_owned(),
            feeds: feeds.to_owned(),
            feed,
            expires: "keep".to_owned(),
            ..Self::default()
        }
    }

    /// Reads everything but the expiry, noting what is wrong. `reachable` are the feeds that may be chosen.
    pub fn read(&self, reachable: &[FeedId], problems: &mut Problems) -> Option<Wanted> {
        let name = problems.keep("name", change::name(&self.name));
        let note = problems.keep("note", change::note(&self.note));
        let permissions = problems.keep("permission", self.permissions());
        let patterns = problems.keep("patterns", Patterns::parse(&self.patterns));
        let feeds = problems.keep("feeds", self.chosen_feeds(reachable));
        Some(Wanted { name: name?, note: note?, permissions: permissions?, patterns: patterns?, feeds: feeds? })
    }

    fn permissions(&self) -> Result<Permissions, String> {
        let permissions = Permissions::parse(&self.permission.join(" "))
            .map_err(|scope| format!("There is no permission “{scope}”."))?;
        if permissions.is_empty() {
            Err("Tick at least one thing the token may do.".to_owned())
        } else {
            Ok(permissions)
        }
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

    /// The chosen expiry; none for "keep".
    pub fn expiry(&self) -> Result<Option<Expiry>, (&'static str, String)> {
        let (field, text) = match self.expires.as_str() {
            "keep" => return Ok(None),
            "date" => ("expires_on", &self.expires_on),
            _ => ("expires", &self.expires),
        };
        match Expiry::parse(text) {
            Ok(Expiry::EndOf(_)) if field == "expires" => {
                Err((field, crate::tokens::expiry::Refused::NotAChoice.to_string()))
            }
            Ok(choice) => Ok(Some(choice)),
            Err(error) => Err((field, error.to_string())),
        }
    }

    /// The field that an expiry's problem belongs to.
    pub fn expiry_field(&self) -> &'static str {
        if self.expires == "date" { "expires_on" } else { "expires" }
    }
}

/// A choice of a group.
pub struct Choice {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub checked: bool,
}

/// A permission's box.
pub struct PermissionBox {
    pub value: &'static str,
    pub label: &'static str,
    pub checked: bool,
    pub locked: bool,
}

/// The boxes of one kind: read, upload, upload versions, delete.
pub struct PermissionRow {
    pub kind: &'static str,
    pub boxes: Vec<Option<PermissionBox>>,
}

/// The form as templates draw it.
pub struct Fields {
    pub name: String,
    pub note: String,
    pub patterns: String,
    pub expires_on: String,
    pub permissions: Vec<PermissionRow>,
    pub api: Vec<PermissionBox>,
    pub all_feeds: bool,
    pub feeds: Vec<Choice>,
    pub expiry: Vec<Choice>,
    pub zone: String,
    /// Whether the last proof of the password is too old for what the form does.
    pub ask_password: bool,
}

impl Fields {
    /// The fields of a form. `edited` is the token that is edited: what it cannot get cannot be ticked.
    pub fn new(form: &TokenForm, me: &SignedIn, feeds: &[Feed], max_days: Option<i64>, edited: Option<&Token>) -> Self {
        let make = |permission: Permission, label| PermissionBox {
            value: permission.scope(),
            label,
            checked: form.permission.iter().any(|scope| scope == permission.scope()),
            locked: edited.is_some_and(|token| !token.permissions.has(permission)),
        };
        let row = |kind: Kind| PermissionRow {
            kind: kind.label(),
            boxes: COLUMNS
                .iter()
                .map(|(verb, label)| with_verb(kind, verb).map(|permission| make(permission, label)))
                .collect(),
        };
        // What only operators give is shown to be kept or taken away.
        let introspect = edited
            .filter(|token| token.permissions.has(Permission::ApiIntrospect))
            .map(|_| (Permission::ApiIntrospect, "Ask about any token"));
        let api = [
            (Permission::ApiRead, "Look through the management API"),
            (Permission::ApiManage, "Change things through the management API"),
        ];
        let api = api.into_iter().chain(introspect);
        Self {
            name: form.name.clone(),
            note: form.note.clone(),
            patterns: form.patterns.clone(),
            expires_on: form.expires_on.clone(),
            ask_password: false,
            permissions: Kind::ALL.into_iter().map(row).collect(),
            api: api.map(|(permission, label)| make(permission, label)).collect(),
            all_feeds: form.feeds != "some",
            feeds: feeds.iter().map(|feed| feed_choice(feed, form)).collect(),
            expiry: expiry_choices(form, me, max_days, edited),
            zone: me.account.time_zone.name().to_owned(),
        }
    }
}

const COLUMNS: [(&str, &str); 4] = [
    ("pull", "Read"),
    ("push", "Upload new packages and versions"),
    ("push-version", "Upload only new versions"),
    ("delete", "Delete"),
];

fn with_verb(kind: Kind, verb: &str) -> Option<Permission> {
    let has_verb = |permission: &Permission| permission.scope().split_once(':').is_some_and(|(_, own)| own == verb);
    Permission::ALL.iter().copied().find(|permission| permission.kind() == Some(kind) && has_verb(permission))
}

fn feed_choice(feed: &Feed, form: &TokenForm) -> Choice {
    let value = feed.id.to_string();
    Choice { checked: form.feed.contains(&value), label: feed.name.clone(), hint: String::new(), value }
}

fn expiry_choices(form: &TokenForm, me: &SignedIn, max_days: Option<i64>, edited: Option<&Token>) -> Vec<Choice> {
    let choice = |value: &str, label: String, end: Option<chrono::DateTime<Utc>>| Choice {
        checked: form.expires == value,
        value: value.to_owned(),
        label,
        hint: end.map(|end| Time::end(end, me.now, me.account.time_zone).text).unwrap_or_default(),
    };
    let current = edited.map(|token| token.expires_at);
    let offered = |days: &i64| {
        max_days.is_none_or(|max| *days <= max)
            && current.flatten().is_none_or(|end| me.now + Duration::days(*days) < end)
    };
    let kept =
        current.map(|end| choice("keep", if end.is_some() { "As it is" } else { "As it is: never" }.to_owned(), end));
    let own = Expiry::parse(&form.expires).ok().and_then(|own| match own {
        Expiry::Days(days) if !CHOICES.contains(&days) && (1..=FURTHEST_DAYS).contains(&days) => Some(days),
        _ => None,
    });
    let mut days: Vec<i64> = CHOICES.into_iter().chain(own).collect();
    days.sort_unstable();
    let days = days.into_iter().filter(offered).map(|days| {
        choice(
            &days.to_string(),
            format!("{days} day{}", if days == 1 { "" } else { "s" }),
            Some(me.now + Duration::days(days)),
        )
    });
    let never = (edited.is_none() && max_days.is_none()).then(|| choice("never", "Never".to_owned(), None));
    kept.into_iter().chain(days).chain([choice("date", "A date".to_owned(), None)]).chain(never).collect()
}
