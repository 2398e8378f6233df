//! The form of a new or edited token as its page draws it: every choice, and which of them are made.

use chrono::{DateTime, Duration, Utc};

use super::{
    pattern_preview::Preview,
    sentence::{Reader, of_errors},
    token_form::{TokenForm, rules},
};
use crate::{
    app::App,
    feeds::Feed,
    tokens::{
        FeedId, Feeds, Kind, Permission, Permissions, ServedKinds, Token, Verb,
        draft::KEEP,
        expiry::{CHOICES, ExpiryChoice as Expiry, FURTHEST_DAYS, end_in},
        preset::{Kinds, Preset},
    },
    web::{confirm::Piece, form::Problems, page::SignedIn},
};

/// A choice of a group.
pub struct FeedChoice {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub checked: bool,
}

/// A ready-made choice of permissions; `ticks` are the boxes it stands for, for scripts.
pub struct PresetChoice {
    pub value: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub ticks: String,
    pub checked: bool,
}

/// A lifetime, with its end.
pub struct ExpiryChoice {
    pub value: String,
    /// `90 days`, or `90 days (26 Feb 2027)`.
    pub label: String,
    pub checked: bool,
}

/// A permission's box.
pub struct PermissionBox {
    pub value: &'static str,
    pub label: &'static str,
    pub checked: bool,
}

/// The boxes of one kind, or of the management API.
pub struct PermissionRow {
    pub label: &'static str,
    pub boxes: Vec<PermissionBox>,
}

/// The form as templates draw it.
pub struct Fields {
    /// What was typed and chosen so far.
    pub typed: TokenForm,
    /// For a name left empty; empty where a name is asked for.
    pub default_name: String,
    /// Empty where nothing can be added.
    pub presets: Vec<PresetChoice>,
    pub kinds: Vec<FeedChoice>,
    pub permissions: Vec<PermissionRow>,
    /// What is true of the permissions that are offered, whichever are chosen.
    pub said: Vec<String>,
    pub feeds: Vec<FeedChoice>,
    pub expiry: Vec<ExpiryChoice>,
    pub zone: String,
    pub preview: Preview,
    /// What the token could do, or what is missing before that can be said.
    pub sentence: Vec<Piece>,
}

impl Fields {
    /// The fields of a form. `edited` is the token that is edited: what it cannot get is not shown.
    pub fn new(
        typed: TokenForm,
        app: &App,
        Reader { feeds, me }: Reader<'_>,
        edited: Option<&Token>,
        preview: Preview,
    ) -> Self {
        let (form, max_days) = (&typed, app.settings.max_token_days);
        let boxes = Boxes { form, edited, served: me.served };
        Self {
            default_name: String::new(),
            presets: if edited.is_none() { presets(form) } else { Vec::new() },
            kinds: kinds(form, me.served),
            permissions: boxes.rows(),
            said: said(boxes.offered(), me.served),
            feeds: feed_choices(feeds, form, edited),
            expiry: expiry_choices(form, me, max_days, edited),
            zone: me.account.time_zone.name().to_owned(),
            sentence: sentence(app, Reader { feeds, me }, form, edited),
            preview,
            typed,
        }
    }

    /// Whether something under *Advanced* needs to be seen.
    pub fn opens_advanced(&self, problems: &Problems) -> bool {
        self.typed.feeds == "some" || ["note", "feeds"].into_iter().any(|field| problems.of(field).is_some())
    }
}

/// What the token of a form could do, or what is missing before that can be said. A name left empty is no mistake.
pub(super) fn sentence(app: &App, reader: Reader<'_>, form: &TokenForm, edited: Option<&Token>) -> Vec<Piece> {
    let reachable: Vec<FeedId> = reader.feeds.iter().map(|feed| feed.id).collect();
    let rules = rules(app, reader.me, &reachable);
    let mut draft = form.draft();
    if draft.is_unnamed() {
        "Token".clone_into(&mut draft.name);
    }
    let settings = match edited {
        Some(token) => draft.edit(token, &rules),
        None => draft.new_token(&rules),
    };
    match settings {
        Ok(settings) => reader.of_settings("Can", &settings),
        Err(errors) => of_errors(&errors),
    }
}

fn presets(form: &TokenForm) -> Vec<PresetChoice> {
    let choice = |preset: Preset| {
        let (verbs, others) = preset.parts();
        let verbs = verbs.iter().map(|verb| verb.as_str());
        let ticks: Vec<_> = verbs.chain(others.iter().map(|permission| permission.scope())).collect();
        PresetChoice {
            value: preset.as_str(),
            label: preset.label(),
            hint: match preset {
                Preset::Read => "Download and restore packages. For machines and builds that only use packages.",
                Preset::ReadWrite => {
                    "Download packages, and upload new packages and new versions. For builds that restore and publish."
                }
                Preset::Versions => {
                    "Download packages, and publish new versions of existing ones. It can never claim a new name."
                }
                Preset::Write => {
                    "Upload new packages and new versions, and nothing else. For the publishing step of a pipeline."
                }
                Preset::Full => {
                    "Read, upload, delete, and manage your tokens through the API. For administration scripts only."
                }
            },
            ticks: ticks.join(" "),
            checked: form.preset == preset.as_str(),
        }
    };
    Preset::ALL.into_iter().map(choice).collect()
}

/// The kinds that a preset may be for: those that this host serves, and several of them together.
fn kinds(form: &TokenForm, served: ServedKinds) -> Vec<FeedChoice> {
    let choice = |kinds: Kinds| FeedChoice {
        value: kinds.as_str().to_owned(),
        label: kinds.label().to_owned(),
        hint: kinds.list().iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" "),
        checked: form.kind == kinds.as_str(),
    };
    Kinds::offered(served).map(choice).collect()
}

