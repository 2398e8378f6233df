//! The dependencies of a package: which ids in which range, for which target framework. Kept as text, never followed.

use serde::{Deserialize, Serialize};

use super::BadNuspec;
use super::xml::Element;
use crate::packages::id::PackageId;

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
    /// The range of versions as typed, such as `[1.0, 2.0)`; none for any version.
    pub range: Option<String>,
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
    let id = PackageId::parse(element.attribute("id").unwrap_or_default().trim());
    let range = short(element, "version")?;
    if range.as_deref().is_some_and(|range| !is_range(range)) {
        return Err(BadNuspec::Range);
    }
    Ok(Dependency {
        id: id.map_err(BadNuspec::DependencyId)?,
        range,
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

fn is_range(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+*,[]() ".contains(&byte))
}
