//! What a token may do, written as scope strings such as `nuget:push`.

use std::fmt;

/// The package kinds a token can be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// NuGet packages.
    NuGet,
    /// Container images.
    Container,
    /// npm packages.
    Npm,
}

impl Kind {
    /// Every kind, in the order pages show them.
    pub const ALL: [Self; 3] = [Self::NuGet, Self::Container, Self::Npm];

    /// The name people know.
    pub fn label(self) -> &'static str {
        match self {
            Self::NuGet => "NuGet",
            Self::Container => "Container",
            Self::Npm => "npm",
        }
    }

    /// The word in scope strings, rows and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NuGet => "nuget",
            Self::Container => "container",
            Self::Npm => "npm",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether this host has a door for such packages. Tokens for the others can be made all the same.
    pub fn is_served(self) -> bool {
        self == Self::NuGet
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:literal, $words:literal;)+) => {
        /// One permission.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Permission { $($(#[$doc])* $name,)+ }

        impl Permission {
            /// Every permission, in the order pages show them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The scope string.
            pub fn scope(self) -> &'static str {
                match self { $(Self::$name => $scope,)+ }
            }

            /// The permission in words.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

permissions! {
    /// Read NuGet packages.
    NuGetPull = "nuget:pull", "read NuGet packages";
    /// Upload NuGet packages, new ids included.
    NuGetPush = "nuget:push", "upload new NuGet packages and versions";
    /// Upload versions of NuGet ids that exist.
    NuGetPushVersion = "nuget:push-version", "upload new versions of existing NuGet packages";
    /// Unlist and relist NuGet versions.
    NuGetDelete = "nuget:delete", "delete (unlist) NuGet packages";
    /// Pull images.
    ContainerPull = "container:pull", "pull container images";
    /// Push images; brings pull on the same repositories, because the registry asks for both.
    ContainerPush = "container:push", "push (and pull) container images";
    /// Delete images.
    ContainerDelete = "container:delete", "delete container images";
    /// Read npm packages.
    NpmPull = "npm:pull", "read npm packages";
    /// Publish npm packages, new names included.
    NpmPush = "npm:push", "publish new npm packages and versions";
    /// Publish versions of npm packages that exist.
    NpmPushVersion = "npm:push-version", "publish new versions of existing npm packages";
    /// Unpublish and deprecate npm packages.
    NpmDelete = "npm:delete", "delete npm packages";
    /// Look at the account through the HTTP API.
    ApiRead = "api:read", "look through the management API";
    /// Change the account's feeds and tokens through the HTTP API.
    ApiManage = "api:manage", "change things through the management API";
    /// Ask about other accounts' tokens (RFC 7662); operators give it, no form does.
    ApiIntrospect = "api:introspect", "ask about any token";
}

impl Permission {
    /// Reads a scope string.
    pub fn parse(scope: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.scope() == scope)
    }

    /// Whether this host has a door that asks for it. A token may have it all the same.
    pub fn is_served(self) -> bool {
        self.kind().is_some_and(Kind::is_served)
    }

    /// The package kind it is about; `None` for the API.
    pub fn kind(self) -> Option<Kind> {
        match self.scope().split_once(':')?.0 {
            "nuget" => Some(Kind::NuGet),
            "container" => Some(Kind::Container),
            "npm" => Some(Kind::Npm),
            _ => None,
        }
    }

    fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u16);

impl Permissions {
    /// With those that others of them bring.
    pub fn effective(self) -> Self {
        let brought = self.has(Permission::ContainerPush).then_some(Permission::ContainerPull);
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
    pub fn has_any(self, permissions: &[Permission]) -> bool {
        permissions.iter().any(|&permission| self.has(permission))
    }

    /// Whether every permission of `self` is also in `other`.
    pub fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The permissions, in the order pages show them.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |&permission| self.has(permission))
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
        let all: Permissions = Permission::ALL.iter().copied().collect();
        assert_eq!(Permissions::parse(&all.to_string()), Ok(all));
        assert_eq!(Permissions::parse("nuget:push,nuget:pull").unwrap().to_string(), "nuget:pull nuget:push");
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
