//! The columns of a token's settings: read and written here, and nowhere else.

use sqlx::{
    Any, Row,
    any::{AnyArguments, AnyRow},
    query::Query,
};

use crate::{
    store::{instant, sql::damaged},
    tokens::{Feeds, Patterns, Permissions, TokenSettings},
};

/// Of the table `tokens`, in the order in which [`bind`] gives their values.
const COLUMNS: [&str; 7] = ["name", "name_key", "note", "permissions", "patterns", "feeds", "expires_at"];

/// `t.name, t.note, …`: what [`read`] reads.
pub(super) fn selected() -> String {
    COLUMNS.map(|column| format!("t.{column}")).join(", ")
}

/// `name, note, …`: where an insert puts them.
pub(super) fn inserted() -> String {
    COLUMNS.join(", ")
}

/// `$4, $5, …`: their values in an insert that binds them from the `first` one on.
pub(super) fn values(first: usize) -> String {
    numbered(first).map(|(_, value)| value).collect::<Vec<_>>().join(", ")
}

/// `name = $4, note = $5, …`: how an update sets them.
pub(super) fn set(first: usize) -> String {
    numbered(first).map(|(column, value)| format!("{column} = {value}")).collect::<Vec<_>>().join(", ")
}

fn numbered(first: usize) -> impl Iterator<Item = (&'static str, String)> {
    COLUMNS.into_iter().zip(first..).map(|(column, n)| (column, format!("${n}")))
}

/// Binds the values of [`values`] and [`set`].
pub(super) fn bind<'q>(query: Query<'q, Any, AnyArguments>, settings: &TokenSettings) -> Query<'q, Any, AnyArguments> {
    query
        .bind(settings.name.clone())
        .bind(settings.name.to_lowercase())
        .bind(settings.note.clone())
        .bind(settings.permissions.to_string())
        .bind(settings.patterns.as_str().to_owned())
        .bind(settings.feeds.to_text())
        .bind(settings.expires_at.map(|at| at.timestamp()))
}

/// Reads a row of [`selected`].
pub(super) fn read(row: &AnyRow) -> sqlx::Result<TokenSettings> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    Ok(TokenSettings {
        name: text("name")?,
        note: text("note")?,
        permissions: Permissions::parse(&text("permissions")?).map_err(|_| damaged("permissions"))?,
        patterns: Patterns::stored(&text("patterns")?).ok_or_else(|| damaged("patterns"))?,
        feeds: Feeds::from_text(&text("feeds")?),
        expires_at: row.try_get::<Option<i64>, _>("expires_at")?.map(instant),
    })
}
