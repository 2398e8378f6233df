//! The statements behind the pages of the token list: one for each part, order and direction, written out by macros so
//! that they stay fixed text. $1 is the account, $2 is now.

use super::{columns, ends};
use crate::tokens::listing::Filter;

/// A part of an order in which keys are all there or all missing. SQLite and PostgreSQL disagree on where NULLs stand,
/// so the two parts are walked one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum SortSegment {
    Newest,
    Ending,
    Endless,
    Used,
    Idle,
    Name,
}

/// The conditions of `tokens::state`, in words that both databases read.
macro_rules! on {
    () => {
        "t.revoked_at IS NULL AND (t.deactivated_at IS NULL OR t.reactivate_at <= $2) AND t.issued_at IS NOT NULL"
    };
}
macro_rules! not_ended {
    () => {
        "(t.expires_at IS NULL OR t.expires_at > $2) AND (t.retires_at IS NULL OR t.retires_at > $2)"
    };
}
macro_rules! active {
    () => {
        concat!(on!(), " AND ", not_ended!())
    };
}
/// `expiry::warn_from` in SQL; no warning begins more than ten days before the end.
macro_rules! expiring {
    () => {
        concat!(
            on!(),
            " AND ",
            ends!("t"),
            " > $2 AND ",
            ends!("t"),
            " <= $2 + 864000 AND ",
            ends!("t"),
            " - t.issued_at > 86400 AND (",
            ends!("t"),
            " <= $2 + 86400 OR ",
            ends!("t"),
            " - t.issued_at > 864000)"
        )
    };
}
macro_rules! expired {
    () => {
        concat!(on!(), " AND ", ends!("t"), " <= $2")
    };
}
macro_rules! undismissed {
    () => {
        concat!("(t.dismissed_end_at IS NULL OR t.dismissed_end_at <> ", ends!("t"), ")")
    };
}
macro_rules! deactivated {
    () => {
        "t.revoked_at IS NULL AND t.deactivated_at IS NOT NULL AND (t.reactivate_at IS NULL OR t.reactivate_at > $2)"
    };
}
macro_rules! never_used {
    () => {
        "t.revoked_at IS NULL AND t.issued_at IS NOT NULL AND t.last_used_at IS NULL"
    };
}
macro_rules! unused {
    () => {
        "t.revoked_at IS NULL AND t.issued_at IS NOT NULL AND COALESCE(t.last_used_at, t.issued_at) <= $2 - 7776000"
    };
}

/// What lies ahead of an end. SQLite finds the place in an index by the first comparison only: by a pair it does so for
/// plain columns alone.
macro_rules! beyond_end {
    ($reaches:literal, $passes:literal) => {
        concat!(ends!("t"), " ", $reaches, " $3 AND (", ends!("t"), ", t.id) ", $passes, " ($3, $4)")
    };
}
/// In the words of the index that holds them.
macro_rules! endless {
    () => {
        "t.expires_at IS NULL AND t.retires_at IS NULL"
    };
}

/// Writes a statement for a stretch, onward or back: its column, what lies ahead of ($3, $4), and the way to sort.
macro_rules! by_stretch {
    ($write:ident, $of:expr, $segment:expr, $back:expr) => {
        match ($segment, $back) {
            (SortSegment::Newest, false) => {
                $write!($of, "t.created_at", "(t.created_at, t.id) < ($3, $4)", "DESC", "ASC")
            }
            (SortSegment::Newest, true) => {
                $write!($of, "t.created_at", "(t.created_at, t.id) > ($3, $4)", "ASC", "DESC")
            }
            (SortSegment::Ending, false) => {
                $write!($of, ends!("t"), beyond_end!(">=", ">"), "ASC", "DESC")
            }
            (SortSegment::Ending, true) => {
                $write!($of, ends!("t"), beyond_end!("<=", "<"), "DESC", "ASC")
            }
            (SortSegment::Endless, false) => {
                $write!($of, "t.expires_at", concat!(endless!(), " AND t.id > $4"), "ASC", "DESC")
            }
            (SortSegment::Endless, true) => {
                $write!($of, "t.expires_at", concat!(endless!(), " AND t.id < $4"), "DESC", "ASC")
            }
            (SortSegment::Used, false) => {
                $write!($of, "t.last_used_at", "(t.last_used_at, t.id) < ($3, $4)", "DESC", "ASC")
            }
            (SortSegment::Used, true) => {
                $write!($of, "t.last_used_at", "(t.last_used_at, t.id) > ($3, $4)", "ASC", "DESC")
            }
            (SortSegment::Idle, false) => {
                $write!($of, "t.last_used_at", "t.last_used_at IS NULL AND t.id < $4", "DESC", "ASC")
            }
            (SortSegment::Idle, true) => {
                $write!($of, "t.last_used_at", "t.last_used_at IS NULL AND t.id > $4", "ASC", "DESC")
            }
            (SortSegment::Name, false) => $write!($of, "t.name_key", "(t.name_key, t.id) > ($3, $4)", "ASC", "DESC"),
            (SortSegment::Name, true) => $write!($of, "t.name_key", "(t.name_key, t.id) < ($3, $4)", "DESC", "ASC"),
        }
    };
}

