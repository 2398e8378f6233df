//! The one decision: what a presented secret may do. Every door asks here, and nowhere else are rights judged.

use chrono::{DateTime, Utc};

use super::{PatternSet, Patterns, State, Token, state::state};
pub use super::{
    ask::{Action, Ask, Holder, Package, Role},
    reason::{Class, Reason},
};

/// What the look-up of a well-shaped secret found.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The token it belongs, or belonged, to.
    pub token: &'a Token,
    /// Whether a refresh has put another secret in its place.
    pub replaced: bool,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Do it.
    Allow,
    /// Do not, for exactly one reason.
    Deny(Reason),
}

impl Decision {
    /// As a `Result`, for `?`.
    pub fn check(self) -> Result<(), Reason> {
        match self {
            Self::Allow => Ok(()),
            Self::Deny(reason) => Err(reason),
        }
    }
}

/// Whether the presented secret is a live token's, whatever it wants to do: the first seven reasons.
pub fn admit(presented: Option<Presented<'_>>, account_disabled: bool, now: DateTime<Utc>) -> Decision {
    let Some(Presented { token, replaced }) = presented else {
        return Decision::Deny(Reason::NotAToken);
    };
    match state(token, now) {
        _ if replaced => Decision::Deny(Reason::Replaced),
        State::Revoked => Decision::Deny(Reason::Revoked),
        State::Deactivated => Decision::Deny(Reason::Deactivated),
        State::Expired => Decision::Deny(Reason::Expired),
        State::Retired => Decision::Deny(Reason::Retired),
        State::NotIssued => Decision::Deny(Reason::NotAToken),
        State::Active | State::ExpiresSoon if account_disabled => Decision::Deny(Reason::AccountDisabled),
        State::Active | State::ExpiresSoon => Decision::Allow,
    }
}

/// Whether the presented secret may do what is asked, at `now`.
pub fn decide(presented: Option<Presented<'_>>, holder: &Holder, ask: &Ask<'_>, now: DateTime<Utc>) -> Decision {
    decide_with(presented, holder, ask, now, |patterns, name| patterns.covers(name))
}

/// The same for one of many packages; `set` is made of the token's patterns.
pub fn decide_in_list(
    presented: Option<Presented<'_>>,
    holder: &Holder,
    ask: &Ask<'_>,
    set: &PatternSet,
    now: DateTime<Utc>,
) -> Decision {
    decide_with(presented, holder, ask, now, |_, name| set.covers(name))
}

fn decide_with(
    presented: Option<Presented<'_>>,
    holder: &Holder,
    ask: &Ask<'_>,
    now: DateTime<Utc>,
    covers: impl Fn(&Patterns, &str) -> bool,
) -> Decision {
    let reason = admit(presented, holder.disabled, now).check().err().or_else(|| {
        let token = presented?.token;
        not_served(ask).or_else(|| {
            if is_open_to_all(holder, ask) {
                return None;
            }
            lacks_right(token, ask, covers).or_else(|| account_lacks_right(holder, ask))
        })
    });
    reason.map_or(Decision::Allow, Decision::Deny)
}

/// Whether an account may do what is asked by itself, as people in a browser do: no token narrows it.
pub fn decide_for_account(holder: &Holder, ask: &Ask<'_>) -> Decision {
    let reason = if holder.disabled { Some(Reason::AccountDisabled) } else { account_lacks_right(holder, ask) };
    reason.map_or(Decision::Allow, Decision::Deny)
}

/// Packages of a kind that this host has no door for.
fn not_served(ask: &Ask<'_>) -> Option<Reason> {
    (!ask.is_served).then_some(Reason::NotServed)
}

/// What anybody may read without a key, a live key may read too, whatever it may do besides.
fn is_open_to_all(holder: &Holder, ask: &Ask<'_>) -> bool {
    holder.feed_is_public && ask.feed.is_some() && matches!(ask.action, Action::Pull(_))
}

fn lacks_right(token: &Token, ask: &Ask<'_>, covers: impl Fn(&Patterns, &str) -> bool) -> Option<Reason> {
    if !token.settings.permissions.has_any(ask.action.granted_by()) {
        return Some(Reason::PermissionMissing);
    }
    if ask.feed.is_some_and(|(_, feed)| !token.settings.feeds.cover(feed)) {
        return Some(Reason::FeedNotCovered);
    }
    if ask.name.is_some_and(|name| !covers(&token.settings.patterns, name)) {
        return Some(Reason::PackageNotCovered);
    }
    let only_new_versions =
        ask.action.granted_for_new_by().is_some_and(|permission| !token.settings.permissions.has(permission));
    (only_new_versions && ask.package == Package::New).then_some(Reason::OnlyNewVersions)
}

fn account_lacks_right(holder: &Holder, ask: &Ask<'_>) -> Option<Reason> {
    ask.feed?;
    if holder.role.is_none() && !holder.feed_is_public {
        return Some(Reason::AccountCannotRead);
    }
    let needed = match (ask.action, ask.package) {
        (Action::Pull(_) | Action::Look | Action::Manage, _) => return None,
        (Action::Push(_) | Action::Delete(_), Package::Others) => Role::Owner,
        (Action::Push(_) | Action::Delete(_), _) => Role::Writer,
    };
    (holder.role < Some(needed)).then_some(Reason::AccountMayNot)
}

#[cfg(test)]
#[path = "decision_tests.rs"]
mod tests;
