//! What a token may do, written as scope strings such as `nuget:push`.

use std::fmt;

use strum::{EnumCount, EnumString, IntoStaticStr};

/// The package kinds a token can be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// NuGet packages.
    NuGet,
    /// Container images.
    Container,
    /// npm packages.
    Npm,
}

words!(Kind);

impl Kind {
    /// Every kind, in the order pages show them.
    pub const ALL: [Self; Self::COUNT] = [Self::NuGet, Self::Container, Self::Npm];

    /// The name people know.
    pub fn label(self) -> &'static str {
        match self {
            Self::NuGet => "NuGet",
            Self::Container => "Container",
            Self::Npm => "npm",
        }
    }

    /// What people call its packages within a sentence.
    pub fn packages(self) -> &'static str {
        match self {
            Self::NuGet => "NuGet packages",
            Self::Container => "container images",
            Self::Npm => "npm packages",
        }
    }

    /// Whether its clients can tell new versions from new names. A container registry asks for both by one name.
    pub fn has_new_versions(self) -> bool {
        self != Self::Container
    }
}

/// The kinds that a host has a door for: all but containers, which take a registry beside it. Tokens for the others can be
/// made all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServedKinds {
    /// Whether it gives access to a container registry.
    pub containers: bool,
}

impl ServedKinds {
    /// Whether a kind is served.
    pub fn has(self, kind: Kind) -> bool {
        kind != Kind::Container || self.containers
    }

    /// Whether something here asks for a permission that people can give.
    pub fn asks_for(self, permission: Permission) -> bool {
        match permission {
            Permission::Package { kind, .. } => self.has(kind),
            Permission::ApiRead | Permission::ApiManage => true,
            Permission::ApiIntrospect => false,
        }
    }

    /// The kinds, in the order pages show them.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| self.has(*kind))
    }
}

/// What may be done with packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Read them.
    Pull,
    /// Upload them, new names included.
    Push,
    /// Upload new versions of those that exist.
    PushVersion,
    /// Delete or unlist them.
    Delete,
}

words!(Verb);

impl Verb {
    /// Every verb, in the order pages show them.
    pub const ALL: [Self; Self::COUNT] = [Self::Pull, Self::Push, Self::PushVersion, Self::Delete];

    /// What pages call it where it is one of many.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pull => "Read",
            Self::Push => "Upload new packages and versions",
            Self::PushVersion => "Upload new versions only",
            Self::Delete => "Delete",
        }
    }

    /// What it is called within a sentence.
    pub fn in_brief(self) -> &'static str {
        match self {
            Self::Pull => "read",
            Self::Push => "upload",
            Self::PushVersion => "upload new versions",
            Self::Delete => "delete",
        }
    }
}

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Do something with the packages of a kind; see [`Permission::exists`].
    Package {
        /// Which packages.
        kind: Kind,
        /// What is done with them.
        verb: Verb,
    },
    /// Look at the account through the HTTP API.
    ApiRead,
    /// Change the account's feeds and tokens through the HTTP API.
    ApiManage,
    /// Ask about other accounts' tokens (RFC 7662); operators give it, no form does.
    ApiIntrospect,
}

use Permission::{ApiIntrospect, ApiManage, ApiRead};

/// Every permission in the order pages show them, with its scope string and what it allows in words.
const TABLE: &[(Permission, &str, &str)] = &[
    (of(Kind::NuGet, Verb::Pull), "nuget:pull", "read NuGet packages"),
    (of(Kind::NuGet, Verb::Push), "nuget:push", "upload new NuGet packages and versions"),
    (of(Kind::NuGet, Verb::PushVersion), "nuget:push-version", "upload new versions of existing NuGet packages"),
    (of(Kind::NuGet, Verb::Delete), "nuget:delete", "delete (unlist) NuGet packages"),
    (of(Kind::Container, Verb::Pull), "container:pull", "pull container images"),
    (of(Kind::Container, Verb::Push), "container:push", "push (and pull) container images"),
    (of(Kind::Container, Verb::Delete), "container:delete", "delete container images"),
    (of(Kind::Npm, Verb::Pull), "npm:pull", "read npm packages"),
    (of(Kind::Npm, Verb::Push), "npm:push", "publish new npm packages and versions"),
    (of(Kind::Npm, Verb::PushVersion), "npm:push-version", "publish new versions of existing npm packages"),
    (of(Kind::Npm, Verb::Delete), "npm:delete", "delete npm packages"),
    (ApiRead, "api:read", "look through the management API"),
    (ApiManage, "api:manage", "change things through the management API"),
    (ApiIntrospect, "api:introspect", "ask about any token"),
];

const fn of(kind: Kind, verb: Verb) -> Permission {
    Permission::Package { kind, verb }
}