/// Where the rows come from: all of the account's tokens, or the few in a range of an index of their own. The LIMIT keeps
/// the two from being mixed, and CROSS JOIN tells SQLite to begin with the few.
macro_rules! all_of {
    ($of:expr) => {
        concat!("tokens t WHERE t.account = $1 AND ", $of)
    };
}
macro_rules! few_of {
    ($range:expr, $of:expr) => {
        concat!(
            "(SELECT few.id AS few_id FROM tokens few WHERE few.account = $1 AND ",
            $range,
            " LIMIT 1001) few CROSS JOIN tokens t WHERE t.id = few.few_id AND ",
            $of
        )
    };
}
macro_rules! range_of {
    ($range:expr, $of:expr) => {
        concat!("tokens few WHERE few.account = $1 AND ", $range)
    };
}

/// The ranges that hold all of a part; some parts have none.
macro_rules! by_range {
    ($filter:expr, $source:ident, $then:ident, $write:ident $(, $more:expr)*) => {
        Some(match $filter {
            Filter::Expiring => $then!($write, $source!(concat!(ends!("few"), " > $2 AND ", ends!("few"), " <= $2 + 864000"), expiring!()) $(, $more)*),
            Filter::Expired => $then!($write, $source!(concat!(ends!("few"), " <= $2"), expired!()) $(, $more)*),
            Filter::Deactivated => $then!($write, $source!("few.deactivated_at > 0", deactivated!()) $(, $more)*),
            Filter::Revoked => $then!($write, $source!("few.revoked_at > 0", "t.revoked_at > 0") $(, $more)*),
            Filter::NeverUsed => $then!($write, $source!("few.last_used_at IS NULL", never_used!()) $(, $more)*),
            Filter::All | Filter::Active | Filter::Unused => return None,
        })
    };
}

macro_rules! by_filter {
    ($filter:expr, $then:ident, $write:ident $(, $more:expr)*) => {
        match $filter {
            Filter::All => $then!($write, all_of!("1 = 1") $(, $more)*),
            Filter::Active => $then!($write, all_of!(active!()) $(, $more)*),
            Filter::Expiring => $then!($write, all_of!(expiring!()) $(, $more)*),
            Filter::Expired => $then!($write, all_of!(expired!()) $(, $more)*),
            Filter::Deactivated => $then!($write, all_of!(deactivated!()) $(, $more)*),
            Filter::Revoked => $then!($write, all_of!("t.revoked_at > 0") $(, $more)*),
            Filter::NeverUsed => $then!($write, all_of!(never_used!()) $(, $more)*),
            Filter::Unused => $then!($write, all_of!(unused!()) $(, $more)*),
        }
    };
}

/// The ids of a page from the index alone, then its rows.
macro_rules! page {
    ($of:expr, $key:expr, $ahead:expr, $way:literal, $_other:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM (SELECT t.id AS page_id FROM ",
            $of,
            " AND ",
            $ahead,
            " ORDER BY ",
            $key,
            " ",
            $way,
            ", t.id ",
            $way,
            " LIMIT $5) page JOIN tokens t ON t.id = page.page_id
             ORDER BY ",
            $key,
            " ",
            $way,
            ", t.id ",
            $way
        )
    };
}

/// The same among the next $6 tokens whose texts contain $7.
macro_rules! found {
    ($of:expr, $key:expr, $ahead:expr, $way:literal, $_other:literal) => {
        concat!(
            "SELECT ", columns!(), " FROM (SELECT looked.page_id FROM
               (SELECT t.id AS page_id, ", $key, " AS page_key, t.name_key, t.hint, t.patterns FROM ", $of, " AND ", $ahead, " ORDER BY ", $key, " ", $way, ", t.id ", $way, " LIMIT $6) looked
               WHERE looked.name_key LIKE $7 ESCAPE '\\' OR LOWER(looked.hint) LIKE $7 ESCAPE '\\' OR LOWER(looked.patterns) LIKE $7 ESCAPE '\\'
               ORDER BY looked.page_key ", $way, ", looked.page_id ", $way, " LIMIT $5) page
             JOIN tokens t ON t.id = page.page_id ORDER BY ", $key, " ", $way, ", t.id ", $way
        )
    };
}

