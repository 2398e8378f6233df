//! What helps after a refusal: the rule that failed in plain words, and the one step that mends it. Nothing is changed
//! by following such a step; it leads to a form that is filled in.

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};
use url::form_urlencoded;

use crate::{
    feeds::{Feed, Membership},
    paths,
    tokens::{
        State, Token,
        act::{TokenAct, state_when_on},
        decision::{Action, Reason, Role},
        state::state,
    },
    usage::RefusedUse,
    web::query,
};

/// What helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// A page that mends it: what its button says, and its path.
    Step(String, String),
    /// Nothing on these pages, but this.
    Advice(String),
    /// It was fixed since: how.
    Fixed(&'static str),
}

impl Remedy {
    /// What the button says and where it leads, if there is one.
    pub fn step(&self) -> Option<(&str, &str)> {
        if let Self::Step(label, path) = self { Some((label, path)) } else { None }
    }

    /// What to do where no button helps; empty for none.
    pub fn advice(&self) -> &str {
        if let Self::Advice(text) = self { text } else { "" }
    }

    /// What was done since; empty for nothing.
    pub fn fixed(&self) -> &str {
        if let Self::Fixed(text) = self { text } else { "" }
    }
}

/// What was tried: "Upload Fabrikam.Core to main".
pub fn what(line: &RefusedUse) -> String {
    let package = match (line.package.as_str(), line.action) {
        ("", Some(Action::Push(_))) => "a package",
        ("", _) => "packages",
        (name, _) => name,
    };
    let (verb, place) = match line.action {
        Some(Action::Pull(_)) => ("Read", "from"),
        Some(Action::Push(_)) => ("Upload", "to"),
        Some(Action::Delete(_)) => ("Unlist or relist", "in"),
        Some(Action::Look) => return "API: read only".to_owned(),
        Some(Action::Manage) => return "Use the management API".to_owned(),
        None => return "Ask what the key may do".to_owned(),
    };
    if line.feed.is_empty() { format!("{verb} {package}") } else { format!("{verb} {package} {place} {}", line.feed) }
}

/// The rule that failed, in the fewest words: the heading of a line. `ago` writes how long ago something was.
pub fn reason(line: &RefusedUse, ago: impl Fn(DateTime<Utc>) -> String) -> String {
    let since = line.occasion.map(|at| format!(" {}", ago(at))).unwrap_or_default();
    let words = match line.reason {
        Reason::NotAToken => "Not a key of this host",
        Reason::Replaced => return format!("Old key, replaced{since}"),
        Reason::Revoked => return format!("Revoked{since}"),
        Reason::Deactivated => return format!("Deactivated{since}"),
        Reason::Expired => return format!("Expired{since}"),
        Reason::Retired => return format!("Retired{since}"),
        Reason::AccountDisabled => "Account disabled",
        Reason::NotServed => "Kind of package not served",
        Reason::PermissionMissing => return format!("No permission to {}", deed(line.action)),
        Reason::FeedNotCovered => "Feed not covered",
        Reason::PackageNotCovered => "Package not covered",
        Reason::OnlyNewVersions => "New package, but only new versions allowed",
        Reason::AccountCannotRead => "No such feed for you",
        Reason::AccountMayNot => "Not allowed in this feed",
    };
    words.to_owned()
}

/// The rule that failed, in one sentence. `date` writes an instant.
pub fn rule(line: &RefusedUse, date: impl Fn(DateTime<Utc>) -> String) -> String {
    let RefusedUse { feed, package, .. } = line;
    let since = line.occasion.map(date).unwrap_or_default();
    match line.reason {
        Reason::NotAToken => "It was no key of this host.".to_owned(),
        Reason::Replaced => format!("An old key: it was replaced on {since}, when the token was refreshed."),
        Reason::Revoked => format!("The token was revoked on {since}."),
        Reason::Deactivated => format!("The token was switched off on {since}."),
        Reason::Expired => format!("The token expired on {since}."),
        Reason::Retired => format!("The host retired this legacy key on {since}."),
        Reason::AccountDisabled => "Your account was disabled.".to_owned(),
        Reason::NotServed => "This host does not serve packages of this kind.".to_owned(),
        Reason::PermissionMissing => format!("The token was not allowed to {}.", deed(line.action)),
        Reason::FeedNotCovered => format!("The token was limited to other feeds than {feed}."),
        Reason::PackageNotCovered if package.is_empty() => "The token’s patterns did not cover the package.".to_owned(),
        Reason::PackageNotCovered => format!("None of the token’s patterns covered {package}."),
        Reason::OnlyNewVersions => {
            format!(
                "{package} did not exist yet, and the token was only allowed to upload new versions of existing packages."
            )
        }
        Reason::AccountCannotRead => format!("There was no feed {feed} that your account could see."),
        Reason::AccountMayNot => format!("Your own account was not allowed to {} in {feed}.", deed(line.action)),
    }
}

