//! What a package says of itself: reads a nuspec file and keeps the parts that are shown or given to clients.
//!
//! Every text here was written by the sender. It is bounded and free of control characters, and still only text: whoever
//! shows it escapes it. Nothing named in it is ever fetched.

mod dependencies;
mod details;
mod error;
#[cfg(test)]
mod tests;
mod text;
mod xml;

use serde::{Deserialize, Serialize};

pub use dependencies::{Dependency, DependencyGroup};
pub use details::{PackageType, Repository};
pub use error::BadNuspec;

use self::xml::Element;
use super::{id::PackageId, version::Version};

/// Characters of the longer texts, after NuGet's own bounds. What is longer is cut: the package still has all of it.
const LONG: usize = 4_000;
const RELEASE_NOTES: usize = 35_000;
const TITLE: usize = 256;
const PATH: usize = 2_048;
const EXPRESSION: usize = 500;
const SHORT: usize = 100;

/// The description of one version of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nuspec {
    /// The package.
    pub id: PackageId,
    /// Its version.
    pub version: Version,
    /// A name for people, when it differs from the id.
    pub title: Option<String>,
    /// Who made it, as typed; at most 4,000 characters.
    pub authors: String,
    /// What it is; at most 4,000 characters, several lines.
    pub description: String,
    /// What it is, in short.
    pub summary: Option<String>,
    /// Words to find it by, without blanks.
    pub tags: Vec<String>,
    /// Its home page; always http or https.
    pub project_url: Option<String>,
    /// Where its licence is; always http or https.
    pub license_url: Option<String>,
    /// Its licence.
    pub license: Option<License>,
    /// The path of an image in the package.
    pub icon: Option<String>,
    /// The path of a Markdown file in the package.
    pub readme: Option<String>,
    /// The oldest client that can install it.
    pub min_client_version: Option<Version>,
    /// What is new; at most 35,000 characters.
    pub release_notes: Option<String>,
    /// Whether clients should ask before they install.
    pub require_license_acceptance: bool,
    /// What the package is good for, such as `DotnetTool`; empty for libraries.
    pub package_types: Vec<PackageType>,
    /// What it needs, by target framework; at most 1,000 groups and dependencies together.
    pub dependency_groups: Vec<DependencyGroup>,
    /// The address of an image, from before packages carried it themselves; always http or https.
    #[serde(default)]
    pub icon_url: Option<String>,
    /// Whose it is; at most 4,000 characters.
    #[serde(default)]
    pub copyright: Option<String>,
    /// The language of its texts, such as `en-US`.
    #[serde(default)]
    pub language: Option<String>,
    /// Where its source is.
    #[serde(default)]
    pub repository: Option<Repository>,
}

/// How a licence is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum License {
    /// An SPDX expression, as typed.
    Expression(String),
    /// The path of a file in the package.
    File(String),
}

impl Nuspec {
    /// Reads a nuspec of at most 1 MiB; the caller bounds it.
    ///
    /// # Errors
    /// When it is not the XML that NuGet knows, has a field twice, or gives an id, version or dependency that is none.
    /// URLs that are not http or https are dropped, and long texts are cut, without error.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNuspec> {
        let root = xml::parse(bytes)?;
        if root.name != "package" {
            return Err(BadNuspec::NoMetadata);
        }
        let metadata = Fields(only(&root, "metadata")?.ok_or(BadNuspec::NoMetadata)?);
        Ok(Self {
            id: PackageId::parse(metadata.required("id")?)?,
            version: Version::parse(metadata.required("version")?)?,
            title: metadata.text("title", TITLE)?,
            authors: metadata.text("authors", LONG)?.unwrap_or_default(),
            description: metadata.text("description", LONG)?.unwrap_or_default(),
            summary: metadata.text("summary", LONG)?,
            tags: metadata.tags()?,
            project_url: metadata.raw("projectUrl")?.and_then(text::web_address),
            license_url: metadata.raw("licenseUrl")?.and_then(text::web_address),
            license: metadata.license()?,
            icon: metadata.path("icon")?,
            readme: metadata.path("readme")?,
            min_client_version: metadata.min_client_version()?,
            release_notes: metadata.text("releaseNotes", RELEASE_NOTES)?,
            require_license_acceptance: metadata.flag("requireLicenseAcceptance")?,
            package_types: metadata.package_types()?,
            dependency_groups: metadata
                .element("dependencies")?
                .map(dependencies::read)
                .transpose()?
                .unwrap_or_default(),
            icon_url: metadata.raw("iconUrl")?.and_then(text::web_address),
            copyright: metadata.text("copyright", LONG)?,
            language: metadata.text("language", SHORT)?,
            repository: metadata.element("repository")?.and_then(Repository::read),
        })
    }
}

