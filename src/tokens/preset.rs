//! The ready-made choices of permissions that the form of a new token offers.

use strum::{EnumCount, EnumString, IntoStaticStr};

use super::{Kind, Permission, Permissions, Verb};

/// A ready-made choice, for one kind of packages or for all that are served.
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

/// The kinds of packages a preset is for: one, or all ("Combined").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    /// One kind.
    One(Kind),
    /// Every kind that this host serves.
    All,
}

impl Kinds {
    /// Every choice.
    pub const ALL: [Self; Kind::COUNT + 1] = {
        let mut all = [Self::All; Kind::COUNT + 1];
        let mut n = 0;
        while n < Kind::COUNT {
            all[n] = Self::One(Kind::ALL[n]);
            n += 1;
        }
        all
    };

    /// The kinds.
    pub fn list(self) -> &'static [Kind] {
        match self {
            Self::One(kind) => Kind::ALL.iter().find(|own| **own == kind).map_or(&[], std::slice::from_ref),
            Self::All => Kind::SERVED,
        }
    }

    /// The word in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One(kind) => kind.as_str(),
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
            Self::All => "Combined",
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
            Kind::served().map(|kind| format!("{0}:pull {0}:push", kind.as_str())).collect::<Vec<_>>().join(" ")
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
                let served: Vec<_> = Kind::served().collect();
                let one = if let (Kinds::All, [kind]) = (kinds, served.as_slice()) { Kinds::One(*kind) } else { kinds };
                assert_eq!(Preset::of(preset.permissions(kinds.list())), Some((found, one)));
                assert_eq!((Preset::parse(preset.as_str()), Kinds::parse(kinds.as_str())), (Some(preset), Some(kinds)));
            }
        }
        for custom in ["", "nuget:push-version", "nuget:pull npm:push", "api:read", "nuget:pull api:read"] {
            assert_eq!(Preset::of(Permissions::parse(custom).unwrap()), None, "{custom}");
        }
    }
}
