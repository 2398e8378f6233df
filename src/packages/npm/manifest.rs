//! A version of an npm package as it is kept: its `package.json` out of the tarball, which is what clients will run, never
//! what a publish document says of it.

use std::io::{self, BufReader};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use thiserror::Error;

use super::{
    dependency::{self, Uninstallable},
    document::LATEST,
    files,
    name::PackageName,
    readme,
    tarball::Tarball,
    version,
};
use crate::packages::{
    VersionNumber,
    blobs::{BlobKey, BlobReader},
    kind::{BadPackageName, KindRules},
    manifest::{Manifest, StoredManifest},
};

/// Characters of the words of a package; what is longer is cut, because a search reads the words of every package.
const LONGEST: usize = 2_000;
/// Bytes of a description that is kept.
const LARGEST: usize = 256 * 1024;
/// Keywords that are kept.
const KEYWORDS: usize = 50;
/// Fields that say nothing of the package itself, or that are ours to say.
const OURS: [&str; 8] =
    ["readme", "readmeFilename", "dist", "deprecated", "maintainers", "hasInstallScript", "dist-tags", "time"];
/// Scripts that run when a package is installed.
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// What shared tables, lists and pages ask of npm.
#[derive(Debug)]
pub struct NpmRules;

impl KindRules for NpmRules {
    fn check_name(&self, name: &str) -> Result<(), BadPackageName> {
        PackageName::parse(name).map(drop).map_err(|error| BadPackageName(error.to_string()))
    }

    fn version(&self, text: &str) -> Option<VersionNumber> {
        version::parse(text)
    }

    fn manifest(&self, kept: &StoredManifest) -> Option<Box<dyn Manifest>> {
        Some(Box::new(kept.read::<NpmManifest>().ok()?))
    }

    fn default_tag(&self) -> Option<&'static str> {
        Some(LATEST)
    }

    fn readme(&self, _: &StoredManifest, package: BlobReader) -> io::Result<Option<Vec<u8>>> {
        readme::readme(BufReader::new(package))
    }

    fn beside(&self, blob: &BlobKey) -> Vec<BlobKey> {
        vec![files::provenance_beside(blob)]
    }
}

/// Why a `package.json` cannot be taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BadManifest {
    /// Its name is missing or another one.
    #[error("package.json in the tarball is not of {0}: its name differs.")]
    OtherName(String),
    /// Its version is missing or another one.
    #[error("package.json in the tarball is not of version {0}: its version differs.")]
    OtherVersion(String),
    /// Too much of it.
    #[error("package.json is larger than 256 KiB.")]
    TooLarge,
    /// npm refuses it, too.
    #[error("package.json says \"private\": true, so the package is not to be published. Take that out first.")]
    Private,
    /// Clients would stop at it.
    #[error(transparent)]
    Uninstallable(#[from] Uninstallable),
}

/// What is kept of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NpmManifest {
    name: String,
    version: String,
    description: String,
    authors: String,
    keywords: Vec<String>,
    /// SHA-1 of the tarball in hexadecimal.
    pub shasum: String,
    /// Files in it.
    pub files: u64,
    /// Bytes of them, unpacked.
    pub unpacked: u64,
    /// Whether something runs when it is installed.
    pub has_install_script: bool,
    /// Whether it brings the versions of what it needs.
    pub has_shrinkwrap: bool,
    /// Whether its provenance is kept beside it.
    pub has_provenance: bool,
    /// `package.json` without what is not the package's own to say.
    pub package: Map<String, Value>,
}

impl NpmManifest {
    /// Of a tarball that is published as this version of this package.
    ///
    /// # Errors
    /// When its `package.json` says otherwise, or too much.
    pub fn of(
        tarball: Tarball,
        (name, version): (&PackageName, &VersionNumber),
        shasum: String,
        has_provenance: bool,
    ) -> Result<Self, BadManifest> {
        let Tarball { package_json: mut package, files, unpacked, has_shrinkwrap, has_gyp, .. } = tarball;
        if text(&package, "name") != Some(name.as_str()) {
            return Err(BadManifest::OtherName(name.to_string()));
        }
        if text(&package, "version") != Some(version.text.as_str()) {
            return Err(BadManifest::OtherVersion(version.text.clone()));
        }
        if package.get("private") == Some(&Value::Bool(true)) {
            return Err(BadManifest::Private);
        }
        // A field that is null says nothing, and not every client knows that.
        package.retain(|field, value| !field.starts_with('_') && !OURS.contains(&field.as_str()) && !value.is_null());
        dependency::check(&package)?;
        spell_out(&mut package, name);
        let manifest = Self {
            name: name.to_string(),
            version: version.text.clone(),
            description: text(&package, "description").unwrap_or_default().to_owned(),
            authors: author(&package),
            keywords: keywords(&package),
            shasum,
            files,
            unpacked,
            has_install_script: runs_at_install(&package) || has_gyp,
            has_shrinkwrap,
            has_provenance,
            package,
        };
        let is_small = serde_json::to_string(&manifest).is_ok_and(|json| json.len() <= LARGEST);
        if is_small { Ok(manifest) } else { Err(BadManifest::TooLarge) }
    }

    /// A text of `package.json`; none if there is none of this name.
    pub fn text(&self, field: &str) -> Option<&str> {
        text(&self.package, field)
    }

    /// What it needs, under one of the fields of `package.json` that say so: names and ranges, as typed.
    pub fn dependencies(&self, field: &str) -> Vec<(String, String)> {
        let needed = self.package.get(field).and_then(Value::as_object).into_iter().flatten();
        needed.map(|(name, range)| (name.clone(), range.as_str().unwrap_or_default().to_owned())).collect()
    }
}