/// The last of the next $5 tokens: where a search that looks through them ends.
macro_rules! edge {
    ($of:expr, $key:expr, $ahead:expr, $way:literal, $other:literal) => {
        concat!(
            "SELECT looked.page_id, CAST(looked.page_key AS TEXT) AS page_key, COUNT(*) OVER () AS seen FROM
               (SELECT t.id AS page_id, ",
            $key,
            " AS page_key FROM ",
            $of,
            " AND ",
            $ahead,
            " ORDER BY ",
            $key,
            " ",
            $way,
            ", t.id ",
            $way,
            " LIMIT $5) looked
             ORDER BY looked.page_key ",
            $other,
            ", looked.page_id ",
            $other,
            " LIMIT 1"
        )
    };
}

macro_rules! count {
    (all, $of:expr) => {
        concat!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM ", $of, " LIMIT $3) counted")
    };
}

macro_rules! ending {
    ($of:expr) => {
        concat!(
            "SELECT t.id, t.kind, t.name, t.hint, ",
            ends!("t"),
            " AS ends_at FROM tokens t WHERE t.account = $1 AND ",
            $of,
            " AND ",
            ends!("t"),
            " > $3 ORDER BY ",
            ends!("t"),
            ", t.id LIMIT $4"
        )
    };
}

/// A page: $3 and $4 are the place it starts at, $5 how many.
pub(in crate::store) fn page(filter: Filter, segment: SortSegment, back: bool) -> &'static str {
    by_filter!(filter, by_stretch, page, segment, back)
}

/// The same from the range that holds the part, where that holds at most 1,001.
pub(in crate::store) fn page_of_few(filter: Filter, segment: SortSegment, back: bool) -> Option<&'static str> {
    by_range!(filter, few_of, by_stretch, page, segment, back)
}

/// How many there are in the range that holds the part, up to $3.
pub(in crate::store) fn range(filter: Filter) -> Option<&'static str> {
    by_range!(filter, range_of, count, all)
}

/// The same among the next $6 tokens, those whose texts are LIKE $7.
pub(in crate::store) fn found(filter: Filter, segment: SortSegment, back: bool) -> &'static str {
    by_filter!(filter, by_stretch, found, segment, back)
}

/// The last of the next $5 tokens, and how many there are.
pub(in crate::store) fn edge(filter: Filter, segment: SortSegment, back: bool) -> &'static str {
    by_filter!(filter, by_stretch, edge, segment, back)
}

/// How many there are, up to $3.
pub(in crate::store) fn count(filter: Filter) -> &'static str {
    by_filter!(filter, count, all)
}

/// Those that ended after $3 and whose banner was not put away, the earliest first, at most $4.
pub(in crate::store) const EXPIRED: &str = ending!(concat!(expired!(), " AND ", undismissed!()));
/// Puts the banner of such tokens away, $4 of them.
pub(in crate::store) const DISMISS: &str = concat!(
    "UPDATE tokens SET dismissed_end_at = ",
    ends!("tokens"),
    " WHERE id IN (SELECT t.id FROM tokens t WHERE t.account = $1 AND ",
    expired!(),
    " AND ",
    undismissed!(),
    " AND ",
    ends!("t"),
    " > $3 LIMIT $4)"
);
/// Puts the banner of token $3 away.
pub(in crate::store) const DISMISS_ONE: &str = concat!(
    "UPDATE tokens SET dismissed_end_at = ",
    ends!("tokens"),
    " WHERE id IN (SELECT t.id FROM tokens t WHERE t.account = $1 AND ",
    expired!(),
    " AND t.id = $3)"
);
/// Those that end soon and after $3, the earliest first, at most $4.
pub(in crate::store) const EXPIRING: &str = ending!(expiring!());
/// The next $5 tokens after ($3, $4) that are on, or will be by themselves, and whose secret was issued until $6: what a
/// freeze has to switch off.
pub(in crate::store) const AWAKE: &str = concat!(
    "SELECT t.created_at, t.id FROM tokens t WHERE t.account = $1 AND t.revoked_at IS NULL AND t.issued_at IS NOT NULL
     AND (t.deactivated_at IS NULL OR t.reactivate_at IS NOT NULL) AND ",
    not_ended!(),
    " AND t.issued_at <= $6 AND (t.created_at, t.id) > ($3, $4) ORDER BY t.created_at, t.id LIMIT $5"
);
/// The next $2 tokens that a freeze has switched off.
pub(in crate::store) const FROZEN: &str =
    "SELECT id FROM tokens WHERE account = $1 AND frozen_at IS NOT NULL AND revoked_at IS NULL ORDER BY id LIMIT $2";