/// Sentences that hold under every preset: what one permission brings, and what this host does not offer.
fn said(offered: Permissions, served: ServedKinds) -> Vec<String> {
    let brings = offered.has(Permission::of(Kind::Container, Verb::Push)).then(|| {
        "Uploading containers brings reading of the same repositories, because the registry asks for both.".to_owned()
    });
    let unserved: Vec<_> = offered.kinds().filter(|kind| !served.has(*kind)).map(Kind::label).collect();
    let unserved = unserved.split_last().map(|(last, rest)| match rest {
        [] => format!("This host does not serve {last} yet: permissions for it open nothing."),
        rest => {
            format!("This host does not serve {} and {last} yet: permissions for them open nothing.", rest.join(", "))
        }
    });
    brings.into_iter().chain(unserved).collect()
}

/// Makes the boxes of single permissions.
struct Boxes<'a> {
    form: &'a TokenForm,
    edited: Option<&'a Token>,
    served: ServedKinds,
}

impl Boxes<'_> {
    fn make(&self, permission: Permission, label: &'static str) -> PermissionBox {
        let checked = self.form.permission.iter().any(|scope| scope == permission.scope());
        PermissionBox { value: permission.scope(), label, checked }
    }

    /// What can be chosen: of a new token what this host serves, and what the form has already; of one that is edited
    /// what it has.
    fn offered(&self) -> Permissions {
        let has = |permission: &Permission| self.form.permission.iter().any(|scope| scope == permission.scope());
        let offered = |permission: &Permission| match self.edited {
            Some(token) => token.settings.permissions.has(*permission),
            None => self.served.asks_for(*permission) || has(permission),
        };
        Permission::all().filter(offered).collect()
    }

    fn rows(&self) -> Vec<PermissionRow> {
        let offered = self.offered();
        let of_kind = |kind: Kind| {
            let boxes = Verb::ALL.into_iter().map(|verb| (Permission::of(kind, verb), verb.label()));
            (kind.label(), boxes.collect::<Vec<_>>())
        };
        let api = [
            (Permission::ApiRead, "Read only"),
            (Permission::ApiManage, "Read and write"),
            (Permission::ApiIntrospect, "Ask about any token"),
        ];
        let all = Kind::ALL.into_iter().map(of_kind).chain([("Management API", api.into())]);
        let row = |(label, boxes): (&'static str, Vec<(Permission, &'static str)>)| PermissionRow {
            label,
            boxes: boxes
                .into_iter()
                .filter(|(own, _)| offered.has(*own))
                .map(|(own, label)| self.make(own, label))
                .collect(),
        };
        all.map(row).filter(|row| !row.boxes.is_empty()).collect()
    }
}

/// The feeds to tick. One that an edited token is limited to stays there to be kept, whether or not it can be used.
fn feed_choices(feeds: &[Feed], form: &TokenForm, edited: Option<&Token>) -> Vec<FeedChoice> {
    let choice = |id: FeedId, label: String| {
        let value = id.to_string();
        FeedChoice { checked: form.feed.contains(&value), label, hint: String::new(), value }
    };
    let limits = match edited.map(|token| &token.settings.feeds) {
        Some(Feeds::Some(ids)) => ids.as_slice(),
        _ => &[],
    };
    let gone = limits.iter().filter(|id| !feeds.iter().any(|feed| feed.id == **id));
    let gone = gone.map(|id| choice(*id, "A feed that is gone or closed to you".to_owned()));
    feeds.iter().map(|feed| choice(feed.id, feed.name.clone())).chain(gone).collect()
}

fn expiry_choices(form: &TokenForm, me: &SignedIn, max_days: Option<i64>, edited: Option<&Token>) -> Vec<ExpiryChoice> {
    let choice = |value: &str, label: String, end: Option<DateTime<Utc>>| ExpiryChoice {
        checked: form.expires == value,
        value: value.to_owned(),
        label: match end {
            Some(end) => format!("{label} ({})", end.with_timezone(&me.account.time_zone).format("%-d %b %Y")),
            None => label,
        },
    };
    let current = edited.map(|token| token.settings.expires_at);
    let offered = |days: &i64| {
        max_days.is_none_or(|max| *days <= max)
            && current.flatten().is_none_or(|end| me.now + Duration::days(*days) < end)
    };
    let kept = current.map(|end| {
        let day = end.map(|end| end_in(end, me.account.time_zone, "%-d %b %Y"));
        choice(KEEP, day.map_or("Keep current: never".to_owned(), |day| format!("Keep current ({day})")), None)
    });
    let days = day_choices(form).into_iter().filter(offered).map(|days| {
        let label = format!("{days} day{}", if days == 1 { "" } else { "s" });
        choice(&days.to_string(), label, Some(me.now + Duration::days(days)))
    });
    let never = (edited.is_none() && max_days.is_none()).then(|| choice("never", "Never".to_owned(), None));
    kept.into_iter().chain(days).chain([choice("date", "Custom date".to_owned(), None)]).chain(never).collect()
}

/// The days that are offered, with the number that a link or an earlier answer gave.
fn day_choices(form: &TokenForm) -> Vec<i64> {
    let own = match Expiry::parse(&form.expires) {
        Ok(Expiry::Days(days)) if !CHOICES.contains(&days) && (1..=FURTHEST_DAYS).contains(&days) => Some(days),
        _ => None,
    };
    let mut days: Vec<i64> = CHOICES.into_iter().chain(own).collect();
    days.sort_unstable();
    days
}
