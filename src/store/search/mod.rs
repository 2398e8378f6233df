//! Finding packages. A search costs about the same however many packages there are: what the index of words finds of a
//! rare word is few, and of a common one the most downloaded packages soon hold enough.

mod bound;
mod engine;
mod entries;
mod statements;
mod walked;

use std::time::Duration;

use sqlx::Connection;
use tokio::time::timeout;

pub use self::entries::IndexCounts;
use self::{
    bound::{SearchRow, Value, of_postgres, of_sqlite},
    engine::{Columns, begin_search, ranges_text},
    statements::{Output, Plan, Statement},
    walked::{Page, Walked},
};
use super::{
    Engine, Result, Store, StoreError,
    packages::{found::FoundRow, listing::LineRow},
    searchers::{Searcher, is_out_of_time},
    sql::like,
};
use crate::packages::{
    FoundPackage, PackageSearch, PackageSummary, SearchResult, SearchScope,
    search::{Check, Field, MOST_CHECKS, MOST_COUNTED, MOST_WORDS, NameRanges, SearchQuery},
};

/// Names in the ranges of a key up to which they are all looked at.
const FEW_NAMES: i64 = 2_000;
/// How long a search may take.
const LONGEST: Duration = Duration::from_secs(2);

/// What rows of a search are read as.
trait Hit: Sized + Send {
    type Row: SearchRow;
    const OUTPUT: Output;
    fn read(row: Self::Row) -> Result<Self>;
}

impl Hit for FoundPackage {
    type Row = FoundRow;
    const OUTPUT: Output = Output::Found;

    fn read(row: FoundRow) -> Result<Self> {
        row.read()
    }
}

impl Hit for PackageSummary {
    type Row = LineRow;
    const OUTPUT: Output = Output::Lines;

    fn read(row: LineRow) -> Result<Self> {
        row.read()
    }
}

/// A search under way.
struct Searching<'s> {
    search: &'s PackageSearch<'s>,
    engine: Engine,
    /// The names that may be seen, within those that are asked for.
    ranges: NameRanges,
    version: String,
}

/// Where a stage of the order looks.
struct Stage {
    plan: Plan,
    columns: Columns,
    ranges: Option<NameRanges>,
    rank: i64,
}

impl Store {
    /// The packages that a search finds, those that fit best first; within what fits alike by downloads, then name.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] after two seconds.
    pub async fn search(&self, search: &PackageSearch<'_>) -> Result<SearchResult<FoundPackage>> {
        self.search_for(search).await
    }

    /// The same as lists of packages show them.
    pub async fn search_lines(&self, search: &PackageSearch<'_>) -> Result<SearchResult<PackageSummary>> {
        self.search_for(search).await
    }

    async fn search_for<H: Hit>(&self, search: &PackageSearch<'_>) -> Result<SearchResult<H>> {
        if search.query.is_noise {
            return Ok(SearchResult { total: 0, hits: Vec::new() });
        }
        let mut connection = self.searchers.acquire(LONGEST).await?;
        let searching = Searching::new(search, self.engine);
        match timeout(LONGEST, searching.run(&mut connection)).await {
            Err(_) => Err(StoreError::TooSlow),
            Ok(Err(StoreError::Unavailable(error))) if is_out_of_time(&error) => Err(StoreError::TooSlow),
            Ok(found) => found,
        }
    }
}

impl<'s> Searching<'s> {
    fn new(search: &'s PackageSearch<'s>, engine: Engine) -> Self {
        let asked = search.query.exactly.as_deref().map_or_else(NameRanges::all, NameRanges::only);
        Self { search, engine, ranges: search.names.and(&asked), version: search.version_key.to_owned() }
    }

    async fn run<H: Hit>(&self, connection: &mut Searcher) -> Result<SearchResult<H>> {
        let page = Page { skip: self.search.skip, take: self.search.take };
        if self.search.completes {
            return self.complete(connection, page).await;
        }
        let all = |plan| Stage { plan, columns: Columns::All, ranges: None, rank: 0 };
        let is_narrow = self.is_narrow(connection).await?;
        let has_words = self.search.query.has_words();
        let plan = match (is_narrow, has_words) {
            (true, _) => Plan::Ranges,
            (false, true) => Plan::Index,
            (false, false) => Plan::Walk,
        };
        let total = self.count(connection, &all(plan)).await?;
        let hits = match plan {
            Plan::Ranges => self.page(connection, &all(plan), page).await?,
            Plan::Walk => self.page(connection, &Stage { rank: 2, ..all(plan) }, page).await?,
            Plan::Index if total <= MOST_COUNTED => self.page(connection, &all(plan), page).await?,
            Plan::Index => self.in_stages(connection, page).await?,
        };
        Ok(SearchResult { total, hits })
    }

