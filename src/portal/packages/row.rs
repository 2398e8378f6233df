//! A package as lists show it.

use super::{marked::Marked, path};
use crate::{
    packages::{PackageSummary, manifest::Manifest, search::SearchQuery},
    web::format::{Time, thousands},
};

/// Characters of a description in a list.
const SUMMARY: usize = 200;
/// Tags in a list.
const TAGS: usize = 6;

/// A package in a list.
pub(in crate::portal) struct PackageRow {
    pub name: String,
    pub marked_name: Marked,
    /// What kind it is.
    pub kind: &'static str,
    pub path: String,
    pub feed: String,
    pub version: String,
    pub prerelease: bool,
    pub listed: bool,
    pub deprecated: bool,
    pub published: Option<Time>,
    pub downloads: String,
    /// What it says of itself, then who made it.
    pub about: String,
    pub marked_about: Marked,
}

impl PackageRow {
    /// A package as a search found it.
    pub(super) fn new(
        line: PackageSummary,
        query: &SearchQuery,
        time: &impl Fn(chrono::DateTime<chrono::Utc>) -> Time,
    ) -> Self {
        let mut row = Self {
            path: path(&line.feed_name, line.kind, &line.name),
            marked_name: Marked::of(&line.name, query),
            name: line.name,
            kind: line.kind.label(),
            feed: line.feed_name,
            version: String::new(),
            prerelease: false,
            listed: line.listed,
            deprecated: !line.deprecation.is_empty(),
            published: None,
            downloads: thousands(line.downloads),
            about: String::new(),
            marked_about: Marked::default(),
        };
        if let Some((at, manifest)) = line.newest {
            let version = manifest.version();
            row.version = version.text;
            row.prerelease = version.is_prerelease;
            row.published = Some(time(at));
            row.about = about(&*manifest);
            row.marked_about = Marked::of(&row.about, query);
        }
        row
    }
}

/// What a package says of itself, then who made it.
fn about(manifest: &dyn Manifest) -> String {
    let authors = cut(manifest.authors(), SUMMARY / 4);
    let by = if authors.is_empty() { String::new() } else { format!("by {authors}") };
    let tags: Vec<_> = manifest.tags().iter().take(TAGS).map(|tag| cut(tag, SUMMARY / 8)).collect();
    let parts = [cut(manifest.summary(), SUMMARY), by, tags.join(", ")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// A text of at most so many characters, on one line.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(longest) {
        None => words,
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default().trim_end()),
    }
}
