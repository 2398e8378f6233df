//! The statements behind the pages of the token list, each made once: one for each part, order and direction. $1 is the
//! account, $2 is now.

use std::{collections::HashMap, sync::LazyLock};

use strum::VariantArray;

use super::{COLUMNS, ends};
use crate::{
    store::sql::{Direction, List, contains},
    tokens::{
        expiry::{ONE_DAY, SHORT_LIFE, WARN_BEFORE},
        listing::{COUNTED, ENDED_KEY, FOLDED_AFTER, Filter, REVOKED_KEY, Sort, UNUSED_FOR},
    },
};

/// A part of an order in which keys are all there or all missing. SQLite and PostgreSQL disagree on where NULLs stand,
/// so the two parts are walked one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, VariantArray)]
pub(in crate::store) enum SortSegment {
    Newest,
    Ending,
    Endless,
    Ended,
    Revoked,
    Used,
    Idle,
    Name,
}

impl SortSegment {
    /// The parts of an order, in its direction.
    pub(super) fn of(sort: Sort) -> &'static [Self] {
        match sort {
            Sort::Newest => &[Self::Newest],
            Sort::Expires => &[Self::Ending, Self::Endless, Self::Ended, Self::Revoked],
            Sort::Used => &[Self::Used, Self::Idle],
            Sort::Name => &[Self::Name],
        }
    }

    /// Begins the key of a position in it; see [`Sort::position`].
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Ended => "e",
            Self::Revoked => "r",
            _ => "",
        }
    }

    /// Whether a position with this key is in it, in its order.
    pub(super) fn holds(self, key: Option<&str>) -> bool {
        match self {
            Self::Endless | Self::Idle => key.is_none(),
            Self::Ended | Self::Revoked => key.is_some_and(|key| key.starts_with(self.mark())),
            Self::Ending => key.is_some_and(|key| !key.starts_with([ENDED_KEY, REVOKED_KEY])),
            Self::Newest | Self::Used | Self::Name => key.is_some(),
        }
    }

    /// Whether its keys are texts; others are numbers.
    pub(super) fn has_texts(self) -> bool {
        self == Self::Name
    }

    /// Whether keys fall on the way onward, or back.
    pub(super) fn falls(self, back: bool) -> bool {
        self.direction(back) == Direction::Descending
    }

    /// Whether a part of the list can have tokens in it.
    pub(super) fn can_hold(self, filter: Filter) -> bool {
        match self {
            Self::Newest | Self::Idle | Self::Name => true,
            Self::Ending => !matches!(filter, Filter::Expired | Filter::Revoked),
            Self::Endless => !matches!(filter, Filter::Expiring | Filter::Expired | Filter::Revoked),
            Self::Ended => !matches!(filter, Filter::Active | Filter::Expiring | Filter::Revoked),
            Self::Revoked => matches!(filter, Filter::All | Filter::Everything | Filter::Revoked),
            Self::Used => filter != Filter::NeverUsed,
        }
    }

    /// The column, or what an index has in its place.
    fn key(self) -> String {
        match self {
            Self::Newest => "t.created_at".to_owned(),
            Self::Ending | Self::Ended => ends("t"),
            Self::Revoked => "t.revoked_at".to_owned(),
            Self::Endless => "t.expires_at".to_owned(),
            Self::Used | Self::Idle => "t.last_used_at".to_owned(),
            Self::Name => "t.name_key".to_owned(),
        }
    }

    fn direction(self, back: bool) -> Direction {
        let onward = match self {
            Self::Newest | Self::Used | Self::Idle | Self::Ended | Self::Revoked => Direction::Descending,
            Self::Ending | Self::Endless | Self::Name => Direction::Ascending,
        };
        if back { onward.reversed() } else { onward }
    }

    /// What lies ahead of the place ($3, $4).
    fn ahead(self, back: bool) -> String {
        let (key, passes) = (self.key(), self.direction(back).ahead());
        match self {
            // SQLite finds the place in an index by the first comparison only: by a pair it does so for plain columns
            // alone.
            Self::Ending => {
                format!(
                    "t.revoked_at IS NULL AND {key} > $2 AND {key} {passes}= $3 AND ({key}, t.id) {passes} ($3, $4)"
                )
            }
            Self::Ended => {
                format!(
                    "t.revoked_at IS NULL AND {key} <= $2 AND {key} {passes}= $3 AND ({key}, t.id) {passes} ($3, $4)"
                )
            }
            Self::Revoked => format!("t.revoked_at IS NOT NULL AND (t.revoked_at, t.id) {passes} ($3, $4)"),
            // In the words of the index that holds them.
            Self::Endless => {
                format!("t.revoked_at IS NULL AND t.expires_at IS NULL AND t.retires_at IS NULL AND t.id {passes} $4")
            }
            Self::Idle => format!("{key} IS NULL AND t.id {passes} $4"),
            Self::Newest | Self::Used | Self::Name => format!("({key}, t.id) {passes} ($3, $4)"),
        }
    }
}

