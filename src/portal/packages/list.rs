//! Lists of packages: of one feed, and of every feed that somebody can read; with a search, page by page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use chrono_tz::Tz;
use serde::Deserialize;

use super::{filter_links, row::PackageRow};
use crate::{
    app::App,
    packages::{
        PackagePlace, PackageQuery, PackageSearch, PackageSummary, SearchScope, Shows,
        search::{NameRanges, SearchQuery},
    },
    portal::visitor::Visitor,
    tokens::{AccountId, FeedId, Kind, is_feed_name},
    web::{
        error::PageError,
        format::Time,
        page::{Page, SignedIn, answer, signed_in},
        paging::{Rows, limit},
        query::with_query,
        toolbar::{Pager, Toolbar},
    },
};

/// Packages on one page.
const PAGE: usize = 50;
/// Characters of a search.
const LONGEST: usize = 200;

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
    /// Which page of what a search found, from 1.
    #[serde(default)]
    page: String,
    /// Of one kind only.
    #[serde(default)]
    kind: String,
    /// Of one feed only, by its name.
    #[serde(default)]
    feed: String,
    /// `yes` for packages alone whose newest version is deprecated.
    #[serde(default)]
    deprecated: String,
    /// `yes` for packages alone with a version that is no prerelease.
    #[serde(default)]
    stable: String,
}

/// What a search looks for, and the text it comes from.
struct SearchFor {
    query: SearchQuery,
    owner: String,
    q: String,
}

/// Pages of what a search found that can be turned; whoever wants more searches for more.
const MOST_PAGES: usize = 20;

/// A list with the search above it.
pub(in crate::portal) struct Listing {
    /// The search above it.
    pub toolbar: Toolbar,
    /// Whether unlisted packages are shown.
    pub unlisted: bool,
    /// What its address says besides the words.
    filters: Vec<(&'static str, String)>,
    /// Whether the rows say which feed they are in.
    pub names_feed: bool,
    /// The packages.
    pub rows: Vec<PackageRow>,
    /// The ways on.
    pub pager: Pager,
    /// Whether this is the first page.
    pub first: bool,
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
        let (searched, after) = (wanted.search(), wanted.after());
        let time = |at| visitor.time(at);
        if searched.query.narrows() {
            let scope = SearchScope::Feed(visitor.feed.id);
            return Self::found(app, (scope, visitor.account()), visitor.path(), searched, wanted, time).await;
        }
        let lines = PackageQuery {
            feed: Some(visitor.feed.id),
            after: kind_after(&after).map(|(name, kind)| PackagePlace { name, feed: None, kind }),
            ..wanted.lines(visitor.account(), &searched.owner)
        };
        let found = app.store.package_lines(&lines).await?;
        let listing = Self::new(app, visitor.path(), &searched.q, wanted, false);
        let key = |line: &PackageSummary| format!("{}@{}", line.name.to_ascii_lowercase(), line.kind.as_str());
        Ok(listing.filled(found, &searched.query, key, time))
    }

    async fn of_all(app: &App, me: Option<&SignedIn>, wanted: &PackagesQuery) -> Result<Self, PageError> {
        let (searched, after) = (wanted.search(), wanted.after());
        let account = me.map(|me| me.account.id);
        let (now, zone) = (app.clock.now(), me.map_or(Tz::UTC, |me| me.account.time_zone));
        let time = |at| Time::new(at, now, zone);
        let action = "/packages".to_owned();
        if searched.query.narrows() {
            let scope = SearchScope::Readable(account);
            return Self::found(app, (scope, account), action, searched, wanted, time).await;
        }
        let after = match kind_after(&after).and_then(|(rest, kind)| Some((rest.rsplit_once('@')?, kind))) {
            Some(((name, feed), kind)) => Some(PackagePlace { name, feed: feed_id(app, feed).await?, kind }),
            None => None,
        };
        let only_feed = wanted.feed(app).await?;
        let lines = PackageQuery { after, only_feed, ..wanted.lines(account, &searched.owner) };
        let found = app.store.package_lines(&lines).await?;
        let listing = Self::new(app, action, &searched.q, wanted, true);
        let key = |line: &PackageSummary| {
            format!("{}@{}@{}", line.name.to_ascii_lowercase(), line.feed_name, line.kind.as_str())
        };
        Ok(listing.filled(found, &searched.query, key, time))
    }

    /// What a search found, those first that fit best.
    async fn found(
        app: &App,
        (scope, account): (SearchScope, Option<AccountId>),
        action: String,
        searched: SearchFor,
        wanted: &PackagesQuery,
        time: impl Fn(chrono::DateTime<chrono::Utc>) -> Time,
    ) -> Result<Self, PageError> {
        let number = wanted.number();
        let search = PackageSearch {
            scope,
            feed: wanted.feed(app).await?,
            kind: wanted.kind(),
            query: &searched.query,
            completes: false,
            version_key: searched.query.version.as_deref().unwrap_or_default(),
            owner: &searched.owner,
            shows: wanted.shows(),
            package_type: "",
            deprecated: wanted.deprecated(),
            names: &NameRanges::all(),
            skip: (number - 1) * PAGE,
            take: PAGE + 1,
        };
        let is_hidden = !searched.owner.is_empty() && account.is_none();
        let hits = if is_hidden { Vec::new() } else { search_in_turn(app, &search).await? };
        let names_feed = matches!(scope, SearchScope::Readable(_));
        let mut listing = Self::new(app, action, &searched.q, wanted, names_feed);
        listing.first = number == 1;
        let rows = Rows::new(hits, PAGE);
        let later = (rows.more && number < MOST_PAGES).then(|| listing.page_link(number + 1));
        let earlier = (number > 1).then(|| ("Previous", listing.page_link(number - 1)));
        listing.pager = Pager { shown: String::new(), earlier, later: later.map(|path| ("Next", path)) };
        listing.rows = rows.shown.into_iter().map(|line| PackageRow::new(line, &searched.query, &time)).collect();
        Ok(listing)
    }

