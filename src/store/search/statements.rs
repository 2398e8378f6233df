//! The statements of searches. All of them are bound alike:
//!
//! `$1` the feed, or the account whose feeds are searched · `$2` kind · `$3` bits of [`Shows`](crate::packages::Shows) ·
//! `$4` pattern of the type · `$5` owner · `$6` ranges of names · `$7` expression of the index · `$8` version · `$9` a feed
//! of those · `$10` 1 for deprecated ones alone, 0 for others, -1 for both · `$11` and `$12` the range of names that begin
//! as typed · `$13` the least rank, or the only one · `$14` how many · `$15` after how many · then the patterns of words
//! and of checks. A text that is empty stands for anything.

use std::{collections::HashMap, sync::LazyLock};

use crate::{
    packages::search::{MOST_CHECKS, MOST_WORDS},
    store::{
        Engine,
        packages::listing::{LINE, NEWEST},
        sql::{Direction::Ascending, Direction::Descending, List, contains},
    },
};

/// Where words begin among the values.
pub(super) const FIRST_WORD: usize = 16;
const FIRST_CHECK: usize = FIRST_WORD + MOST_WORDS;

/// Which rows are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Plan {
    /// Those that the index of words finds.
    Index,
    /// All, the most downloaded first; of one rank.
    Walk,
    /// Those of some ranges of names.
    Ranges,
}

/// What is told of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Output {
    /// How many there are, up to `$14`.
    Count,
    /// The same, whatever they are found by.
    Size,
    /// Which packages they are.
    Found,
    /// What lists of packages show of them.
    Lines,
}

/// One of the statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Statement {
    pub engine: Engine,
    pub of_one_feed: bool,
    pub plan: Plan,
    pub output: Output,
}

static STATEMENTS: LazyLock<HashMap<Statement, String>> = LazyLock::new(|| {
    let engines = [Engine::Sqlite, Engine::Postgres].into_iter();
    let scopes = engines.flat_map(|engine| [true, false].map(|of_one_feed| (engine, of_one_feed)));
    let plans = scopes.flat_map(|scope| [Plan::Index, Plan::Walk, Plan::Ranges].map(|plan| (scope, plan)));
    let all = plans.flat_map(|((engine, of_one_feed), plan)| {
        let output = [Output::Count, Output::Size, Output::Found, Output::Lines];
        output.map(|output| Statement { engine, of_one_feed, plan, output })
    });
    all.map(|statement| (statement, statement.text())).collect()
});

