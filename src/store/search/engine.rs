//! What the two databases do differently about the index of words: SQLite has FTS5, PostgreSQL `tsvector` with GIN. Nothing
//! else in the store differs by engine but the beginning of a change. Words come from `packages::search`, and reach the
//! engines quoted, never as their language.

use std::collections::BTreeMap;

use crate::{
    packages::search::{Field, NameRanges, SearchQuery, SearchText},
    store::Engine,
};

/// Where in the index words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// In names.
    Names,
    /// In names, titles and tags.
    Marks,
    /// Anywhere.
    All,
}

impl Engine {
    /// The rows of the index that match the expression `$7`, as `x`, with their entries, as `e`.
    pub(super) fn matching_entries(self) -> (&'static str, &'static str) {
        match self {
            // The order of a cross join is kept: the index is asked first.
            Self::Sqlite => {
                ("search_index x CROSS JOIN search_entries e ON e.number = x.rowid", "search_index MATCH $7")
            }
            Self::Postgres => {
                ("search_index x JOIN search_entries e ON e.number = x.number", "x.document @@ CAST($7 AS TSQUERY)")
            }
        }
    }

    /// The ranges in `$6`, as rows of `low` and `high`.
    pub(super) fn ranges(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT unhex(json_extract(value, '$[0]')) AS low, unhex(json_extract(value, '$[1]')) AS high FROM json_each($6)"
            }
            Self::Postgres => {
                "SELECT decode(value ->> 0, 'hex') AS low, decode(value ->> 1, 'hex') AS high
                 FROM json_array_elements(CAST($6 AS JSON)) AS pairs (value)"
            }
        }
    }

    /// Makes an entry under the next number, and tells it.
    pub(super) fn insert_entry(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "INSERT INTO search_entries (package, number, feed, kind, name, downloads, shows, types, deprecated_at, name_words,
                    title_words, tag_words, author_words, description_words)
                 VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM search_entries), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                 RETURNING number"
            }
            Self::Postgres => {
                "INSERT INTO search_entries (package, number, feed, kind, name, downloads, shows, types, deprecated_at, name_words,
                    title_words, tag_words, author_words, description_words)
                 VALUES ($1, nextval('search_numbers'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) RETURNING number"
            }
        }
    }

    /// Writes the words `$2` to `$4` (names; titles and tags; others) of entry `$1`, in the place of what there was.
    pub(super) fn write_words(self) -> &'static str {
        match self {
            Self::Sqlite => "INSERT OR REPLACE INTO search_index (rowid, names, marks, others) VALUES ($1, $2, $3, $4)",
            Self::Postgres => {
                "INSERT INTO search_index (number, document)
                 VALUES ($1, CAST($2 AS TSVECTOR) || CAST($3 AS TSVECTOR) || CAST($4 AS TSVECTOR))
                 ON CONFLICT (number) DO UPDATE SET document = excluded.document"
            }
        }
    }

    /// Forgets the words of entry `$1`.
    pub(super) fn forget_words(self) -> &'static str {
        match self {
            Self::Sqlite => "DELETE FROM search_index WHERE rowid = $1",
            Self::Postgres => "DELETE FROM search_index WHERE number = $1",
        }
    }

    /// Forgets words whose entry is gone.
    pub(super) fn forget_lost_words(self) -> &'static str {
        match self {
            Self::Sqlite => "DELETE FROM search_index WHERE rowid NOT IN (SELECT number FROM search_entries)",
            Self::Postgres => {
                "DELETE FROM search_index WHERE NOT EXISTS (SELECT 1 FROM search_entries e WHERE e.number = search_index.number)"
            }
        }
    }

    /// The words of a text as they are written: of names, of titles and tags, and others.
    pub(super) fn written(self, text: &SearchText) -> [String; 3] {
        let fields: [(&[&str], char); 3] =
            [(&[&text.name], 'A'), (&[&text.title, &text.tags], 'B'), (&[&text.authors, &text.description], 'D')];
        fields.map(|(fields, weight)| {
            let words = SearchText::distinct(fields);
            match self {
                Self::Sqlite => words.join(" "),
                Self::Postgres => {
                    words.iter().map(|word| format!("{}:1{weight}", lexeme(word))).collect::<Vec<_>>().join(" ")
                }
            }
        })
    }

    /// What finds every word and the words of every check; empty if there are none.
    pub(super) fn expression(self, query: &SearchQuery, columns: Columns) -> String {
        let mut wanted: BTreeMap<&str, Columns> = BTreeMap::new();
        for word in &query.words {
            wanted.insert(word, columns);
        }
        for check in &query.checks {
            for word in &check.words {
                let place = wanted.entry(word).or_insert(Columns::All);
                *place = narrower(*place, columns_of(check.field));
            }
        }
        let terms = wanted.iter().map(|(word, columns)| self.term(word, *columns));
        terms.collect::<Vec<_>>().join(if self == Self::Sqlite { " AND " } else { " & " })
    }

    fn term(self, word: &str, columns: Columns) -> String {
        match (self, columns) {
            (Self::Sqlite, Columns::Names) => format!("(names : {} *)", quoted(word)),
            (Self::Sqlite, Columns::Marks) => format!("({{names marks}} : {} *)", quoted(word)),
            (Self::Sqlite, Columns::All) => format!("({} *)", quoted(word)),
            (Self::Postgres, Columns::Names) => format!("{}:*A", lexeme(word)),
            (Self::Postgres, Columns::Marks) => format!("{}:*AB", lexeme(word)),
            (Self::Postgres, Columns::All) => format!("{}:*", lexeme(word)),
        }
    }
}

