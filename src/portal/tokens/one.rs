//! One token: its settings in words, its last use, and its record.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    feeds, find,
    refusals::{Trouble, write_mine},
    view,
};
use crate::{
    app::App,
    portal::{
        error::PageError,
        page::{Page, SignedIn, answer},
        words::Time,
    },
    store,
};

/// Lines of the record that are shown.
const LINES: i64 = 50;

#[derive(Template)]
#[template(path = "portal/tokens/show.html")]
struct Show {
    page: Page,
    token: view::Token,
    created: Time,
    words: Vec<String>,
    trouble: Trouble,
    events: Vec<Event>,
}

/// A line of the record.
struct Event {
    time: Time,
    what: String,
    who: String,
    from: String,
}

/// `GET /settings/tokens/{id}`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse, PageError> {
    write_mine(&app, &me).await;
    let token = find(&app, &me, &id).await?;
    let feeds = feeds(&app, &me).await?;
    let events = app.store.events_of_token(token.id, LINES).await?;
    let page = Show {
        page: Page::in_section(&req, token.name.clone(), "tokens"),
        created: Time::new(token.created_at, me.now, me.account.time_zone),
        words: token.permissions.iter().map(|permission| sentence(permission.words())).collect(),
        trouble: Trouble::of(&app, &me, &token).await?,
        events: events.into_iter().map(|event| line(event, &me)).collect(),
        token: view::Token::whole(&token, &feeds, &me),
    };
    answer(StatusCode::OK, &page)
}

fn line(event: store::Event, me: &SignedIn) -> Event {
    let store::Event { at, verb, actor, address, client, detail } = event;
    let what = if detail.is_empty() { sentence(&verb) } else { format!("{} ({detail})", sentence(&verb)) };
    Event {
        time: Time::new(at, me.now, me.account.time_zone),
        what,
        who: actor.unwrap_or_else(|| "This host".to_owned()),
        from: view::by(&client, &address),
    }
}

/// With a capital first letter.
fn sentence(words: &str) -> String {
    let mut text = words.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}
