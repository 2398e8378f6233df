//! The numbers of versions, of any kind of packages.

use std::{cmp::Ordering, fmt};

/// What a version is called, whatever the kind of its package. Two are equal when they name the same version, and they are
/// ordered as their kind orders them.
#[derive(Clone, Debug)]
pub struct VersionNumber {
    /// As published.
    pub text: String,
    /// Its identity: the same for every way to write it, and safe in paths and addresses.
    pub key: String,
    /// Bytes that sort as the versions of one package do; fewer than 500.
    pub sort_key: Vec<u8>,
    /// Whether it is for trying out, so that lists show it only where there is no other.
    pub is_prerelease: bool,
    /// Whether every client of its kind understands it. (NuGet: those without SemVer 2 do.)
    pub is_plain: bool,
}

impl PartialEq for VersionNumber {
    fn eq(&self, other: &Self) -> bool {
        self.sort_key == other.sort_key
    }
}

impl Eq for VersionNumber {}

impl PartialOrd for VersionNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VersionNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sort_key.cmp(&other.sort_key)
    }
}

/// Writes it as published.
impl fmt::Display for VersionNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// The version that stands for its package: the highest one that is no prerelease, or the highest of all.
pub fn newest<'v>(versions: impl IntoIterator<Item = &'v VersionNumber>) -> Option<&'v VersionNumber> {
    versions.into_iter().max_by_key(|version| (!version.is_prerelease, *version))
}
