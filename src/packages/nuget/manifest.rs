//! NuGet's rules as the rest of the host asks for them: names, versions, and a nuspec as the description of a version.

use std::{borrow::Cow, io};

use super::{
    archive, files,
    id::PackageId,
    nuspec::{Nuspec, PackageType},
    version::Version,
};
use crate::packages::{
    blobs::{BlobKey, BlobReader},
    kind::{BadPackageName, KindRules},
    manifest::{Manifest, StoredManifest},
    number::VersionNumber,
};

/// Characters of the words of a package; what is longer is cut, because a search reads the words of every package.
const LONGEST: usize = 2_000;

/// What shared tables, lists and pages ask of NuGet.
#[derive(Debug)]
pub struct NuGetRules;

impl KindRules for NuGetRules {
    fn check_name(&self, name: &str) -> Result<(), BadPackageName> {
        PackageId::parse(name).map(drop).map_err(|error| BadPackageName(error.to_string()))
    }

    fn version(&self, text: &str) -> Option<VersionNumber> {
        Version::parse(text).ok().map(|version| version.number())
    }

    fn manifest(&self, kept: &StoredManifest) -> Option<Box<dyn Manifest>> {
        Some(Box::new(kept.read::<Nuspec>().ok()?))
    }

    /// With metadata, or with several labels.
    fn for_newer_clients(&self) -> [&'static str; 2] {
        ["%+%", "%-%.%"]
    }

    fn readme(&self, kept: &StoredManifest, package: BlobReader) -> io::Result<Option<Vec<u8>>> {
        let path = kept.read::<Nuspec>().ok().and_then(|nuspec| nuspec.readme);
        let Some(path) = path else { return Ok(None) };
        match archive::read_file(package, &path, &archive::Limits::of_any_size()) {
            Ok(content) => Ok(content),
            Err(archive::Unreadable::Storage(error)) => Err(error),
            // It was taken under other rules than today's.
            Err(_) => Ok(None),
        }
    }

    fn beside(&self, blob: &BlobKey) -> Vec<BlobKey> {
        vec![files::nuspec_beside(blob)]
    }
}

impl Version {
    /// The same for what knows no kinds.
    pub fn number(&self) -> VersionNumber {
        VersionNumber {
            text: self.to_string(),
            key: self.key(),
            sort_key: self.sort_key(),
            is_prerelease: self.is_prerelease(),
            is_plain: !self.is_semver2(),
        }
    }
}

/// A published version without its metadata, as clients compare it: versions are kept normalised.
pub fn normalized(version: &VersionNumber) -> &str {
    version.text.split('+').next().unwrap_or_default()
}

/// The types of a package. One that names none is one to depend on.
pub fn package_types(nuspec: &Nuspec) -> Cow<'_, [PackageType]> {
    if nuspec.package_types.is_empty() {
        vec![PackageType { name: "Dependency".to_owned(), version: None }].into()
    } else {
        nuspec.package_types.as_slice().into()
    }
}

impl Manifest for Nuspec {
    fn name(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> VersionNumber {
        self.version.number()
    }

    fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(self.id.as_str())
    }

    fn summary(&self) -> &str {
        self.summary.as_deref().unwrap_or(&self.description)
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn authors(&self) -> &str {
        &self.authors
    }

    fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Id, title, authors, tags, description.
    fn search_text(&self) -> String {
        let title = self.title.as_deref().unwrap_or_default();
        let tags = self.tags.join(" ");
        let words = [self.id.as_str(), title, &self.authors, &tags, &self.description].join(" ");
        words.to_lowercase().chars().take(LONGEST).collect()
    }

    fn type_words(&self) -> String {
        let types = package_types(self);
        let names: Vec<&str> = types.iter().map(|kind| kind.name.as_str()).collect();
        format!(" {} ", names.join(" ").to_lowercase())
    }

    fn kept(&self) -> serde_json::Result<StoredManifest> {
        StoredManifest::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        packages::{newest, rules},
        tokens::Kind,
    };

    fn number(text: &str) -> VersionNumber {
        rules(Kind::NuGet).version(text).unwrap()
    }

    fn newest_of(texts: &[&str]) -> String {
        let versions: Vec<_> = texts.iter().map(|text| number(text)).collect();
        newest(&versions).unwrap().to_string()
    }

    #[test]
    fn a_stable_version_is_shown_before_a_higher_prerelease() {
        assert_eq!(newest_of(&["1.0", "1.2", "2.0-beta"]), "1.2.0");
        assert_eq!(newest_of(&["2.0-alpha", "2.0-beta"]), "2.0.0-beta");
    }

    #[test]
    fn numbers_are_equal_and_ordered_as_versions_are() {
        assert_eq!(number("1.0"), number("1.0.0+build"));
        assert!(number("1.10.0") > number("1.9.0") && number("1.0.0-beta") < number("1.0.0"));
        let beta = number("1.0-Beta.2+7");
        assert_eq!((beta.text.as_str(), beta.key.as_str()), ("1.0.0-Beta.2+7", "1.0.0-beta.2"));
        assert_eq!((normalized(&beta), beta.is_prerelease, beta.is_plain), ("1.0.0-Beta.2", true, false));
        assert!(number("1.0-beta").is_plain && rules(Kind::NuGet).version("one").is_none());
    }

    #[test]
    fn a_nuspec_is_read_back_as_the_description_it_was_kept_as() {
        let xml = "<package><metadata><id>Contoso.Core</id><version>1.2-beta</version><authors>Ada</authors>
            <description>Counts things.</description><tags>one, TWO</tags></metadata></package>";
        let nuspec = Nuspec::parse(xml.as_bytes()).unwrap();
        let kept = nuspec.kept().unwrap();
        assert_eq!(kept.read::<Nuspec>().unwrap(), nuspec);
        let read = rules(Kind::NuGet).manifest(&kept).unwrap();
        assert_eq!((read.name(), read.title(), read.summary()), ("Contoso.Core", "Contoso.Core", "Counts things."));
        assert_eq!((read.version(), read.authors()), (nuspec.version.number(), "Ada"));
        assert_eq!(
            (read.search_text().as_str(), read.type_words().as_str()),
            ("contoso.core  ada one two counts things.", " dependency ")
        );
        let other = StoredManifest::of(&["a", "list"]).unwrap();
        assert!(rules(Kind::NuGet).manifest(&other).is_none() && rules(Kind::Npm).manifest(&kept).is_none());
    }

    #[test]
    fn names_are_checked_by_the_rules_of_their_kind() {
        for (kind, good, bad) in [
            (Kind::NuGet, "Contoso.Core", "@team/ui"),
            (Kind::Npm, "@team/ui", "a b"),
            (Kind::Container, "team/app", ""),
        ] {
            assert_eq!(rules(kind).check_name(good), Ok(()), "{good}");
            let told = rules(kind).check_name(bad).unwrap_err().to_string();
            assert!(told.ends_with('.') && ["package", "repository"].iter().any(|what| told.contains(what)), "{told}");
        }
    }
}
