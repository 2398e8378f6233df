//! Where the pages of packages are, for those that lead there.

use crate::tokens::Kind;

/// The path of a package's page. What belongs to the package follows after `/-/`, so that no name hides it.
pub(in crate::portal) fn path(feed: &str, kind: Kind, name: &str) -> String {
    // The names of repositories begin with their feed.
    let own =
        if kind == Kind::Container { name.strip_prefix(feed).and_then(|rest| rest.strip_prefix('/')) } else { None };
    format!("/feeds/{feed}/packages/{}/{}", kind.as_str(), own.unwrap_or(name))
}

/// The path of a version's page.
pub(in crate::portal) fn version_path(package: &str, version: &impl std::fmt::Display) -> String {
    format!("{package}/-/{version}")
}
