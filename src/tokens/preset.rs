//! The ready-made choices of permissions that the form of a new token offers.

use strum::{EnumCount, EnumString, IntoStaticStr};

use super::{Kind, Permission, Permissions, ServedKinds, Verb};

/// A ready-made choice, for one kind of packages or for several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Preset {
    /// Packages are read.
    Read,
    /// Packages are read and uploaded.
    ReadWrite,
    /// Packages are read, and new versions of those that exist are uploaded.
    Versions,
    /// Packages are uploaded without being read.
    Write,
    /// Everything with packages, and the management API.
    Full,
}

words!(Preset);

impl Preset {
    /// Every preset, in the order in which pages offer them.
    pub const ALL: [Self; Self::COUNT] = [Self::Read, Self::ReadWrite, Self::Versions, Self::Write, Self::Full];

    /// What pages call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Versions => "New versions",
            Self::ReadWrite => "Read and upload",
            Self::Write => "Upload only",
            Self::Full => "Full access",
        }
    }

    /// What may be done with packages of each kind, and the scopes of no kind. A kind without a verb (a registry of
    /// containers cannot tell new versions from new names) goes without it.
    pub fn parts(self) -> (&'static [Verb], &'static [Permission]) {
        match self {
            Self::Read => (&[Verb::Pull], &[]),
            Self::Versions => (&[Verb::Pull, Verb::PushVersion], &[]),
            Self::ReadWrite => (&[Verb::Pull, Verb::Push], &[]),
            Self::Write => (&[Verb::Push], &[]),
            Self::Full => (&[Verb::Pull, Verb::Push, Verb::Delete], &[Permission::ApiRead, Permission::ApiManage]),
        }
    }

    /// The permissions it stands for.
    pub fn permissions(self, kinds: &[Kind]) -> Permissions {
        let (verbs, others) = self.parts();
        let of_kinds = kinds.iter().flat_map(|&kind| verbs.iter().map(move |&verb| Permission::of(kind, verb)));
        of_kinds.filter(|permission| permission.exists()).chain(others.iter().copied()).collect()
    }

    /// The preset and kinds that stand for exactly these permissions.
    pub fn of(permissions: Permissions) -> Option<(Self, Kinds)> {
        let all = Self::ALL.into_iter().flat_map(|preset| Kinds::ALL.into_iter().map(move |kinds| (preset, kinds)));
        all.into_iter().find(|(preset, kinds)| preset.permissions(kinds.list()) == permissions)
    }
}

/// The kinds of packages a preset is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// One kind.
    One(Kind),
    /// NuGet packages and container images, as package hosts with both offer them.
    Combined,
    /// NuGet and npm packages.
    NuGetAndNpm,
    /// Every kind.
    All,
}

impl Kinds {
    /// Every choice, in the order in which pages offer them.
    pub const ALL: [Self; Kind::COUNT + 3] = {
        let mut all = [Self::All; Kind::COUNT + 3];
        let mut n = 0;
        while n < Kind::COUNT {
            all[n] = Self::One(Kind::ALL[n]);
            n += 1;
        }
        all[Kind::COUNT] = Self::Combined;
        all[Kind::COUNT + 1] = Self::NuGetAndNpm;
        all
    };

    /// The kinds.
    pub fn list(self) -> &'static [Kind] {
        match self {
            Self::One(kind) => Kind::ALL.iter().find(|own| **own == kind).map_or(&[], std::slice::from_ref),
            Self::Combined => &[Kind::NuGet, Kind::Container],
            Self::NuGetAndNpm => &[Kind::NuGet, Kind::Npm],
            Self::All => &Kind::ALL,
        }
    }

    /// Those that a host offers: of kinds that it serves alone.
    pub fn offered(served: ServedKinds) -> impl Iterator<Item = Self> {
        let is_served = move |kinds: &Self| kinds.list().iter().all(|kind| served.has(*kind));
        Self::ALL.into_iter().filter(is_served)
    }

    /// The word in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One(kind) => kind.as_str(),
            Self::Combined => "combined",
            Self::NuGetAndNpm => "nuget-npm",
            Self::All => "all",
        }
    }

    /// Reads that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kinds| kinds.as_str() == word)
    }

    /// What pages call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::One(kind) => kind.label(),
            Self::Combined => "NuGet and container",
            Self::NuGetAndNpm => "NuGet and npm",
            Self::All => "All kinds",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_stands_for_the_same_of_every_kind() {
        let scopes = |preset: Preset, kinds: Kinds| preset.permissions(kinds.list()).to_string();
        assert_eq!(scopes(Preset::Read, Kinds::One(Kind::NuGet)), "nuget:pull");
        assert_eq!(scopes(Preset::Write, Kinds::One(Kind::Npm)), "npm:push");
        assert_eq!(scopes(Preset::Versions, Kinds::One(Kind::NuGet)), "nuget:pull nuget:push-version");
        assert_eq!(
            scopes(Preset::ReadWrite, Kinds::All),
            "nuget:pull nuget:push container:pull container:push npm:pull npm:push"
        );
        assert_eq!(
            scopes(Preset::Full, Kinds::One(Kind::Container)),
            "container:pull container:push container:delete api:read api:manage"
        );
    }

    #[test]
    fn a_preset_is_found_again_by_its_permissions() {
        for preset in Preset::ALL {
            for kinds in Kinds::ALL {
                let only_reads = preset == Preset::Versions && kinds == Kinds::One(Kind::Container);
                let found = if only_reads { Preset::Read } else { preset };
                assert_eq!(Preset::of(preset.permissions(kinds.list())), Some((found, kinds)));
                assert_eq!((Preset::parse(preset.as_str()), Kinds::parse(kinds.as_str())), (Some(preset), Some(kinds)));
            }
        }
        for custom in ["", "nuget:push-version", "nuget:pull npm:push", "api:read", "nuget:pull api:read"] {
            assert_eq!(Preset::of(Permissions::parse(custom).unwrap()), None, "{custom}");
        }
    }

    #[test]
    fn one_press_makes_a_combined_token_of_nuget_and_container_scopes() {
        let scopes =
            |verb| Permissions::from_iter(Kinds::Combined.list().iter().map(|kind| Permission::of(*kind, verb)));
        assert_eq!(scopes(Verb::Pull).to_string(), "nuget:pull container:pull");
        assert_eq!(scopes(Verb::Push).to_string(), "nuget:push container:push");
        assert_eq!(scopes(Verb::Delete).to_string(), "nuget:delete container:delete");
        assert_eq!(Preset::Read.permissions(Kinds::Combined.list()).to_string(), "nuget:pull container:pull");
    }

    #[test]
    fn a_host_offers_the_kinds_that_it_serves() {
        let words = |containers| Kinds::offered(ServedKinds { containers }).map(Kinds::as_str).collect::<Vec<_>>();
        assert_eq!(words(false), ["nuget", "npm", "nuget-npm"]);
        assert_eq!(words(true), ["nuget", "container", "npm", "combined", "nuget-npm", "all"]);
    }
}