const NOT_ENDED: &str = "(t.expires_at IS NULL OR t.expires_at > $2) AND (t.retires_at IS NULL OR t.retires_at > $2)";
const ON: &str =
    "t.revoked_at IS NULL AND (t.deactivated_at IS NULL OR t.reactivate_at <= $2) AND t.issued_at IS NOT NULL";

/// The conditions of `tokens::state` and of [`Filter`], in words that both databases read.
fn condition(filter: Filter) -> String {
    let ends = ends("t");
    match filter {
        Filter::All => format!("({ends} IS NULL OR {ends} > $2 - {})", FOLDED_AFTER.num_seconds()),
        Filter::Everything => "1 = 1".to_owned(),
        Filter::Active => format!("{ON} AND {NOT_ENDED}"),
        Filter::Expiring => expiring(),
        Filter::Expired => format!("{ON} AND {ends} <= $2"),
        Filter::Deactivated => "t.revoked_at IS NULL AND t.deactivated_at IS NOT NULL AND (t.reactivate_at IS NULL OR t.reactivate_at > $2)".to_owned(),
        Filter::Revoked => "t.revoked_at > 0".to_owned(),
        Filter::NeverUsed => "t.revoked_at IS NULL AND t.issued_at IS NOT NULL AND t.last_used_at IS NULL".to_owned(),
        Filter::Unused => format!(
            "t.revoked_at IS NULL AND t.issued_at IS NOT NULL AND COALESCE(t.last_used_at, t.issued_at) <= $2 - {}",
            UNUSED_FOR.num_seconds()
        ),
    }
}

/// `expiry::warn_from` in SQL; no warning begins earlier before the end than [`WARN_BEFORE`].
fn expiring() -> String {
    let ends = ends("t");
    let (day, short, before) = (ONE_DAY.num_seconds(), SHORT_LIFE.num_seconds(), WARN_BEFORE.num_seconds());
    format!(
        "{ON} AND {ends} > $2 AND {ends} <= $2 + {before} AND {ends} - t.issued_at > {day}
         AND ({ends} <= $2 + {day} OR {ends} - t.issued_at > {short})"
    )
}

/// The range of an index that holds all of a part, of the table `few`; some parts have none.
fn range_of(filter: Filter) -> Option<String> {
    let ends = ends("few");
    match filter {
        Filter::Expiring => Some(format!("{ends} > $2 AND {ends} <= $2 + {}", WARN_BEFORE.num_seconds())),
        Filter::Expired => Some(format!("{ends} <= $2")),
        Filter::Deactivated => Some("few.deactivated_at > 0".to_owned()),
        Filter::Revoked => Some("few.revoked_at > 0".to_owned()),
        Filter::NeverUsed => Some("few.last_used_at IS NULL".to_owned()),
        Filter::All | Filter::Everything | Filter::Active | Filter::Unused => None,
    }
}

/// Some columns of the account's tokens of a part.
fn all_of(columns: &str, filter: Filter) -> List {
    List::of(columns, "tokens t").filter("t.account = $1").filter(condition(filter))
}

/// The same from the few in a range of an index of their own. The LIMIT keeps the two from being mixed, and CROSS JOIN
/// tells SQLite to begin with the few.
fn few_of(columns: &str, filter: Filter) -> Option<List> {
    let range = range_of(filter)?;
    let few = List::of("few.id AS few_id", "tokens few").filter("few.account = $1").filter(range).sql();
    let few = format!("({few} LIMIT {}) few CROSS JOIN tokens t", COUNTED + 1);
    Some(List::of(columns, few).filter("t.id = few.few_id").filter(condition(filter)))
}