impl Permission {
    /// Every permission, in the order pages show them.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(permission, ..)| *permission)
    }

    /// The permission to do something with packages of a kind. It need not exist.
    pub const fn of(kind: Kind, verb: Verb) -> Self {
        of(kind, verb)
    }

    /// Whether tokens can have it: a kind without new versions has no permission for them.
    pub fn exists(self) -> bool {
        Self::all().any(|permission| permission == self)
    }

    /// Reads a scope string.
    pub fn parse(scope: &str) -> Option<Self> {
        TABLE.iter().find(|(_, own, _)| *own == scope).map(|(permission, ..)| *permission)
    }

    /// The scope string; empty if it does not exist.
    pub fn scope(self) -> &'static str {
        self.texts().0
    }

    /// The permission in words.
    pub fn words(self) -> &'static str {
        self.texts().1
    }

    fn texts(self) -> (&'static str, &'static str) {
        let found = TABLE.iter().find(|(permission, ..)| *permission == self);
        found.map(|(_, scope, words)| (*scope, *words)).unwrap_or_default()
    }

    /// The package kind it is about; `None` for the API.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Package { kind, .. } => Some(kind),
            Self::ApiRead | Self::ApiManage | Self::ApiIntrospect => None,
        }
    }

    /// What it allows with packages; `None` for the API.
    pub fn verb(self) -> Option<Verb> {
        match self {
            Self::Package { verb, .. } => Some(verb),
            Self::ApiRead | Self::ApiManage | Self::ApiIntrospect => None,
        }
    }

    /// Whether it changes packages, which takes more than reading their feed.
    pub fn changes_packages(self) -> bool {
        self.kind().is_some() && !self.scope().ends_with(":pull")
    }

    /// Its place in a set. It is stored nowhere, so that kinds and verbs can be added in any place.
    fn bit(self) -> u32 {
        const { assert!(OF_PACKAGES + OF_THE_API <= u32::BITS as usize, "a set has too few bits") };
        let position = match self {
            Self::Package { kind, verb } => kind as usize * Verb::COUNT + verb as usize,
            Self::ApiRead => OF_PACKAGES,
            Self::ApiManage => OF_PACKAGES + 1,
            Self::ApiIntrospect => OF_PACKAGES + 2,
        };
        1 << position
    }
}

/// How many permissions there can be about packages, and how many there are about the API.
const OF_PACKAGES: usize = Kind::COUNT * Verb::COUNT;
const OF_THE_API: usize = 3;

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// With those that others of them bring.
    pub fn effective(self) -> Self {
        let brought = self.has(of(Kind::Container, Verb::Push)).then_some(of(Kind::Container, Verb::Pull));
        self.iter().chain(brought).collect()
    }

    /// Reads scope strings separated by blanks or commas; the first unknown one is the error.
    pub fn parse(scopes: &str) -> Result<Self, String> {
        scopes
            .split([' ', ','])
            .filter(|scope| !scope.is_empty())
            .map(|scope| Permission::parse(scope).ok_or_else(|| scope.to_owned()))
            .collect()
    }

    /// Whether nothing is allowed.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether one permission is in the set.
    pub fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether any of these is in the set.
    pub fn has_any(self, permissions: impl IntoIterator<Item = Permission>) -> bool {
        permissions.into_iter().any(|permission| self.has(permission))
    }

    /// Whether every permission of `self` is also in `other`.
    pub fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The permissions, in the order pages show them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::all().filter(move |&permission| self.has(permission))
    }

    /// The package kinds that any permission is about.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |&kind| self.iter().any(|permission| permission.kind() == Some(kind)))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | permission.bit()))
    }
}

/// The scope strings, separated by blanks: how a set is stored and sent.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, permission) in self.iter().enumerate() {
            write!(f, "{}{}", if i > 0 { " " } else { "" }, permission.scope())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_as_it_was_written() {
        let all: Permissions = Permission::all().collect();
        assert_eq!(Permissions::parse(&all.to_string()), Ok(all));
        assert_eq!(Permissions::parse("nuget:push,nuget:pull").unwrap().to_string(), "nuget:pull nuget:push");
    }

    #[test]
    fn each_permission_is_written_as_its_kind_and_verb_and_has_a_place_of_its_own() {
        for kind in Kind::ALL {
            for verb in Verb::ALL.into_iter().filter(|verb| *verb != Verb::PushVersion || kind.has_new_versions()) {
                let scope = format!("{}:{}", kind.as_str(), verb.as_str());
                assert_eq!(Permission::parse(&scope), Some(of(kind, verb)), "{scope}");
            }
        }
        assert_eq!(Permission::all().count(), 14);
        assert_eq!(Permission::all().map(Permission::bit).fold(0, |all, bit| all | bit).count_ones(), 14);
        assert!(!of(Kind::Container, Verb::PushVersion).exists());
        assert_eq!((Kind::parse("npm"), Kind::parse("NPM"), Verb::parse("fly")), (Some(Kind::Npm), None, None));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        assert_eq!(Permissions::parse("nuget:pull nuget:fly"), Err("nuget:fly".to_owned()));
        assert_eq!(Permissions::parse("NUGET:PULL"), Err("NUGET:PULL".to_owned()));
    }

    #[test]
    fn the_kinds_of_a_set_follow_from_its_permissions() {
        let set = Permissions::parse("npm:pull nuget:pull api:read").unwrap();
        assert_eq!(set.kinds().collect::<Vec<_>>(), [Kind::NuGet, Kind::Npm]);
    }
}