/// How a search begins: PostgreSQL plans it for what is asked, ends it after two seconds, and reads by its indexes even
/// where it knows too little of the words to see that they are worth it. In the order of an index nothing is sorted.
pub(super) fn begin_search(in_order: bool) -> &'static str {
    if in_order {
        return "BEGIN READ ONLY; SET LOCAL statement_timeout = '2s'; SET LOCAL plan_cache_mode = force_custom_plan;
            SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
            SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off";
    }
    "BEGIN READ ONLY; SET LOCAL statement_timeout = '2s'; SET LOCAL plan_cache_mode = force_custom_plan;
        SET LOCAL jit = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
}

fn columns_of(field: Field) -> Columns {
    match field {
        Field::Id => Columns::Names,
        Field::Title | Field::Tags => Columns::Marks,
        Field::Author | Field::Description | Field::Any => Columns::All,
    }
}

fn narrower(one: Columns, other: Columns) -> Columns {
    match (one, other) {
        (Columns::Names, _) | (_, Columns::Names) => Columns::Names,
        (Columns::Marks, _) | (_, Columns::Marks) => Columns::Marks,
        _ => Columns::All,
    }
}

/// A string of FTS5.
fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

/// A lexeme of PostgreSQL.
fn lexeme(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
}

/// Ranges as both engines read them; empty for all names.
pub(super) fn ranges_text(ranges: &NameRanges) -> String {
    let Some(ranges) = ranges.get() else { return String::new() };
    let pairs = ranges.iter().map(|(low, high)| format!("[\"{}\",\"{}\"]", hex::encode(low), hex::encode(high)));
    format!("[{}]", pairs.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_and_never_their_engines_language() {
        let query = SearchQuery::parse("NEAR(a b) AND \"x y\" id:o'\\c");
        for (engine, expression) in [
            (
                Engine::Sqlite,
                r#"("a" *) AND ("and" *) AND ("b" *) AND (names : "c" *) AND ("near" *) AND (names : "o" *) AND ("x" *) AND ("y" *)"#,
            ),
            (Engine::Postgres, "'a':* & 'and':* & 'b':* & 'c':*A & 'near':* & 'o':*A & 'x':* & 'y':*"),
        ] {
            assert_eq!(engine.expression(&query, Columns::All), expression);
        }
        assert_eq!((quoted("a\"b"), lexeme("a'b\\c")), ("\"a\"\"b\"".to_owned(), "'a''b\\\\c'".to_owned()));
    }

    #[test]
    fn ranges_are_pairs_of_bytes() {
        assert_eq!(ranges_text(&NameRanges::only("ab")), "[[\"6162\",\"616200\"]]");
        assert_eq!(ranges_text(&NameRanges::all()), "");
    }
}
