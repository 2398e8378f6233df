//! The one decision: what a presented secret may do. Every door asks here, and nowhere else are rights judged.

use chrono::{DateTime, Utc};
use strum::{EnumCount, EnumString, IntoStaticStr};

pub use super::reason::{Class, Reason};
use super::{FeedId, Kind, PatternSet, Patterns, Permission, State, Token, Verb, state::state};

/// What the look-up of a well-shaped secret found.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The token it belongs, or belonged, to.
    pub token: &'a Token,
    /// Whether a refresh has put another secret in its place.
    pub replaced: bool,
}

/// A role in a feed, each including the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// Reads packages.
    Reader,
    /// Also creates packages, and adds to its own.
    Writer,
    /// Also changes everybody's packages, and the feed.
    Owner,
}

words!(Role);

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; Self::COUNT] = [Self::Reader, Self::Writer, Self::Owner];
}

/// The account behind a token, as far as this request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Whether the operator has disabled it.
    pub disabled: bool,
    /// Its role in the asked feed; `None` for no role, or no such feed.
    pub role: Option<Role>,
    /// Whether the asked feed can be read by everybody.
    pub feed_is_public: bool,
}

/// What a request wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Look at or download packages of a kind.
    Pull(Kind),
    /// Publish a package of a kind.
    Push(Kind),
    /// Unlist, relist or delete packages of a kind.
    Delete(Kind),
    /// Look at the account through the API.
    Look,
    /// Change the account's things through the API.
    Manage,
}

impl Action {
    /// Reads a scope string as a client names an action: `nuget:push`. `push-version` asks to push.
    pub fn parse(scope: &str) -> Option<Self> {
        match Permission::parse(scope)? {
            Permission::Package { kind, verb: Verb::Pull } => Some(Self::Pull(kind)),
            Permission::Package { kind, verb: Verb::Push | Verb::PushVersion } => Some(Self::Push(kind)),
            Permission::Package { kind, verb: Verb::Delete } => Some(Self::Delete(kind)),
            Permission::ApiRead => Some(Self::Look),
            Permission::ApiManage => Some(Self::Manage),
            Permission::ApiIntrospect => None,
        }
    }

    /// The scope string that names the action: the permission that grants all of it.
    pub fn scope(self) -> &'static str {
        self.whole_permission().scope()
    }

    fn whole_permission(self) -> Permission {
        match self {
            Self::Pull(kind) => Permission::of(kind, Verb::Pull),
            Self::Push(kind) => Permission::of(kind, Verb::Push),
            Self::Delete(kind) => Permission::of(kind, Verb::Delete),
            Self::Look => Permission::ApiRead,
            Self::Manage => Permission::ApiManage,
        }
    }

    /// The permissions of which one suffices. To push an image is to pull its layers too.
    fn granted_by(self) -> impl Iterator<Item = Permission> {
        let other = match self {
            Self::Pull(Kind::Container) => Some(Permission::of(Kind::Container, Verb::Push)),
            Self::Push(kind) => Some(Permission::of(kind, Verb::PushVersion)),
            Self::Look => Some(Permission::ApiManage),
            Self::Pull(_) | Self::Delete(_) | Self::Manage => None,
        };
        std::iter::once(self.whole_permission()).chain(other)
    }

    /// The permission that also allows what does not exist yet; `None` where there is no such difference.
    fn granted_for_new_by(self) -> Option<Permission> {
        match self {
            Self::Push(kind) if kind.has_new_versions() => Some(Permission::of(kind, Verb::Push)),
            _ => None,
        }
    }

    /// The kind of packages it is about; none for the API.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Pull(kind) | Self::Push(kind) | Self::Delete(kind) => Some(kind),
            Self::Look | Self::Manage => None,
        }
    }

    /// The action in words, after "may".
    pub fn words(self) -> String {
        match self {
            Self::Pull(kind) => format!("read {} packages", kind.label()),
            Self::Push(kind) => format!("push {} packages", kind.label()),
            Self::Delete(kind) => format!("delete {} packages", kind.label()),
            Self::Look => "use the management API".to_owned(),
            Self::Manage => "change things through the management API".to_owned(),
        }
    }
}

/// What is known of the asked package, as far as the account is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// Not known yet: a push whose body has not been read, or a question about no package in particular.
    Unknown,
    /// No package of this name exists in the feed.
    New,
    /// The account is one of its owners.
    Own,
    /// Others own it.
    Others,
}

/// One question.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What to do.
    pub action: Action,
    /// In which feed: the name as asked, and its id if there is such a feed. `None` where no feed is concerned.
    pub feed: Option<(&'a str, Option<FeedId>)>,
    /// With which package, by the name its door knows it by; `None` while that is not known.
    pub name: Option<&'a str>,
    /// What is known of that package.
    pub package: Package,
}

impl Ask<'_> {
    /// The least permission that would do for this.
    pub fn least_permission(&self) -> Permission {
        let exists = matches!(self.package, Package::Own | Package::Others);
        match self.action {
            Action::Push(kind) if exists && kind.has_new_versions() => Permission::of(kind, Verb::PushVersion),
            action => action.whole_permission(),
        }
    }

    /// A question about the account only.
    pub fn of_account(action: Action) -> Self {
        Self { action, feed: None, name: None, package: Package::Unknown }
    }
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
    let served = ask.feed.is_none() || ask.action.kind().is_none_or(Kind::is_served);
    (!served).then_some(Reason::NotServed)
}

/// What anybody may read without a key, a live key may read too, whatever it may do besides.
fn is_open_to_all(holder: &Holder, ask: &Ask<'_>) -> bool {
    holder.feed_is_public && ask.feed.is_some() && matches!(ask.action, Action::Pull(_))
}

fn lacks_right(token: &Token, ask: &Ask<'_>, covers: impl Fn(&Patterns, &str) -> bool) -> Option<Reason> {
    if !token.permissions.has_any(ask.action.granted_by()) {
        return Some(Reason::PermissionMissing);
    }
    if ask.feed.is_some_and(|(_, feed)| !token.feeds.cover(feed)) {
        return Some(Reason::FeedNotCovered);
    }
    if ask.name.is_some_and(|name| !covers(&token.patterns, name)) {
        return Some(Reason::PackageNotCovered);
    }
    let only_new_versions =
        ask.action.granted_for_new_by().is_some_and(|permission| !token.permissions.has(permission));
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
