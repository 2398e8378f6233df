//! What is asked of the decision: who asks, to do what, with which package of which feed.

use strum::{EnumCount, EnumString, IntoStaticStr};

use super::{FeedId, Kind, Permission, Verb};

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

    pub(super) fn whole_permission(self) -> Permission {
        match self {
            Self::Pull(kind) => Permission::of(kind, Verb::Pull),
            Self::Push(kind) => Permission::of(kind, Verb::Push),
            Self::Delete(kind) => Permission::of(kind, Verb::Delete),
            Self::Look => Permission::ApiRead,
            Self::Manage => Permission::ApiManage,
        }
    }

    /// The permissions of which one suffices. To push an image is to pull its layers too.
    pub(super) fn granted_by(self) -> impl Iterator<Item = Permission> {
        let other = match self {
            Self::Pull(Kind::Container) => Some(Permission::of(Kind::Container, Verb::Push)),
            Self::Push(kind) => Some(Permission::of(kind, Verb::PushVersion)),
            Self::Look => Some(Permission::ApiManage),
            Self::Pull(_) | Self::Delete(_) | Self::Manage => None,
        };
        std::iter::once(self.whole_permission()).chain(other)
    }

    /// The permission that also allows what does not exist yet; `None` where there is no such difference.
    pub(super) fn granted_for_new_by(self) -> Option<Permission> {
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
            Self::Pull(kind) => format!("read {}", kind.packages()),
            Self::Push(kind) => format!("push {}", kind.packages()),
            Self::Delete(kind) => format!("delete {}", kind.packages()),
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
    /// Whether this host has a door for packages of the kind.
    pub is_served: bool,
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
        Self { action, feed: None, name: None, package: Package::Unknown, is_served: true }
    }
}