/// The one child of this name, if there is one.
fn only<'a>(parent: &'a Element, name: &'static str) -> Result<Option<&'a Element>, BadNuspec> {
    let mut found = parent.children(name);
    let first = found.next();
    if found.next().is_some() { Err(BadNuspec::Twice(name)) } else { Ok(first) }
}

/// The `<metadata>` element, read by field.
struct Fields<'a>(&'a Element);

impl<'a> Fields<'a> {
    fn element(&self, name: &'static str) -> Result<Option<&'a Element>, BadNuspec> {
        only(self.0, name)
    }

    /// The trimmed text of a field, or `None` when there is none.
    fn raw(&self, name: &'static str) -> Result<Option<&'a str>, BadNuspec> {
        match self.element(name)? {
            Some(element) if !element.children.is_empty() => Err(BadNuspec::NotText(name)),
            found => Ok(found.map(|element| element.text.trim()).filter(|text| !text.is_empty())),
        }
    }

    fn required(&self, name: &'static str) -> Result<&'a str, BadNuspec> {
        self.raw(name)?.ok_or(BadNuspec::Missing(name))
    }

    fn text(&self, name: &'static str, longest: usize) -> Result<Option<String>, BadNuspec> {
        Ok(self.raw(name)?.map(|raw| text::clean(raw, longest)).filter(|text| !text.is_empty()))
    }

    fn tags(&self) -> Result<Vec<String>, BadNuspec> {
        let tags = self.text("tags", LONG)?.unwrap_or_default();
        let words = tags.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';'));
        Ok(words.filter(|word| !word.is_empty()).map(str::to_owned).collect())
    }

    fn path(&self, name: &'static str) -> Result<Option<String>, BadNuspec> {
        self.raw(name)?.map(|raw| text::path(raw, PATH).ok_or(BadNuspec::Path(name))).transpose()
    }

    fn license(&self) -> Result<Option<License>, BadNuspec> {
        let kind = self.element("license")?.and_then(|element| element.attribute("type"));
        match (self.raw("license")?, kind) {
            (None, _) => Ok(None),
            (Some(raw), Some("expression")) => Ok(Some(License::Expression(text::clean(raw, EXPRESSION)))),
            (Some(_), Some("file")) => Ok(self.path("license")?.map(License::File)),
            (Some(_), _) => Err(BadNuspec::License),
        }
    }

    fn min_client_version(&self) -> Result<Option<Version>, BadNuspec> {
        let given = self.0.attribute("minClientVersion").map(str::trim).filter(|text| !text.is_empty());
        given.map(|text| Version::parse(text).map_err(|_| BadNuspec::MinClientVersion)).transpose()
    }

    fn flag(&self, name: &'static str) -> Result<bool, BadNuspec> {
        match self.raw(name)?.map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(BadNuspec::NotBoolean(name)),
        }
    }

    fn package_types(&self) -> Result<Vec<PackageType>, BadNuspec> {
        self.element("packageTypes")?.map_or(Ok(Vec::new()), PackageType::read_all)
    }
}
