//! The versions of a package on its page, whatever its kind: the highest first, page by page.

use serde::Deserialize;

use super::{Seen, view::VersionRow};
use crate::{
    app::App,
    packages::{VersionNumber, VersionSummary, rules},
    tokens::Kind,
    web::{
        error::PageError,
        format::{Time, thousands},
        paging::{Rows, limit},
        query::with_query,
    },
};

/// Versions on one page.
const PAGE: usize = 50;
/// Owners that are named.
const OWNERS: i64 = 20;

/// A page of the versions of a package.
pub struct VersionList {
    pub rows: Vec<VersionRow>,
    /// How many searches show.
    pub listed: String,
    /// How many they do not show.
    pub unlisted: String,
    /// When the last of these was removed.
    pub removed: Option<Time>,
    pub next: Option<String>,
    pub first: bool,
    pub from: String,
    pub not_a_version: bool,
}

/// Which versions are shown.
#[derive(Debug, Default, Deserialize)]
pub struct PackagePath {
    /// Below this one.
    #[serde(default)]
    after: String,
    /// From this one on, as somebody types it.
    #[serde(default)]
    from: String,
}

impl PackagePath {
    /// The first version that is not shown; none for the highest page.
    fn below(&self, kind: Kind) -> Option<Bound> {
        number(kind, &self.after).map(Bound::Below).or_else(|| number(kind, &self.from).map(Bound::From))
    }
}

fn number(kind: Kind, typed: &str) -> Option<VersionNumber> {
    rules(kind).version(typed.trim())
}

/// Where a page of versions begins.
enum Bound {
    Below(VersionNumber),
    From(VersionNumber),
}

impl VersionList {
    /// The versions that are shown.
    pub(super) async fn of(app: &App, seen: &Seen, shown: PackagePath) -> Result<Self, PageError> {
        let kind = seen.package.stored.kind;
        let bound = shown.below(kind);
        let first = bound.is_none();
        let lines = Rows::new(lines(app, seen, bound).await?, PAGE);
        Ok(Self {
            removed: lines.shown.iter().filter_map(|line| line.removed_at).max().map(|at| seen.visitor.time(at)),
            listed: thousands(seen.package.listed),
            unlisted: thousands(seen.package.unlisted),
            next: lines.next(|last| with_query(&seen.path(), [("after", last.version.key.clone())])),
            rows: lines.shown.iter().map(|line| VersionRow::of(seen, line)).collect(),
            first,
            not_a_version: !shown.from.trim().is_empty() && number(kind, &shown.from).is_none(),
            from: shown.from.chars().take(64).collect(),
        })
    }
}

async fn lines(app: &App, seen: &Seen, bound: Option<Bound>) -> Result<Vec<VersionSummary>, PageError> {
    let account = seen.visitor.account();
    let (below, first) = match bound {
        None => (None, None),
        Some(Bound::Below(version)) => (Some(version), None),
        Some(Bound::From(version)) => {
            let first = app.store.version_facts(seen.package.stored.key, account, &version.key).await?;
            (Some(version), first.map(|first| first.line))
        }
    };
    let rest = app.store.version_lines(seen.package.stored.key, account, below.as_ref(), limit(PAGE)).await?;
    Ok(first.into_iter().chain(rest).collect())
}

/// Who owns it, for people who are signed in.
pub(super) async fn owners(app: &App, seen: &Seen) -> Result<Vec<String>, PageError> {
    if seen.visitor.me.is_none() {
        return Ok(Vec::new());
    }
    let owners = app.store.owners(seen.package.stored.key, OWNERS).await?;
    Ok(owners.into_iter().map(|owner| owner.username).collect())
}