impl Manifest for NpmManifest {
    fn name(&self) -> &str {
        &self.name
    }

    fn version(&self) -> VersionNumber {
        // What was published is one; what somebody else wrote sorts before all.
        version::parse(&self.version).unwrap_or_else(|| VersionNumber {
            text: self.version.clone(),
            key: self.version.clone(),
            sort_key: Vec::new(),
            is_prerelease: true,
            is_plain: true,
        })
    }

    fn title(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        &self.description
    }

    fn authors(&self) -> &str {
        &self.authors
    }

    fn tags(&self) -> &[String] {
        &self.keywords
    }

    /// Name, author, keywords, description.
    fn search_text(&self) -> String {
        let words = [self.name.as_str(), &self.authors, &self.keywords.join(" "), &self.description].join(" ");
        words.to_lowercase().chars().take(LONGEST).collect()
    }

    fn kept(&self) -> serde_json::Result<StoredManifest> {
        StoredManifest::of(self)
    }
}

fn text<'a>(package: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    package.get(field).and_then(Value::as_str)
}

/// One program under the package's name is written as a list of one, and one name of a field that has two becomes the
/// other: clients expect of a registry what npm's own makes of a `package.json`.
fn spell_out(package: &mut Map<String, Value>, name: &PackageName) {
    if let Some(Value::String(path)) = package.get("bin") {
        let programs = json!({ name.bare(): path });
        package.insert("bin".to_owned(), programs);
    }
    if let Some(bundled) = package.remove("bundledDependencies") {
        package.entry("bundleDependencies").or_insert(bundled);
    }
}

fn runs_at_install(package: &Map<String, Value>) -> bool {
    let scripts = package.get("scripts").and_then(Value::as_object);
    scripts.is_some_and(|scripts| INSTALL_SCRIPTS.iter().any(|name| scripts.contains_key(*name)))
}

/// `Ada Lovelace <ada@example.com> (https://…)`, or the name of an object, without address and page.
fn author(package: &Map<String, Value>) -> String {
    let typed = match package.get("author") {
        Some(Value::String(text)) => text.split(['<', '(']).next().unwrap_or_default(),
        Some(Value::Object(person)) => person.get("name").and_then(Value::as_str).unwrap_or_default(),
        _ => "",
    };
    typed.trim().to_owned()
}

fn keywords(package: &Map<String, Value>) -> Vec<String> {
    let words: Vec<&str> = match package.get("keywords") {
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(words)) => words.split([',', ' ']).collect(),
        _ => Vec::new(),
    };
    let words = words.into_iter().map(|word| word.split_whitespace().collect::<Vec<_>>().join("-"));
    words.filter(|word| !word.is_empty()).take(KEYWORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{packages::rules, tokens::Kind};

    fn manifest(package: Value) -> Result<NpmManifest, BadManifest> {
        let Value::Object(package_json) = package else { panic!("no object") };
        let tarball = Tarball { package_json, files: 2, unpacked: 10, ..Tarball::default() };
        let name = PackageName::parse("@team/ui").unwrap();
        NpmManifest::of(tarball, (&name, &version::parse("1.0.0").unwrap()), "ab".to_owned(), false)
    }

    #[test]
    fn what_is_kept_is_read_back_as_the_same_description() {
        let kept = manifest(json!({
            "name": "@team/ui", "version": "1.0.0", "description": "Buttons.", "author": "Ada <ada@example.com> (x)",
            "keywords": ["ui", "Two words", ""], "bin": "cli.js", "bundledDependencies": ["a"], "_resolved": "/home/ada",
            "scripts": { "postinstall": "x" }, "readme": "long", "dist": { "tarball": "http://elsewhere" }, "os": null,
        }))
        .unwrap();
        assert_eq!(kept.package["bin"], json!({ "ui": "cli.js" }));
        assert_eq!(kept.package["bundleDependencies"], json!(["a"]));
        for dropped in ["_resolved", "readme", "dist", "bundledDependencies", "os"] {
            assert!(!kept.package.contains_key(dropped), "{dropped}");
        }
        assert!(kept.has_install_script);
        let read = rules(Kind::Npm).manifest(&kept.kept().unwrap()).unwrap();
        assert_eq!((read.name(), read.summary(), read.authors()), ("@team/ui", "Buttons.", "Ada"));
        assert_eq!(read.search_text(), "@team/ui ada ui two-words buttons.");
        assert_eq!(read.version().text, "1.0.0");
        assert_eq!(read.kept().unwrap(), kept.kept().unwrap());
    }

    #[test]
    fn a_tarball_of_something_else_is_refused() {
        for (package, told) in [
            (json!({ "version": "1.0.0" }), BadManifest::OtherName("@team/ui".to_owned())),
            (json!({ "name": "ui", "version": "1.0.0" }), BadManifest::OtherName("@team/ui".to_owned())),
            (json!({ "name": "@team/ui", "version": "1.0.1" }), BadManifest::OtherVersion("1.0.0".to_owned())),
            (json!({ "name": "@team/ui", "version": 1 }), BadManifest::OtherVersion("1.0.0".to_owned())),
            (json!({ "name": "@team/ui", "version": "1.0.0", "private": true }), BadManifest::Private),
            (json!({ "name": "@team/ui", "version": "1.0.0", "x": "y".repeat(LARGEST) }), BadManifest::TooLarge),
            (
                json!({ "name": "@team/ui", "version": "1.0.0", "dependencies": [] }),
                BadManifest::Uninstallable(Uninstallable::NoMap("dependencies")),
            ),
        ] {
            assert_eq!(manifest(package), Err(told));
        }
    }
}
