//! A version in a list, whatever its kind.

use super::{Seen, version_path};
use crate::{
    packages::VersionSummary,
    paths,
    web::format::{Time, size, thousands},
};

/// A version in a list.
pub struct VersionRow {
    pub version: String,
    pub path: String,
    pub prerelease: bool,
    pub listed: bool,
    pub removed: Option<Time>,
    pub published: Time,
    pub by: Option<By>,
    pub size: String,
    pub downloads: String,
}

/// Who published a version, and with which key; strangers are not told.
pub struct By {
    pub username: Option<String>,
    pub hint: Option<String>,
    /// The page of the token, for its owner.
    pub token: Option<String>,
}

impl VersionRow {
    /// As whoever looks may see it.
    pub(super) fn of(seen: &Seen, line: &VersionSummary) -> Self {
        let visitor = &seen.visitor;
        Self {
            version: line.version.to_string(),
            path: version_path(&seen.path(), &line.version.key),
            prerelease: line.version.is_prerelease,
            listed: line.listed,
            removed: line.removed_at.map(|at| visitor.time(at)),
            published: visitor.time(line.published_at),
            by: visitor.me.as_ref().map(|_| By {
                username: line.publisher.clone(),
                hint: line.hint.clone(),
                token: line.token.map(paths::token),
            }),
            size: size(line.size),
            downloads: thousands(line.downloads),
        }
    }
}