impl Statement {
    pub(super) fn sql(self) -> &'static str {
        STATEMENTS.get(&self).map_or("", String::as_str)
    }

    fn text(self) -> String {
        match self.output {
            Output::Size => self.visible("1").limit("$14").count(),
            Output::Count => self.found("1").filter(in_rank()).limit("$14").count(),
            Output::Found => self.page(
                "p.id, p.kind, p.name, p.feed, f.name AS feed_name, p.revision, found.downloads",
                "JOIN packages p ON p.id = found.package JOIN feeds f ON f.id = p.feed",
            ),
            Output::Lines => self
                .page(LINE, &format!("JOIN packages p ON p.id = found.package JOIN feeds f ON f.id = p.feed {NEWEST}")),
        }
    }

    /// One page in order, with what else is told of its rows.
    fn page(self, columns: &str, joined: &str) -> String {
        // All rows of a walk have one rank, which orders nothing.
        let own = |rank: &str| format!("e.package, e.downloads, e.name AS name_key, e.feed, e.kind, {rank} AS fit");
        let found = match self.plan {
            Plan::Walk => self.found(&own("$13")).filter(format!("{} = $13", rank())),
            Plan::Index | Plan::Ranges => self.found(&own(&rank())).filter(in_rank()).order("fit", Ascending),
        };
        let found = found.order("e.downloads", Descending).order("e.name", Ascending);
        let found = if self.of_one_feed { found } else { found.order("e.feed", Ascending) };
        let found = found.order("e.kind", Ascending).limit("$14").sql();
        let order = ["found.name_key", "found.feed", "found.kind"];
        let page = List::of(columns, format!("({found} OFFSET $15) found {joined}"))
            .order("found.fit", Ascending)
            .order("found.downloads", Descending);
        order.into_iter().fold(page, |page, key| page.order(key, Ascending)).sql()
    }

    /// What may be seen of the rows of the plan.
    fn visible(self, columns: &str) -> List {
        let ranges = self.engine.ranges();
        let entries = match self.plan {
            Plan::Index => {
                let (source, matches) = self.engine.matching_entries();
                List::of(columns, source).filter(matches)
            }
            Plan::Walk => List::of(columns, "search_entries e"),
            Plan::Ranges => List::of(columns, self.ranged_entries()).filter("e.name >= r.low AND e.name < r.high"),
        };
        let entries = match self.plan {
            Plan::Ranges => entries,
            _ => entries.filter(format!(
                "($6 = '' OR EXISTS (SELECT 1 FROM ({ranges}) r WHERE e.name >= r.low AND e.name < r.high))"
            )),
        };
        let entries = if self.of_one_feed { entries.filter("e.feed = $1") } else { entries.filter(READABLE) };
        entries
            .filter("($2 = '' OR e.kind = $2)")
            .filter("(e.shows & $3) <> 0")
            .filter("($9 = '' OR e.feed = $9)")
            .filter("($10 < 0 OR CASE WHEN e.deprecated_at IS NULL THEN 0 ELSE 1 END = $10)")
            .filter(format!("($4 = '' OR {})", contains("e.types", "$4")))
            .filter(OWNED)
            .filter(HAS_VERSION)
    }

    /// The ranges are read first.
    fn ranged_entries(self) -> String {
        let ranges = self.engine.ranges();
        format!("({ranges}) r CROSS JOIN search_entries e")
    }

    /// Those that are found.
    fn found(self, columns: &str) -> List {
        let found = self.visible(columns);
        let checks = (0..MOST_CHECKS).map(|check| {
            let (field, pattern) = (FIRST_CHECK + 2 * check, FIRST_CHECK + 2 * check + 1);
            let text = format!(
                "CASE ${field} WHEN 'id' THEN e.name_words WHEN 'title' THEN e.title_words WHEN 'tags' THEN e.tag_words
                    WHEN 'author' THEN e.author_words WHEN 'description' THEN e.description_words ELSE {ALL_WORDS} END"
            );
            format!("(${pattern} = '' OR {})", contains(&text, &format!("${pattern}")))
        });
        checks.fold(found, List::filter)
    }
}

/// What whoever asks may read: public feeds, and those where the account `$1` has a role.
const READABLE: &str =
    "e.feed IN (SELECT readable.id FROM feeds readable WHERE readable.public_since IS NOT NULL OR EXISTS
    (SELECT 1 FROM effective_roles r WHERE r.feed = readable.id AND r.account = $1 AND r.role IS NOT NULL))";
const OWNED: &str = "($5 = '' OR EXISTS (SELECT 1 FROM package_owners o JOIN accounts a ON a.id = o.account
    WHERE o.package = e.package AND a.username_key = $5))";
const HAS_VERSION: &str =
    "($8 = '' OR EXISTS (SELECT 1 FROM versions had WHERE had.package = e.package AND had.version_key = $8
    AND had.removed_at IS NULL AND had.unlisted_at IS NULL) OR (e.kind = 'container' AND EXISTS
    (SELECT 1 FROM packages own JOIN container_images had ON had.feed = own.feed AND had.repository = own.name
    WHERE own.id = e.package AND had.tag = $8)))";
const ALL_WORDS: &str = "(e.name_words || e.title_words || e.tag_words || e.author_words || e.description_words)";
/// The rank of what some word is not found in.
const NOT_FOUND: i64 = 9;

/// How well an entry fits: the name as typed, a name that begins so, every word in the name, in name, title or tags, or
/// anywhere.
fn rank() -> String {
    let all = |text: &str| all_words(text, 0);
    format!(
        "CASE WHEN e.name = $11 THEN 0 WHEN e.name >= $11 AND e.name < $12 THEN 1 WHEN {} THEN 2 WHEN {} THEN 3 WHEN {} THEN 4
            ELSE {NOT_FOUND} END",
        all("e.name_words"),
        all("(e.name_words || e.title_words || e.tag_words)"),
        all(ALL_WORDS)
    )
}

/// Whether it is found, with a rank of `$13` at least.
fn in_rank() -> String {
    format!("{} BETWEEN $13 AND {}", rank(), NOT_FOUND - 1)
}

/// Whether every word begins one of a text; nested, so that what follows the last word costs nothing.
fn all_words(text: &str, word: usize) -> String {
    if word == MOST_WORDS {
        return "1 = 1".to_owned();
    }
    let bound = format!("${}", FIRST_WORD + word);
    format!("({bound} = '' OR ({} AND {}))", contains(text, &bound), all_words(text, word + 1))
}
