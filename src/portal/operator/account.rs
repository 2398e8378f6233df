//! One account: its facts, its feeds, what can be done with it, and the newest of its record.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{AccountView, BOUND, Operator, counted, events::EventView, find_account};
use crate::{
    app::App,
    audit::EventFilter,
    web::{
        error::PageError,
        page::{Page, answer},
        query::with_query,
        toolbar::Pager,
    },
};

/// Lines of the record that are shown; the page of events shows the rest.
const LINES: usize = 15;

#[derive(Template)]
#[template(path = "portal/operator/account.html")]
struct Account {
    page: Page,
    account: AccountView,
    tokens: String,
    sessions: String,
    packages: String,
    feeds: Vec<(String, &'static str)>,
    events: Vec<EventView>,
    pager: Pager,
}

/// `GET /operator/accounts/{id}`
pub async fn show_account(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let line = find_account(&app, &id).await?;
    let id = line.account.id;
    let facts = app.store.account_facts(id, BOUND).await?;
    let feeds = app.store.feeds_of(id).await?;
    let filter = EventFilter { account: Some(id), ..EventFilter::default() };
    let events = app.store.events(&filter, None, LINES).await?;
    let all_events = with_query("/operator/events", [("account", line.account.username.as_str())]);
    let page = Account {
        page: Page::in_section(&req, line.account.username.clone(), "operator-accounts"),
        account: AccountView::new(&line, &me),
        tokens: counted(facts.tokens, "token"),
        sessions: counted(facts.sessions, "session"),
        packages: counted(facts.packages, "package"),
        feeds: feeds.into_iter().filter_map(|seen| Some((seen.feed.name, seen.role?.as_str()))).collect(),
        pager: Pager { later: events.next.map(|_| ("All events", all_events)), ..Pager::default() },
        events: events.events.into_iter().map(|event| EventView::new(event, &me)).collect(),
    };
    answer(StatusCode::OK, &page)
}