    fn new(app: &App, action: String, q: &str, wanted: &PackagesQuery, names_feed: bool) -> Self {
        let (first, unlisted) = (wanted.after.is_empty(), wanted.unlisted());
        let filters = wanted.filters();
        let toolbar = filter_links::toolbar(action, q.to_owned(), &filters, app.settings.served_kinds());
        Self { toolbar, unlisted, filters, names_feed, rows: Vec::new(), pager: Pager::default(), first }
    }

    fn filled(
        mut self,
        found: Vec<PackageSummary>,
        query: &SearchQuery,
        key: impl Fn(&PackageSummary) -> String,
        time: impl Fn(chrono::DateTime<chrono::Utc>) -> Time,
    ) -> Self {
        let found = Rows::new(found, PAGE);
        let next = found.next(|last| self.link(("after", &key(last))));
        let earlier = (!self.first).then(|| ("First page", self.first_page()));
        self.pager = Pager { shown: String::new(), earlier, later: next.map(|path| ("Next", path)) };
        self.rows = found.shown.into_iter().map(|line| PackageRow::new(line, query, &time)).collect();
        self
    }

    /// The first page of the same search.
    pub fn first_page(&self) -> String {
        self.link(("after", ""))
    }

    /// Whether the list shows less than all there is.
    pub fn is_searched(&self) -> bool {
        !self.toolbar.words.is_empty() || self.filters.iter().any(|(name, _)| *name != "unlisted")
    }

    fn page_link(&self, number: usize) -> String {
        let number = if number > 1 { number.to_string() } else { String::new() };
        self.link(("page", &number))
    }

    fn link(&self, place: (&'static str, &str)) -> String {
        let filters = self.filters.iter().map(|(name, value)| (*name, value.as_str()));
        let words = [("q", self.toolbar.words.as_str())];
        with_query(&self.toolbar.action, words.into_iter().chain(filters).chain([place]))
    }
}

impl PackagesQuery {
    fn search(&self) -> SearchFor {
        let text: String = self.q.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        let q = text.trim().to_owned();
        let query = SearchQuery::parse(&q);
        // Two owners at once are nobody's name, and nothing is found.
        let owner = query.owners.join(" ");
        SearchFor { query, owner, q }
    }

    /// What the list shows to somebody who searches for no words.
    fn lines<'a>(&self, account: Option<AccountId>, owner: &'a str) -> PackageQuery<'a> {
        PackageQuery {
            feed: None,
            account,
            only_feed: None,
            kind: self.kind(),
            deprecated: self.deprecated(),
            stable: self.stable == "yes",
            owner,
            unlisted: self.unlisted(),
            after: None,
            limit: limit(PAGE),
        }
    }

    fn kind(&self) -> Option<Kind> {
        Kind::parse(&self.kind)
    }

    fn deprecated(&self) -> Option<bool> {
        (self.deprecated == "yes").then_some(true)
    }

    fn shows(&self) -> Shows {
        match (self.unlisted(), self.stable == "yes") {
            (_, true) => Shows::Stable,
            (true, false) => Shows::Any,
            (false, false) => Shows::Listed,
        }
    }

    /// The feed that the list is narrowed to. One that does not exist has no packages, as one that cannot be read.
    async fn feed(&self, app: &App) -> Result<Option<FeedId>, PageError> {
        if self.feed.is_empty() {
            return Ok(None);
        }
        Ok(Some(feed_id(app, &self.feed).await?.unwrap_or_else(|| FeedId::from(uuid::Uuid::nil()))))
    }

    /// What the address says besides the words and the place.
    fn filters(&self) -> Vec<(&'static str, String)> {
        let yes = |value: &str| if value == "yes" { "yes".to_owned() } else { String::new() };
        let feed = if is_feed_name(&self.feed) { self.feed.clone() } else { String::new() };
        let all = [
            ("unlisted", yes(&self.unlisted)),
            ("kind", self.kind().map(|kind| kind.as_str().to_owned()).unwrap_or_default()),
            ("feed", feed),
            ("deprecated", yes(&self.deprecated)),
            ("stable", yes(&self.stable)),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    fn number(&self) -> usize {
        self.page.parse().unwrap_or(1).clamp(1, MOST_PAGES)
    }

    fn unlisted(&self) -> bool {
        self.unlisted == "yes"
    }

    fn after(&self) -> String {
        self.after.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
    }
}

/// Searches in turn with package clients, so that keys are checked meanwhile.
async fn search_in_turn(app: &App, search: &PackageSearch<'_>) -> Result<Vec<PackageSummary>, PageError> {
    let _turn = app.searches.turn().await.ok_or(PageError::TooManyAtOnce)?;
    Ok(app.store.search_lines(search).await?.hits)
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