fn deed(action: Option<Action>) -> String {
    action.map_or_else(|| "do this".to_owned(), Action::words)
}

/// The one step that mends it, or what else helps.
pub fn remedy_for(token: &Token, line: &RefusedUse, memberships: &[Membership], now: DateTime<Utc>) -> Remedy {
    if let Some(how) = fixed(token, line, memberships, now) {
        return Remedy::Fixed(how);
    }
    let step = |label: &str, verb: &str, query: &str| {
        Remedy::Step(label.to_owned(), paths::of_token(token.id, &format!("{verb}{query}")))
    };
    let duplicate = || step("Duplicate", "duplicate", "");
    let scope = line.action.map_or("", Action::scope);
    match line.reason {
        Reason::Replaced if token.revoked_at.is_none() => Remedy::Advice(new_key(token)),
        Reason::AccountDisabled => Remedy::Advice("The operator of this host can enable it.".to_owned()),
        Reason::NotServed => Remedy::Advice(line.reason.advice().to_owned()),
        Reason::AccountCannotRead => Remedy::Advice(format!(
            "Check the name in the client’s settings, or ask an owner of {} to make you a member.",
            line.feed
        )),
        Reason::AccountMayNot => Remedy::Advice(who_can(line, memberships)),
        Reason::Revoked | Reason::Retired => duplicate(),
        // Nothing else can be done with a revoked token, whatever it was refused before.
        _ if token.revoked_at.is_some() => duplicate(),
        Reason::Deactivated | Reason::Expired if state_when_on(token, now) == State::Expired => {
            if token.can_be_refreshed() { step("Refresh", "refresh", "") } else { duplicate() }
        }
        Reason::Deactivated if TokenAct::Reactivate.check(token, now).is_ok() => step("Reactivate", "reactivate", ""),
        Reason::PackageNotCovered if !line.package.is_empty() => {
            step("Add pattern", "add", &format!("?pattern={}", query::value(&line.package)))
        }
        Reason::FeedNotCovered => match memberships.iter().find(|known| known.feed.name == line.feed) {
            Some(known) => step("Add feed", "add", &format!("?feed={}", known.feed.id)),
            None => {
                Remedy::Advice(format!("There is no feed {} that you can use. Check the client’s settings.", line.feed))
            }
        },
        Reason::PermissionMissing | Reason::OnlyNewVersions if !scope.is_empty() => {
            step("Duplicate", "duplicate", &format!("?allow={}", query::value(scope)))
        }
        _ => duplicate(),
    }
}

/// How it was fixed since, if the token shows it.
fn fixed(token: &Token, line: &RefusedUse, memberships: &[Membership], now: DateTime<Utc>) -> Option<&'static str> {
    let state = state(token, now);
    let feed = memberships.iter().find(|known| known.feed.name == line.feed);
    match line.reason {
        _ if state == State::Revoked => None,
        Reason::PackageNotCovered if token.settings.patterns.covers(&line.package) => Some("Now covered"),
        Reason::FeedNotCovered if feed.is_some_and(|known| token.settings.feeds.cover(Some(known.feed.id))) => {
            Some("Now covered")
        }
        Reason::Deactivated if state != State::Deactivated => Some("It is on again"),
        Reason::Expired if state != State::Expired => Some("It has more time"),
        Reason::AccountCannotRead if feed.is_some() => Some("You see it now"),
        _ => None,
    }
}

fn new_key(token: &Token) -> String {
    let place = match token.settings.note.lines().next() {
        Some(place) => format!(" You noted where it lives: “{place}”."),
        None => String::new(),
    };
    format!("Put the new key there, which begins with {}.{place}", token.called())
}

fn who_can(line: &RefusedUse, memberships: &[Membership]) -> String {
    let role = memberships.iter().find(|known| known.feed.name == line.feed).and_then(|known| known.role);
    match role {
        Some(Role::Writer) => {
            let package = if line.package.is_empty() { "The package" } else { &line.package };
            format!("{package} belongs to others. One of its owners, or an owner of {}, can do this.", line.feed)
        }
        Some(Role::Owner) => "You can do it now.".to_owned(),
        _ => match line.feed.as_str() {
            "main" => "The operator of this host can make you a writer in main.".to_owned(),
            feed => format!("An owner of {feed} can make you a writer."),
        },
    }
}

/// Ticks the feed that a link to the edit form asks for, in a form that is limited to some and if the person can use it.
/// Nothing is saved by that.
pub fn tick_feed(req: &HttpRequest, feeds: &[Feed], ticked: &mut Vec<String>) {
    let asked = form_urlencoded::parse(req.query_string().as_bytes()).find(|(name, _)| name == "feed");
    let Some(id) = asked.map(|(_, id)| id.into_owned()) else { return };
    if !ticked.is_empty() && !ticked.contains(&id) && feeds.iter().any(|feed| feed.id.to_string() == id) {
        ticked.push(id);
    }
}
