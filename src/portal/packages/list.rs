//! Lists of packages: of one feed, and of every feed that somebody can read; with a search, page by page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use chrono_tz::Tz;
use serde::Deserialize;

use super::path;
use crate::{
    app::App,
    packages::{
        PackagePlace, PackageQuery, PackageSummary,
        search_query::{search_words, take_owners},
    },
    portal::visitor::Visitor,
    tokens::{FeedId, Kind, is_feed_name},
    web::{
        error::PageError,
        format::{Time, thousands},
        page::{Page, SignedIn, answer, signed_in},
        paging::{Rows, limit},
        query::with_query,
        toolbar::{FilterLink, Pager, Toolbar},
    },
};

/// Packages on one page.
const PAGE: usize = 50;
/// Characters of a search.
const LONGEST: usize = 200;
/// Characters of a description in a list.
const SUMMARY: usize = 200;
/// Tags in a list.
const TAGS: usize = 6;

#[derive(Template)]
#[template(path = "portal/packages/list.html")]
struct All {
    page: Page,
    signed_in: bool,
    listing: Listing,
}

/// What a list is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct PackagesQuery {
    #[serde(default)]
    q: String,
    /// `yes` to see packages without a listed version too.
    #[serde(default)]
    unlisted: String,
    /// Where the page before ended: a package's identity, in the list of all feeds `@` and its feed, then `@` and its kind.
    #[serde(default)]
    after: String,
}

/// What a search looks for, and the text it comes from.
struct SearchFor {
    words: Vec<String>,
    owner: String,
    q: String,
}

/// A list with the search above it.
pub(in crate::portal) struct Listing {
    /// The search above it.
    pub toolbar: Toolbar,
    /// Whether unlisted packages are shown.
    pub unlisted: bool,
    /// Whether the rows say which feed they are in.
    pub names_feed: bool,
    /// The packages.
    pub rows: Vec<PackageRow>,
    /// The ways on.
    pub pager: Pager,
    /// Whether this is the first page.
    pub first: bool,
}

/// A package in a list.
pub(in crate::portal) struct PackageRow {
    pub name: String,
    /// What kind it is, where there is more than one.
    pub kind: Option<&'static str>,
    pub path: String,
    pub feed: String,
    pub version: String,
    pub prerelease: bool,
    pub listed: bool,
    pub published: Option<Time>,
    pub downloads: String,
    pub summary: String,
    pub authors: String,
    pub tags: Vec<String>,
}

/// `GET /packages`
pub async fn list_packages(
    req: HttpRequest,
    app: Data<App>,
    wanted: Option<Query<PackagesQuery>>,
) -> Result<HttpResponse, PageError> {
    let me = signed_in(&req).await?;
    let wanted = wanted.map(Query::into_inner).unwrap_or_default();
    let listing = Listing::of_all(&app, me.as_ref(), &wanted).await?;
    let page = All { page: Page::in_section(&req, "Packages", "packages"), signed_in: me.is_some(), listing };
    answer(StatusCode::OK, &page)
}

impl Listing {
    /// The packages of one feed.
    pub(in crate::portal) async fn of_feed(
        app: &App,
        visitor: &Visitor,
        wanted: &PackagesQuery,
    ) -> Result<Self, PageError> {
        let (SearchFor { words, owner, q }, after) = (wanted.search(), wanted.after());
        let lines = PackageQuery {
            feed: Some(visitor.feed.id),
            account: visitor.account(),
            words: &words,
            owner: &owner,
            unlisted: wanted.unlisted(),
            after: kind_after(&after).map(|(name, kind)| PackagePlace { name, feed: None, kind }),
            limit: limit(PAGE),
        };
        let found = app.store.package_lines(&lines).await?;
        let listing = Self::new(visitor.path(), q, wanted, false);
        Ok(listing.filled(
            found,
            |line| format!("{}@{}", line.name.to_ascii_lowercase(), line.kind.as_str()),
            |at| visitor.time(at),
        ))
    }

    async fn of_all(app: &App, me: Option<&SignedIn>, wanted: &PackagesQuery) -> Result<Self, PageError> {
        let (SearchFor { words, owner, q }, after) = (wanted.search(), wanted.after());
        let after = match kind_after(&after).and_then(|(rest, kind)| Some((rest.rsplit_once('@')?, kind))) {
            Some(((name, feed), kind)) => Some(PackagePlace { name, feed: feed_id(app, feed).await?, kind }),
            None => None,
        };
        let lines = PackageQuery {
            feed: None,
            account: me.map(|me| me.account.id),
            words: &words,
            owner: &owner,
            unlisted: wanted.unlisted(),
            after,
            limit: limit(PAGE),
        };
        let found = app.store.package_lines(&lines).await?;
        let (now, zone) = (app.clock.now(), me.map_or(Tz::UTC, |me| me.account.time_zone));
        let listing = Self::new("/packages".to_owned(), q, wanted, true);
        let key = |line: &PackageSummary| {
            format!("{}@{}@{}", line.name.to_ascii_lowercase(), line.feed_name, line.kind.as_str())
        };
        Ok(listing.filled(found, key, |at| Time::new(at, now, zone)))
    }