    /// Whether a key sees so few names that each of them is looked at.
    async fn is_narrow(&self, connection: &mut Searcher) -> Result<bool> {
        if self.ranges.get().is_none() {
            return Ok(false);
        }
        let stage = Stage { plan: Plan::Ranges, columns: Columns::All, ranges: None, rank: 0 };
        Ok(self.number(connection, &stage, Output::Size, FEW_NAMES + 1).await? <= FEW_NAMES)
    }

    /// Names that begin as typed.
    async fn complete<H: Hit>(&self, connection: &mut Searcher, page: Page) -> Result<SearchResult<H>> {
        let name = self.search.query.name.as_str();
        let begun = self.ranges.and(&NameRanges::beginning(name));
        let walk = Stage { plan: Plan::Walk, columns: Columns::All, ranges: None, rank: 2 };
        if begun.get().is_none() {
            let (total, hits) = (self.count(connection, &walk).await?, self.page(connection, &walk, page).await?);
            return Ok(SearchResult { total, hits });
        }
        let stage = Stage { plan: Plan::Ranges, ranges: Some(begun), rank: 0, ..walk };
        let total = self.count(connection, &stage).await?;
        let hits = if total <= MOST_COUNTED {
            self.page(connection, &stage, page).await?
        } else if name.is_empty() {
            self.page(connection, &Stage { plan: Plan::Walk, ranges: None, rank: 2, ..stage }, page).await?
        } else {
            self.of_names(connection, page, &[0, 1]).await?
        };
        Ok(SearchResult { total, hits })
    }

    /// What is found too often to be sorted, stage by stage.
    async fn in_stages<H: Hit>(&self, connection: &mut Searcher, page: Page) -> Result<Vec<H>> {
        let in_names = Stage { plan: Plan::Index, columns: Columns::Names, ranges: None, rank: 0 };
        let in_marks = Stage { plan: Plan::Index, columns: Columns::Marks, ranges: None, rank: 3 };
        let mut walked = Walked::new(page);
        if self.count(connection, &in_names).await? <= MOST_COUNTED {
            self.go_on(connection, &mut walked, &in_names).await?;
        } else {
            for stage in self.stages_of_names(connection, &[0, 1, 2]).await? {
                self.go_on(connection, &mut walked, &stage).await?;
            }
        }
        if walked.is_full() {
            return Ok(walked.hits);
        }
        let marks = if self.count(connection, &in_marks).await? <= MOST_COUNTED { Plan::Index } else { Plan::Walk };
        self.go_on(connection, &mut walked, &Stage { plan: marks, ..in_marks }).await?;
        let anywhere = Stage { plan: Plan::Walk, columns: Columns::All, ranges: None, rank: 4 };
        self.go_on(connection, &mut walked, &anywhere).await?;
        Ok(walked.hits)
    }

    async fn of_names<H: Hit>(&self, connection: &mut Searcher, page: Page, ranks: &[i64]) -> Result<Vec<H>> {
        let mut walked = Walked::new(page);
        for stage in self.stages_of_names(connection, ranks).await? {
            self.go_on(connection, &mut walked, &stage).await?;
        }
        Ok(walked.hits)
    }

    /// The name as typed, names that begin so, and others with every word, where there are too many to sort.
    async fn stages_of_names(&self, connection: &mut Searcher, ranks: &[i64]) -> Result<Vec<Stage>> {
        let name = self.search.query.name.as_str();
        let mut stages = Vec::new();
        for rank in ranks {
            let ranged =
                |ranges| Stage { plan: Plan::Ranges, columns: Columns::All, ranges: Some(ranges), rank: *rank };
            let walk = || Stage { plan: Plan::Walk, columns: Columns::All, ranges: None, rank: *rank };
            stages.push(match rank {
                0 | 1 if name.is_empty() => continue,
                0 => ranged(self.ranges.and(&NameRanges::only(name))),
                1 => {
                    let begun = ranged(self.ranges.and(&NameRanges::beginning(name)));
                    if self.count(connection, &begun).await? <= MOST_COUNTED { begun } else { walk() }
                }
                _ => walk(),
            });
        }
        Ok(stages)
    }

