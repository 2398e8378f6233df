//! Rows as structs, and lists put together from fixed parts: which rows, in which order, from which place on. Nothing that anybody typed is
//! ever part of a statement: it is bound as `$n`. A list is written once and kept (`LazyLock`), because sqlx takes fixed
//! texts alone, and prepares each of them once for a connection.

/// Structs whose fields are columns, read by name: without the derive of sqlx, whose macros build every driver a second
/// time. A column that a statement does not have, or that holds another type, is an error that names it.
macro_rules! row {
    ($(#[$about:meta])* $vis:vis struct $row:ident { $($(#[$told:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$about])*
        $vis struct $row {
            $($(#[$told])* $field: $type),*
        }

        impl sqlx::FromRow<'_, sqlx::any::AnyRow> for $row {
            fn from_row(row: &sqlx::any::AnyRow) -> sqlx::Result<Self> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?),* })
            }
        }
    };
}

/// Reads a row that [`row!`] made through SQLite's own driver too, which searches go through.
macro_rules! row_of_sqlite {
    ($row:ident { $($field:ident),* $(,)? }) => {
        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $row {
            fn from_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Self> {
                Ok(Self { $($field: sqlx::Row::try_get(row, stringify!($field))?),* })
            }
        }
    };
}

/// What it is when a column holds what this program does not write.
pub(super) fn damaged(column: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: "not written by this program".into() }
}

/// The way an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    /// In SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }

    /// The other way.
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// How keys that lie ahead compare with the place one stands at.
    pub fn ahead(self) -> &'static str {
        match self {
            Self::Ascending => ">",
            Self::Descending => "<",
        }
    }
}

/// Whether a column contains what a `$n` was bound to by [`like`].
pub(super) fn contains(column: &str, bound: &str) -> String {
    format!("{column} LIKE {bound} ESCAPE '!'")
}

/// The text that [`contains`] looks for: its signs mean themselves.
pub(super) fn like(text: &str) -> String {
    let escaped = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// A list of rows.
#[derive(Clone, Debug)]
pub(super) struct List {
    columns: String,
    source: String,
    conditions: Vec<String>,
    order: Vec<String>,
    limit: Option<&'static str>,
}

impl List {
    /// These columns of every row of a table or a join.
    pub fn of(columns: impl Into<String>, source: impl Into<String>) -> Self {
        Self { columns: columns.into(), source: source.into(), conditions: Vec::new(), order: Vec::new(), limit: None }
    }

    /// Only rows for which this holds too.
    pub fn filter(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// By this key, after the keys before it.
    pub fn order(mut self, key: &str, direction: Direction) -> Self {
        self.order.push(format!("{key} {}", direction.as_str()));
        self
    }

    /// At most so many: a `$n`.
    pub fn limit(mut self, bound: &'static str) -> Self {
        self.limit = Some(bound);
        self
    }

    /// The statement.
    pub fn sql(&self) -> String {
        let mut sql = format!("SELECT {} FROM {}", self.columns, self.source);
        if !self.conditions.is_empty() {
            sql += &format!(" WHERE {}", self.conditions.join(" AND "));
        }
        if !self.order.is_empty() {
            sql += &format!(" ORDER BY {}", self.order.join(", "));
        }
        if let Some(limit) = self.limit {
            sql += &format!(" LIMIT {limit}");
        }
        sql
    }

    /// How many rows there are, up to the limit.
    pub fn count(self) -> String {
        format!("SELECT COUNT(*) FROM ({}) counted", Self { columns: "1 AS one".to_owned(), ..self }.sql())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_like_mean_themselves() {
        assert_eq!(contains("name", "$7"), "name LIKE $7 ESCAPE '!'");
        assert_eq!(like("50%_off!"), "%50!%!_off!!%");
        assert_eq!(like(""), "%%");
    }

    #[test]
    fn a_list_is_filtered_ordered_and_bounded() {
        let list = List::of("a, b", "things").filter("a > $1").filter("b IS NULL").limit("$2");
        let ordered = list.clone().order("a", Direction::Descending).order("id", Direction::Ascending);
        assert_eq!(
            ordered.sql(),
            "SELECT a, b FROM things WHERE a > $1 AND b IS NULL ORDER BY a DESC, id ASC LIMIT $2"
        );
        let count = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM things WHERE a > $1 AND b IS NULL LIMIT $2) counted";
        assert_eq!(list.count(), count);
        assert_eq!(List::of("1", "things").sql(), "SELECT 1 FROM things");
    }
}
