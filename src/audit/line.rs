//! An event as one line of a file: for `latchkey events export` and the audit log.

use chrono::SecondsFormat;
use serde::Serialize;

use super::{EventDetail, HostEvent, NamedAccount};

/// An event as it is written. The names of accounts are those they have now, or had when they were deleted.
#[derive(Debug, Serialize)]
pub struct EventLine<'e> {
    at: String,
    id: String,
    event: &'static str,
    account: Option<&'e str>,
    account_id: Option<String>,
    actor: Option<&'e str>,
    actor_id: Option<String>,
    token: Option<String>,
    hint: Option<&'e str>,
    feed: Option<&'e str>,
    package: Option<&'e str>,
    version: Option<&'e str>,
    address: &'e str,
    client: &'e str,
    detail: &'e EventDetail,
}

impl<'e> EventLine<'e> {
    /// The names of the columns, in the order of [`EventLine::cells`].
    pub const COLUMNS: [&'static str; 15] = [
        "at",
        "id",
        "event",
        "account",
        "account_id",
        "actor",
        "actor_id",
        "token",
        "hint",
        "feed",
        "package",
        "version",
        "address",
        "client",
        "detail",
    ];

    /// Of an event of the record.
    pub fn of(event: &'e HostEvent) -> Self {
        let name = |account: &'e Option<NamedAccount>| account.as_ref().map(|account| account.name.as_str());
        let id = |account: &Option<NamedAccount>| account.as_ref().map(|account| account.id.to_string());
        Self {
            at: event.at.to_rfc3339_opts(SecondsFormat::Secs, true),
            id: event.id.to_string(),
            event: event.kind.code(),
            account: name(&event.account),
            account_id: id(&event.account),
            actor: name(&event.actor),
            actor_id: id(&event.actor),
            token: event.token.map(|token| token.to_string()),
            hint: event.hint.as_deref(),
            feed: event.feed.as_deref(),
            package: event.package.as_deref(),
            version: event.version.as_deref(),
            address: &event.address,
            client: &event.client,
            detail: &event.detail,
        }
    }

    /// The same as cells of a table that spreadsheets open: none is a formula.
    ///
    /// # Errors
    /// None but what writing to memory can give.
    pub fn cells(self) -> serde_json::Result<[String; 15]> {
        let text = |text: Option<&str>| as_text(text.unwrap_or_default());
        Ok([
            self.at,
            self.id,
            self.event.to_owned(),
            text(self.account),
            self.account_id.unwrap_or_default(),
            text(self.actor),
            self.actor_id.unwrap_or_default(),
            self.token.unwrap_or_default(),
            text(self.hint),
            text(self.feed),
            text(self.package),
            text(self.version),
            text(Some(self.address)),
            text(Some(self.client)),
            serde_json::to_string(self.detail)?,
        ])
    }
}

/// What a spreadsheet would take for a formula stays text.
fn as_text(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}
