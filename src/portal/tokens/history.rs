//! A token's record: who did what to it, when and from where; newest first, a page at a time.

use actix_web::{HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use serde::Deserialize;

use super::{token_request::TokenRequest, view};
use crate::{
    app::App,
    tokens::{EventId, Token},
    web::{
        error::PageError,
        event_text::EventText,
        format::{Time, sentence},
        page::{Page, SignedIn, answer},
    },
};

/// Lines on a page.
const LINES: usize = 50;

/// A page of the record.
pub(super) struct Record {
    pub events: Vec<Event>,
    /// The last line's id, if there are older ones.
    pub older: Option<String>,
    /// Whether it is shown on a page of its own.
    pub is_whole_page: bool,
}

/// A line of the record.
pub(super) struct Event {
    pub time: Time,
    pub what: String,
    pub detail: String,
    pub who: String,
    pub from: String,
}

#[derive(Template)]
#[template(path = "portal/tokens/history.html")]
struct RecordPage {
    page: Page,
    id: String,
    name: String,
    record: Record,
}

/// Where a page of the record begins.
#[derive(Debug, Deserialize)]
pub struct From {
    before: Option<String>,
}

/// `GET /settings/tokens/{id}/record`
pub async fn show_history(of: TokenRequest, Query(from): Query<From>) -> Result<HttpResponse, PageError> {
    let TokenRequest { req, app, me, token, .. } = of;
    let before = from.before.map(|id| EventId::parse(&id).ok_or(PageError::NotFound)).transpose()?;
    let page = RecordPage {
        page: Page::in_section(&req, format!("Record of {}", token.settings.name), "tokens"),
        record: Record { is_whole_page: true, ..Record::read(&app, &me, &token, before, LINES).await? },
        id: token.id.to_string(),
        name: token.settings.name,
    };
    answer(StatusCode::OK, &page)
}

impl Record {
    /// The newest lines.
    pub(super) async fn newest(app: &App, me: &SignedIn, token: &Token, most: usize) -> Result<Self, PageError> {
        Self::read(app, me, token, None, most).await
    }

    /// The lines before one of them, or the newest.
    async fn read(
        app: &App,
        me: &SignedIn,
        token: &Token,
        before: Option<EventId>,
        most: usize,
    ) -> Result<Self, PageError> {
        let limit = i64::try_from(most + 1).unwrap_or(i64::MAX);
        let mut events = app.store.events_before(token.id, before, limit).await?;
        let older = events.len() > most;
        events.truncate(most);
        let older = events.last().filter(|_| older).map(|last| last.id.to_string());
        let events = events.into_iter().map(|event| line(event, me)).collect();
        Ok(Self { events, older, is_whole_page: false })
    }
}

impl Event {
    /// `Token edited (packages)`.
    pub fn title(&self) -> String {
        if self.detail.is_empty() { self.what.clone() } else { format!("{} ({})", self.what, self.detail) }
    }
}

fn line(event: crate::audit::Event, me: &SignedIn) -> Event {
    let time = |at| me.time(at);
    let text = EventText {
        kind: event.kind,
        detail: &event.detail,
        feed: event.feed.as_deref(),
        package: event.package.as_deref(),
        version: event.version.as_deref(),
    };
    Event {
        time: time(event.at),
        what: sentence(event.kind.label()),
        detail: text.detail(|at| time(at).text),
        who: event.actor.unwrap_or_else(|| "This host".to_owned()),
        from: view::by(&event.client, &event.address),
    }
}