    fn new(action: String, q: String, wanted: &PackagesQuery, names_feed: bool) -> Self {
        let first = wanted.after.is_empty();
        let unlisted = wanted.unlisted();
        let toolbar = toolbar(action, q, unlisted);
        Self { toolbar, unlisted, names_feed, rows: Vec::new(), pager: Pager::default(), first }
    }

    fn filled(
        mut self,
        found: Vec<PackageSummary>,
        key: impl Fn(&PackageSummary) -> String,
        time: impl Fn(chrono::DateTime<chrono::Utc>) -> Time,
    ) -> Self {
        let found = Rows::new(found, PAGE);
        let kept = [("q", self.toolbar.words.as_str()), ("unlisted", word(self.unlisted))];
        let next = found.next(|last| self.link(&key(last)));
        self.pager = Pager::onward(&self.toolbar.action, &kept, self.first, next);
        self.rows = found.shown.into_iter().map(|line| row(line, &time)).collect();
        self
    }

    /// The first page of the same search.
    pub fn first_page(&self) -> String {
        self.link("")
    }

    fn link(&self, after: &str) -> String {
        let words = self.toolbar.words.as_str();
        with_query(&self.toolbar.action, [("q", words), ("unlisted", word(self.unlisted)), ("after", after)])
    }
}

impl PackageRow {
    /// What it says of itself, then who made it.
    pub fn about(&self) -> String {
        let by = if self.authors.is_empty() { String::new() } else { format!("by {}", self.authors) };
        [self.summary.clone(), by, self.tags.join(", ")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

/// How an address says whether unlisted packages are shown.
fn word(unlisted: bool) -> &'static str {
    if unlisted { "yes" } else { "" }
}

fn toolbar(action: String, words: String, unlisted: bool) -> Toolbar {
    let link = |(label, with): (&'static str, bool)| FilterLink {
        label,
        path: with_query(&action, [("q", words.as_str()), ("unlisted", word(with))]),
        count: None,
        is_chosen: with == unlisted,
    };
    Toolbar {
        filters: [("Listed", false), ("Include unlisted", true)].map(link).into(),
        placeholder: "Name, tag or author",
        kept: if unlisted { vec![("unlisted", "yes".to_owned())] } else { Vec::new() },
        words,
        action,
        ..Toolbar::default()
    }
}

impl PackagesQuery {
    fn search(&self) -> SearchFor {
        let text: String = self.q.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        let q = text.trim().to_owned();
        let mut words = search_words(&q);
        // Two owners at once are nobody's name, and nothing is found.
        let owner = take_owners(&mut words).join(" ");
        SearchFor { words, owner, q }
    }

    fn unlisted(&self) -> bool {
        self.unlisted == "yes"
    }

    fn after(&self) -> String {
        self.after.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
    }
}

/// The kind at the end of a place in a list, and what stands before it.
fn kind_after(place: &str) -> Option<(&str, Kind)> {
    let (rest, kind) = place.rsplit_once('@')?;
    Some((rest, Kind::parse(kind)?))
}

async fn feed_id(app: &App, name: &str) -> Result<Option<FeedId>, PageError> {
    let found = if is_feed_name(name) { app.store.feed(name, None).await? } else { None };
    Ok(found.map(|found| found.feed.id))
}

fn row(line: PackageSummary, time: &impl Fn(chrono::DateTime<chrono::Utc>) -> Time) -> PackageRow {
    let path = path(&line.feed_name, line.kind, &line.name);
    let mut row = PackageRow {
        name: line.name,
        kind: (Kind::served().count() > 1).then(|| line.kind.label()),
        path,
        feed: line.feed_name,
        version: String::new(),
        prerelease: false,
        listed: line.listed,
        published: None,
        downloads: thousands(line.downloads),
        summary: String::new(),
        authors: String::new(),
        tags: Vec::new(),
    };
    if let Some((at, manifest)) = line.newest {
        let version = manifest.version();
        row.version = version.text;
        row.prerelease = version.is_prerelease;
        row.published = Some(time(at));
        row.summary = cut(manifest.summary(), SUMMARY);
        row.authors = cut(manifest.authors(), SUMMARY / 4);
        row.tags = manifest.tags().iter().take(TAGS).map(|tag| cut(tag, SUMMARY / 8)).collect();
    }
    row
}

/// A text of at most so many characters, on one line.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(longest) {
        None => words,
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default().trim_end()),
    }
}
