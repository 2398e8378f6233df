//! What lists and searches show of a package: its newest version, and the words it is found by.

use std::borrow::Cow;

use super::{
    nuspec::{Nuspec, PackageType},
    version::Version,
};

/// Characters of the words of a package; what is longer is cut, because a search reads the words of every package.
const LONGEST: usize = 2_000;

/// The version that lists show: the highest stable one, or the highest of all where none is stable.
pub fn newest<'v>(versions: impl IntoIterator<Item = &'v Version>) -> Option<&'v Version> {
    versions.into_iter().max_by_key(|version| (!version.is_prerelease(), *version))
}

/// The words a package is found by, in lower case: id, title, authors, tags, description.
pub fn search_text(nuspec: &Nuspec) -> String {
    let title = nuspec.title.as_deref().unwrap_or_default();
    let tags = nuspec.tags.join(" ");
    let words = [nuspec.id.as_str(), title, &nuspec.authors, &tags, &nuspec.description].join(" ");
    words.to_lowercase().chars().take(LONGEST).collect()
}

/// The types of a package. One that names none is one to depend on.
pub fn package_types(nuspec: &Nuspec) -> Cow<'_, [PackageType]> {
    if nuspec.package_types.is_empty() {
        vec![PackageType { name: "Dependency".to_owned(), version: None }].into()
    } else {
        nuspec.package_types.as_slice().into()
    }
}

/// The same for searches: in lower case, with a blank around each.
pub fn type_words(nuspec: &Nuspec) -> String {
    let types = package_types(nuspec);
    let names: Vec<&str> = types.iter().map(|kind| kind.name.as_str()).collect();
    format!(" {} ", names.join(" ").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest_of(texts: &[&str]) -> String {
        let versions: Vec<_> = texts.iter().map(|text| Version::parse(text).unwrap()).collect();
        newest(&versions).unwrap().to_string()
    }

    #[test]
    fn a_stable_version_is_shown_before_a_higher_prerelease() {
        assert_eq!(newest_of(&["1.0", "1.2", "2.0-beta"]), "1.2.0");
        assert_eq!(newest_of(&["2.0-alpha", "2.0-beta"]), "2.0.0-beta");
    }
}
