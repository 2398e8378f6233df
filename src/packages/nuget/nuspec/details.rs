//! The parts of a nuspec that have parts of their own: package types and the repository.

use serde::{Deserialize, Serialize};

use super::{BadNuspec, EXPRESSION, SHORT, text, xml::Element};
use crate::packages::nuget::id::PackageId;

const MOST_TYPES: usize = 16;

/// What a package is good for. Versions published before 2026-12 know only its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredType")]
pub struct PackageType {
    /// Its name, which looks like an id: `DotnetTool`.
    pub name: String,
    /// The version of the type, as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum StoredType {
    Name(String),
    Both { name: String, version: Option<String> },
}

impl From<StoredType> for PackageType {
    fn from(stored: StoredType) -> Self {
        match stored {
            StoredType::Name(name) => Self { name, version: None },
            StoredType::Both { name, version } => Self { name, version },
        }
    }
}

impl PackageType {
    pub(super) fn read_all(list: &Element) -> Result<Vec<Self>, BadNuspec> {
        let types: Vec<&Element> = list.children("packageType").collect();
        if types.len() > MOST_TYPES {
            return Err(BadNuspec::PackageType);
        }
        types.into_iter().map(Self::read).collect()
    }

    fn read(element: &Element) -> Result<Self, BadNuspec> {
        let name = element.attribute("name").unwrap_or_default();
        let name = PackageId::parse(name).map_err(|_| BadNuspec::PackageType)?;
        Ok(Self { name: name.into(), version: attribute(element, "version", SHORT) })
    }
}

/// Where the source of a package is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// What it is, such as `git`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its address, if it is one of the web.
    pub url: Option<String>,
    /// The branch the package was made from.
    pub branch: Option<String>,
    /// The commit it was made from.
    pub commit: Option<String>,
}

impl Repository {
    /// Reads the element; `None` when it says nothing.
    pub(super) fn read(element: &Element) -> Option<Self> {
        let read = Self {
            kind: attribute(element, "type", SHORT),
            url: element.attribute("url").map(str::trim).and_then(text::web_address),
            branch: attribute(element, "branch", EXPRESSION),
            commit: attribute(element, "commit", SHORT),
        };
        let says_nothing = read.kind.is_none() && read.url.is_none() && read.branch.is_none() && read.commit.is_none();
        (!says_nothing).then_some(read)
    }
}

fn attribute(element: &Element, name: &str, longest: usize) -> Option<String> {
    element.attribute(name).map(|raw| text::clean(raw, longest)).filter(|text| !text.is_empty())
}
