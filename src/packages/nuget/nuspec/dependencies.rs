//! The dependencies of a package: which ids in which range, for which target framework. Kept as text, never followed.

use serde::{Deserialize, Deserializer, Serialize};

use super::{BadNuspec, xml::Element};
use crate::packages::nuget::{id::PackageId, range::VersionRange};

/// Groups and dependencies of one package together.
const MOST: usize = 1_000;
/// Characters of a range, a framework or a list of assets.
const LONGEST: usize = 200;

/// What a package needs on one target framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DependencyGroup {
    /// The framework as typed, such as `net8.0`; none for all frameworks.
    pub target_framework: Option<String>,
    /// The dependencies, as listed.
    pub dependencies: Vec<Dependency>,
}

/// One package that another one needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The package needed.
    pub id: PackageId,
    /// The range of versions; none for any version. What was published before ranges were read, and no client can read,
    /// is none too: so clients take it when they find it in the package itself.
    #[serde(deserialize_with = "readable_range")]
    pub range: Option<VersionRange>,
    /// The assets to take, as typed.
    pub include: Option<String>,
    /// The assets to leave, as typed.
    pub exclude: Option<String>,
}

/// Reads the `<dependencies>` element: groups, or a flat list for all frameworks.
pub(super) fn read(list: &Element) -> Result<Vec<DependencyGroup>, BadNuspec> {
    let groups: Vec<&Element> = list.children("group").collect();
    let flat = list.children("dependency").next().is_some();
    if flat && !groups.is_empty() {
        return Err(BadNuspec::MixedDependencies);
    }
    let lists = if flat { vec![list] } else { groups };
    let dependencies: usize = lists.iter().map(|list| list.children("dependency").count()).sum();
    if dependencies.saturating_add(lists.len()) > MOST {
        return Err(BadNuspec::TooManyDependencies);
    }
    lists.into_iter().map(read_group).collect()
}

fn read_group(list: &Element) -> Result<DependencyGroup, BadNuspec> {
    Ok(DependencyGroup {
        target_framework: short(list, "targetFramework")?,
        dependencies: list.children("dependency").map(read_dependency).collect::<Result<_, _>>()?,
    })
}

fn read_dependency(element: &Element) -> Result<Dependency, BadNuspec> {
    let id = PackageId::parse(element.attribute("id").unwrap_or_default().trim()).map_err(BadNuspec::DependencyId)?;
    let range = short(element, "version")?.map(|text| VersionRange::parse(&text)).transpose();
    Ok(Dependency {
        range: range.map_err(|why| BadNuspec::Range(id.clone(), why))?,
        id,
        include: short(element, "include")?,
        exclude: short(element, "exclude")?,
    })
}

/// An attribute of printable ASCII, trimmed; empty is as good as none.
fn short(element: &Element, name: &'static str) -> Result<Option<String>, BadNuspec> {
    let value = element.attribute(name).unwrap_or_default().trim();
    if value.len() > LONGEST || !value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(BadNuspec::Attribute(name));
    }
    Ok(Some(value.to_owned()).filter(|value| !value.is_empty()))
}

fn readable_range<'de, D: Deserializer<'de>>(stored: D) -> Result<Option<VersionRange>, D::Error> {
    let text = Option::<String>::deserialize(stored)?;
    Ok(text.and_then(|text| VersionRange::parse(&text).ok()))
}