/// From a place on.
fn onward(list: List, segment: SortSegment, back: bool, limit: &'static str) -> List {
    let direction = segment.direction(back);
    list.filter(segment.ahead(back)).order(&segment.key(), direction).order("t.id", direction).limit(limit)
}

/// The rows of a page whose ids were found in an index alone.
fn rows_of(page: &str, segment: SortSegment, back: bool) -> String {
    let direction = segment.direction(back);
    List::of(COLUMNS.as_str(), format!("({page}) page JOIN tokens t ON t.id = page.page_id"))
        .order(&segment.key(), direction)
        .order("t.id", direction)
        .sql()
}

/// The first $5 of the next $6 tokens whose texts are LIKE $7.
fn matching(filter: Filter, segment: SortSegment, back: bool) -> String {
    let columns = format!("t.id AS page_id, {} AS page_key, t.name_key, t.hint, t.patterns, t.note", segment.key());
    let looked = onward(all_of(&columns, filter), segment, back, "$6").sql();
    let direction = segment.direction(back);
    let like = ["looked.name_key", "LOWER(looked.hint)", "LOWER(looked.patterns)", "LOWER(looked.note)"]
        .map(|text| contains(text, "$7"))
        .join(" OR ");
    let page = List::of("looked.page_id", format!("({looked}) looked"))
        .filter(format!("({like})"))
        .order("looked.page_key", direction)
        .order("looked.page_id", direction)
        .limit("$5");
    rows_of(&page.sql(), segment, back)
}

/// Where a search through the next $5 tokens ends.
fn last_of(filter: Filter, segment: SortSegment, back: bool) -> String {
    let columns = format!("t.id AS page_id, {} AS page_key", segment.key());
    let looked = onward(all_of(&columns, filter), segment, back, "$5").sql();
    let direction = segment.direction(back).reversed();
    let columns = "looked.page_id, CAST(looked.page_key AS TEXT) AS page_key, COUNT(*) OVER () AS seen";
    let last = List::of(columns, format!("({looked}) looked"));
    format!("{} LIMIT 1", last.order("looked.page_key", direction).order("looked.page_id", direction).sql())
}

/// What is asked of the list.
type Asked = (Filter, SortSegment, bool);
type Statements = LazyLock<HashMap<Asked, String>>;

/// A statement for each part, order and direction for which there is one.
fn each(write: impl Fn(Filter, SortSegment, bool) -> Option<String>) -> HashMap<Asked, String> {
    let parts =
        Filter::ALL.into_iter().flat_map(|filter| SortSegment::VARIANTS.iter().map(move |segment| (filter, *segment)));
    let asked = parts.flat_map(|(filter, segment)| [false, true].map(|back| (filter, segment, back)));
    asked.filter_map(|(filter, segment, back)| Some(((filter, segment, back), write(filter, segment, back)?))).collect()
}

static PAGES: Statements = LazyLock::new(|| {
    each(|filter, segment, back| {
        let ids = onward(all_of("t.id AS page_id", filter), segment, back, "$5").sql();
        Some(rows_of(&ids, segment, back))
    })
});
static PAGES_OF_FEW: Statements = LazyLock::new(|| {
    each(|filter, segment, back| {
        let ids = onward(few_of("t.id AS page_id", filter)?, segment, back, "$5").sql();
        Some(rows_of(&ids, segment, back))
    })
});
static FOUND: Statements = LazyLock::new(|| each(|filter, segment, back| Some(matching(filter, segment, back))));
static EDGES: Statements = LazyLock::new(|| each(|filter, segment, back| Some(last_of(filter, segment, back))));
static COUNTS: LazyLock<HashMap<Filter, String>> = LazyLock::new(|| {
    Filter::ALL.into_iter().map(|filter| (filter, all_of("1 AS one", filter).limit("$3").count())).collect()
});
static RANGES: LazyLock<HashMap<Filter, String>> = LazyLock::new(|| {
    let range = |filter| Some(List::of("1 AS one", "tokens few").filter("few.account = $1").filter(range_of(filter)?));
    let count = |filter| Some((filter, range(filter)?.limit("$3").count()));
    Filter::ALL.into_iter().filter_map(count).collect()
});