    /// Adds what one more stage has of the page.
    async fn go_on<H: Hit>(&self, connection: &mut Searcher, walked: &mut Walked<H>, stage: &Stage) -> Result<()> {
        if walked.is_full() {
            return Ok(());
        }
        let found = self.page(connection, stage, walked.rest).await?;
        if found.len() < walked.rest.take && walked.rest.skip > 0 {
            // How many were left out says where the next stage begins.
            let all = match found.len() {
                0 => {
                    self.page::<FoundPackage>(connection, stage, Page { skip: 0, take: walked.rest.skip }).await?.len()
                }
                few => walked.rest.skip + few,
            };
            walked.rest.skip = walked.rest.skip.saturating_sub(all);
        }
        walked.rest.take -= found.len();
        walked.hits.extend(found);
        Ok(())
    }

    async fn count(&self, connection: &mut Searcher, stage: &Stage) -> Result<usize> {
        let most = i64::try_from(MOST_COUNTED + 1).unwrap_or(i64::MAX);
        let count = self.number(connection, stage, Output::Count, most).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    async fn number(&self, connection: &mut Searcher, stage: &Stage, output: Output, most: i64) -> Result<i64> {
        let rows: Vec<(i64,)> = self.rows(connection, stage, output, (most, 0)).await?;
        Ok(rows.first().map_or(0, |row| row.0))
    }

    async fn page<H: Hit>(&self, connection: &mut Searcher, stage: &Stage, page: Page) -> Result<Vec<H>> {
        let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let rows = self.rows(connection, stage, H::OUTPUT, (number(page.take), number(page.skip))).await?;
        rows.into_iter().map(H::read).collect()
    }

    async fn rows<R: SearchRow>(
        &self,
        connection: &mut Searcher,
        stage: &Stage,
        output: Output,
        bounds: (i64, i64),
    ) -> Result<Vec<R>> {
        let of_one_feed = matches!(self.search.scope, SearchScope::Feed(_));
        let statement = Statement { engine: self.engine, of_one_feed, plan: stage.plan, output };
        let in_order = stage.plan == Plan::Walk && matches!(output, Output::Found | Output::Lines);
        let values = self.values(stage, bounds);
        match connection {
            Searcher::Sqlite(connection) => Ok(of_sqlite(statement.sql(), values).fetch_all(&mut **connection).await?),
            Searcher::Postgres(connection) => {
                let mut transaction = connection.begin_with(begin_search(in_order)).await?;
                let rows = of_postgres(statement.sql(), values).fetch_all(&mut *transaction).await?;
                transaction.commit().await?;
                Ok(rows)
            }
        }
    }

    fn values(&self, stage: &Stage, (limit, offset): (i64, i64)) -> Vec<Value> {
        let (search, query) = (self.search, self.search.query);
        let scope = match search.scope {
            SearchScope::Feed(feed) => feed.to_string(),
            SearchScope::Readable(account) => account.map(|id| id.to_string()).unwrap_or_default(),
        };
        let begun = NameRanges::beginning(&query.name);
        let (low, high) = match begun.get() {
            Some([range, ..]) => range.clone(),
            _ => Default::default(),
        };
        let package_type =
            if search.package_type.is_empty() { String::new() } else { like(&format!(" {} ", search.package_type)) };
        let first: [Value; 15] = [
            scope.into(),
            search.kind.map_or("", crate::tokens::Kind::as_str).into(),
            search.shows.bit().into(),
            package_type.into(),
            search.owner.into(),
            ranges_text(stage.ranges.as_ref().unwrap_or(&self.ranges)).into(),
            self.engine.expression(query, stage.columns).into(),
            self.version.as_str().into(),
            search.feed.map(|feed| feed.to_string()).unwrap_or_default().into(),
            search.deprecated.map_or(-1, i64::from).into(),
            low.into(),
            high.into(),
            stage.rank.into(),
            limit.into(),
            offset.into(),
        ];
        first.into_iter().chain(values_of_words(query)).collect()
    }
}

fn values_of_words(query: &SearchQuery) -> impl Iterator<Item = Value> {
    let pattern = |at: usize| query.words.get(at).map(|word| like(&format!(" {word}"))).unwrap_or_default();
    let words = (0..MOST_WORDS).map(move |at| pattern(at).into());
    let checks = (0..MOST_CHECKS).flat_map(|at| {
        let (field, pattern) = query.checks.get(at).map(check).unwrap_or_default();
        [field.into(), pattern.into()]
    });
    words.chain(checks)
}

/// The field of a check as the statements call it, and its pattern.
fn check(check: &Check) -> (&'static str, String) {
    let field = match check.field {
        Field::Id => "id",
        Field::Title => "title",
        Field::Tags => "tags",
        Field::Author => "author",
        Field::Description => "description",
        Field::Any => "",
    };
    let end = if check.is_whole { " " } else { "" };
    (field, like(&format!(" {}{end}", check.words.join(" "))))
}
