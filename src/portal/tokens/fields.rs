//! The form of a new or edited token as its page draws it: every choice, and which of them are made.

use chrono::{DateTime, Duration, Utc};

use super::{pattern_preview::Preview, token_form::TokenForm};
use crate::{
    feeds::Feed,
    tokens::{
        FeedId, Feeds, Kind, Permission, Permissions, Token, Verb,
        draft::{KEEP, Rules},
        expiry::{CHOICES, ExpiryChoice as Expiry, FURTHEST_DAYS},
        preset::{Kinds, Preset},
    },
    web::{format::end_with_weekday, page::SignedIn},
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

/// A lifetime, with its end as chosen and on a weekday morning.
pub struct ExpiryChoice {
    pub value: String,
    pub label: String,
    pub end: Option<String>,
    pub morning: Option<String>,
    pub checked: bool,
}

/// A permission's box.
pub struct PermissionBox {
    pub value: &'static str,
    pub label: &'static str,
    pub checked: bool,
}

/// The boxes of one kind: read, upload, upload versions, delete.
pub struct PermissionRow {
    pub kind: &'static str,
    pub boxes: Vec<Option<PermissionBox>>,
}

impl PermissionRow {
    fn has_any(&self) -> bool {
        self.boxes.iter().any(Option::is_some)
    }
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
    pub api: Vec<PermissionBox>,
    /// What is true of the permissions that are offered, whichever are chosen.
    pub said: Vec<String>,
    pub feeds: Vec<FeedChoice>,
    pub expiry: Vec<ExpiryChoice>,
    pub zone: String,
    pub preview: Preview,
}

impl Fields {
    /// The fields of a form. `edited` is the token that is edited: what it cannot get is not shown.
    pub fn new(
        typed: TokenForm,
        me: &SignedIn,
        feeds: &[Feed],
        max_days: Option<i64>,
        edited: Option<&Token>,
        preview: Preview,
    ) -> Self {
        let form = &typed;
        let boxes = Boxes { form, edited };
        Self {
            default_name: String::new(),
            presets: if edited.is_none() { presets(form) } else { Vec::new() },
            kinds: kinds(form),
            permissions: Kind::ALL.into_iter().map(|kind| boxes.row(kind)).filter(PermissionRow::has_any).collect(),
            api: boxes.api(),
            said: said(edited.map_or_else(|| Permission::all().collect(), |token| token.settings.permissions)),
            feeds: feed_choices(feeds, form, edited),
            expiry: expiry_choices(form, me, max_days, edited),
            zone: me.account.time_zone.name().to_owned(),
            preview,
            typed,
        }
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
                Preset::Read => "Restore and download. For machines and builds that only use packages.",
                Preset::Versions => "Read, and publish new versions of existing packages. (Containers: read only.)",
                Preset::ReadWrite => "Also upload new packages and versions. For builds that restore and publish.",
                Preset::Write => {
                    "Upload, and read only where uploading needs it, as with containers. For the publishing step of a pipeline."
                }
                Preset::Full if Permission::ApiManage.is_served() => {
                    "Read, upload, delete, and manage your account through the API. For scripts that manage."
                }
                Preset::Full => {
                    "Read, upload, delete. The permissions for the management API are in it too; that is not served here yet."
                }
            },
            ticks: ticks.join(" "),
            checked: form.preset == preset.as_str(),
        }
    };
    Preset::ALL.into_iter().map(choice).collect()
}

fn kinds(form: &TokenForm) -> Vec<FeedChoice> {
    let choice = |kinds: Kinds| FeedChoice {
        value: kinds.as_str().to_owned(),
        label: kinds.label().to_owned(),
        hint: match kinds {
            Kinds::One(kind) if kind.is_served() => kind.what().to_owned(),
            Kinds::One(kind) => format!("{}; not served here yet", kind.what()),
            Kinds::All if Kind::ALL.into_iter().all(Kind::is_served) => "All of them".to_owned(),
            Kinds::All => "All of them, as far as they are served here".to_owned(),
        },
        checked: form.kind == kinds.as_str(),
    };
    Kinds::ALL.into_iter().map(choice).collect()
}

/// Sentences that hold under every preset: what one permission brings, and what this host does not offer.
fn said(offered: Permissions) -> Vec<String> {
    let brings = offered.has(Permission::of(Kind::Container, Verb::Push)).then(|| {
        "Uploading containers brings reading of the same repositories, because the registry asks for both.".to_owned()
    });
    let api = offered.has_any([Permission::ApiRead, Permission::ApiManage]) && !Permission::ApiRead.is_served();
    let unserved = offered.kinds().filter(|kind| !kind.is_served()).map(Kind::label);
    let unserved: Vec<_> = unserved.chain(api.then_some("the management API")).collect();
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
}

impl Boxes<'_> {
    /// None for what there is not, and for what the edited token does not have: permissions are only taken away.
    fn make(&self, permission: Permission, label: &'static str) -> Option<PermissionBox> {
        let checked = self.form.permission.iter().any(|scope| scope == permission.scope());
        let offered = self.edited.is_none_or(|token| token.settings.permissions.has(permission));
        (offered && permission.exists()).then_some(PermissionBox { value: permission.scope(), label, checked })
    }

    fn row(&self, kind: Kind) -> PermissionRow {
        let boxes = Verb::ALL.into_iter().map(|verb| self.make(Permission::of(kind, verb), verb.label()));
        PermissionRow { kind: kind.label(), boxes: boxes.collect() }
    }

    /// What only operators give is shown to be kept or taken away.
    fn api(&self) -> Vec<PermissionBox> {
        let introspect = self.edited.filter(|token| token.settings.permissions.has(Permission::ApiIntrospect));
        let all = [(Permission::ApiRead, "API: read only"), (Permission::ApiManage, "API: read and write")];
        let all = all.into_iter().chain(introspect.map(|_| (Permission::ApiIntrospect, "Ask about any token")));
        all.filter_map(|(permission, label)| self.make(permission, label)).collect()
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
    let rules = Rules { now: me.now, zone: me.account.time_zone, max_days, feeds: &[], by_operator: false };
    let text = |end: DateTime<Utc>| end_with_weekday(end, me.account.time_zone);
    let choice = |value: &str, label: String, end: Option<DateTime<Utc>>| ExpiryChoice {
        checked: form.expires == value,
        value: value.to_owned(),
        label,
        end: end.map(text),
        morning: None,
    };
    let current = edited.map(|token| token.settings.expires_at);
    let offered = |days: &i64| {
        max_days.is_none_or(|max| *days <= max)
            && current.flatten().is_none_or(|end| me.now + Duration::days(*days) < end)
    };
    let kept = current
        .map(|end| choice(KEEP, if end.is_some() { "Keep current" } else { "Keep current: never" }.to_owned(), end));
    let days = day_choices(form).into_iter().filter(offered).map(|days| {
        let end = me.now + Duration::days(days);
        let label = format!("{days} day{}", if days == 1 { "" } else { "s" });
        let morning = rules.weekday_morning(end, edited).map(text);
        ExpiryChoice { morning, ..choice(&days.to_string(), label, Some(end)) }
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
