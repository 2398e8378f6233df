//! Which names a NuGet package may have. Who may publish under a name is decided elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest package id, in characters: NuGet's own bound.
const LONGEST: usize = 100;

/// A NuGet package id as its author typed it, known to be well formed.
///
/// Ids are words of `[A-Za-z0-9_]` joined by single dots or hyphens, 1 to 100 characters. NuGet also allows letters of
/// other scripts; those are refused here, because a Cyrillic `е` in a name that people know is a trap.
///
/// Equality is exact; two ids name the same package when their [`key`](Self::key)s are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageId(String);

/// Why a text is not a package id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPackageId {
    /// Nothing but the empty text.
    #[error("The package id is empty; give the package a name such as Contoso.Core.")]
    Empty,
    /// More than 100 characters.
    #[error("The package id is longer than 100 characters; choose a shorter one.")]
    TooLong,
    /// A character outside the alphabet, or a dot or hyphen that does not stand between two words.
    #[error(
        "The package id may hold only the letters A-Z and a-z, digits and underscores, in words joined by single dots or \
         hyphens; rename the package."
    )]
    Malformed,
}

impl PackageId {
    /// Reads an id as typed, without trimming it.
    ///
    /// # Errors
    /// When the text is empty, too long, or not words joined by single dots or hyphens.
    pub fn parse(text: &str) -> Result<Self, BadPackageId> {
        if text.is_empty() {
            return Err(BadPackageId::Empty);
        }
        if text.chars().nth(LONGEST).is_some() {
            return Err(BadPackageId::TooLong);
        }
        if !text.split(['.', '-']).all(is_word) {
            return Err(BadPackageId::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as its author typed it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identity of the package: the id in ASCII lower case.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_word(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl fmt::Display for PackageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl TryFrom<String> for PackageId {
    type Error = BadPackageId;

    fn try_from(text: String) -> Result<Self, BadPackageId> {
        Self::parse(&text)
    }
}

impl From<PackageId> for String {
    fn from(id: PackageId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_ids_are_kept_as_typed() {
        for text in ["A", "_", "7", "Contoso.Core", "contoso-core_2", "A.b-C.d", &"a".repeat(100)] {
            assert_eq!(PackageId::parse(text).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn ids_that_differ_in_case_have_one_key() {
        let keys = ["Contoso.Core", "CONTOSO.core"].map(|text| PackageId::parse(text).unwrap().key());
        assert_eq!(keys, ["contoso.core", "contoso.core"]);
    }

    #[test]
    fn ids_that_could_be_paths_or_markup_are_refused() {
        for text in [
            "a b", "a#b", "a?b", "a%2eb", "a/b", "a\\b", "..", "a..b", "$id$", ".a", "a.", "-a", "a-", "a.-b", "a+b",
            "a\0", "a\n", "<a>", " a", "a ",
        ] {
            assert_eq!(PackageId::parse(text), Err(BadPackageId::Malformed), "{text:?}");
        }
    }

    #[test]
    fn letters_that_only_look_like_ascii_are_refused() {
        for text in
            ["N\u{435}wtonsoft", "\u{ff21}bc", "me\u{17f}h", "\u{212a}ey", "\u{130}d", "cafe\u{301}", "a\u{202e}b"]
        {
            assert_eq!(PackageId::parse(text), Err(BadPackageId::Malformed), "{text:?}");
        }
    }

    #[test]
    fn an_id_is_not_empty_and_has_at_most_a_hundred_characters() {
        assert_eq!(PackageId::parse(""), Err(BadPackageId::Empty));
        assert_eq!(PackageId::parse(&"a".repeat(101)), Err(BadPackageId::TooLong));
        assert_eq!(PackageId::parse(&"\u{e9}".repeat(100)), Err(BadPackageId::Malformed));
    }

    #[test]
    fn a_bad_id_cannot_come_back_from_json() {
        assert!(serde_json::from_str::<PackageId>(r#""../x""#).is_err());
    }
}
