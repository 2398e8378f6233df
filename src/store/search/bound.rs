//! What a search binds and reads, whichever driver it goes through.

use sqlx::{Any, FromRow, Sqlite, any::AnyRow, query::QueryAs, sqlite::SqliteRow};

/// A row that is read of both databases.
pub(super) trait SearchRow: for<'r> FromRow<'r, AnyRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin {}

impl<R: for<'r> FromRow<'r, AnyRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin> SearchRow for R {}

/// A value in its place.
pub(super) enum Value {
    Text(String),
    Number(i64),
    Bytes(Vec<u8>),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

macro_rules! bound {
    ($($name:ident = $driver:ty;)+) => {
        $(/// A statement with its values.
        pub(super) fn $name<R: SearchRow>(
            sql: &'static str,
            values: Vec<Value>,
        ) -> QueryAs<'static, $driver, R, <$driver as sqlx::Database>::Arguments> {
            values.into_iter().fold(sqlx::query_as(sql), |rows, value| match value {
                Value::Text(text) => rows.bind(text),
                Value::Number(number) => rows.bind(number),
                Value::Bytes(bytes) => rows.bind(bytes),
            })
        })+
    };
}

bound! {
    of_sqlite = Sqlite;
    of_postgres = Any;
}