/// How many the usual list leaves out because they ended long ago, up to $3.
pub(in crate::store) static FOLDED: LazyLock<String> = LazyLock::new(|| {
    let ended = format!("{} <= $2 - {}", ends("t"), FOLDED_AFTER.num_seconds());
    all_of("1 AS one", Filter::Everything).filter(ended).limit("$3").count()
});

/// A page: $3 and $4 are the place it starts at, $5 how many.
pub(in crate::store) fn page(filter: Filter, segment: SortSegment, back: bool) -> &'static str {
    &PAGES[&(filter, segment, back)]
}

/// The same from the range that holds the part, where that holds at most [`COUNTED`] and one.
pub(in crate::store) fn page_of_few(filter: Filter, segment: SortSegment, back: bool) -> Option<&'static str> {
    PAGES_OF_FEW.get(&(filter, segment, back)).map(String::as_str)
}

/// How many there are in the range that holds the part, up to $3.
pub(in crate::store) fn range(filter: Filter) -> Option<&'static str> {
    RANGES.get(&filter).map(String::as_str)
}

/// The same among the next $6 tokens, those whose texts are LIKE $7.
pub(in crate::store) fn found(filter: Filter, segment: SortSegment, back: bool) -> &'static str {
    &FOUND[&(filter, segment, back)]
}

/// The last of the next $5 tokens, and how many there are.
pub(in crate::store) fn edge(filter: Filter, segment: SortSegment, back: bool) -> &'static str {
    &EDGES[&(filter, segment, back)]
}

/// How many there are, up to $3.
pub(in crate::store) fn count(filter: Filter) -> &'static str {
    &COUNTS[&filter]
}

fn undismissed() -> String {
    format!("(t.dismissed_end_at IS NULL OR t.dismissed_end_at <> {})", ends("t"))
}

/// Those that ended after $3 and whose alert was not put away, the earliest first, at most $4.
pub(in crate::store) static EXPIRED: LazyLock<String> = LazyLock::new(|| {
    let ends = ends("t");
    let list = all_of("t.id", Filter::Expired).filter(undismissed()).filter(format!("{ends} > $3"));
    list.order(&ends, Direction::Ascending).order("t.id", Direction::Ascending).limit("$4").sql()
});
/// Puts the alert of such tokens away that ended after $3, $4 of them.
pub(in crate::store) static DISMISS: LazyLock<String> = LazyLock::new(|| {
    let after = format!("{} > $3", ends("t"));
    dismiss(all_of("t.id", Filter::Expired).filter(undismissed()).filter(after).limit("$4"))
});
/// Puts the alert of token $3 away.
pub(in crate::store) static DISMISS_ONE: LazyLock<String> =
    LazyLock::new(|| dismiss(all_of("t.id", Filter::Expired).filter("t.id = $3")));

fn dismiss(list: List) -> String {
    format!("UPDATE tokens SET dismissed_end_at = {} WHERE id IN ({})", ends("tokens"), list.sql())
}

/// The next $5 tokens after ($3, $4) that are on, or will be by themselves, and whose secret was issued until $6: what a
/// freeze has to switch off.
pub(in crate::store) static AWAKE: LazyLock<String> = LazyLock::new(|| {
    List::of("t.created_at, t.id", "tokens t")
        .filter("t.account = $1 AND t.revoked_at IS NULL AND t.issued_at IS NOT NULL")
        .filter("(t.deactivated_at IS NULL OR t.reactivate_at IS NOT NULL)")
        .filter(NOT_ENDED)
        .filter("t.issued_at <= $6 AND (t.created_at, t.id) > ($3, $4)")
        .order("t.created_at", Direction::Ascending)
        .order("t.id", Direction::Ascending)
        .limit("$5")
        .sql()
});
/// The next $2 tokens that a freeze has switched off.
pub(in crate::store) const FROZEN: &str =
    "SELECT id FROM tokens WHERE account = $1 AND frozen_at IS NOT NULL AND revoked_at IS NULL ORDER BY id LIMIT $2";
