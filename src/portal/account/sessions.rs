//! Where one is signed in: every session with its device and place; one, or all others, can be ended.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{
    device,
    devices::{self, DeviceView},
    sign_out::Nothing,
};
use crate::{
    accounts::{CLOCK_DRIFT, ListedSession, SESSION_IDLE, SESSION_LIFE},
    app::App,
    audit::{EventDetail, EventKind, Subject},
    tokens::SessionId,
    web::{
        error::PageError,
        flash::Flash,
        form::Form,
        format::{Time, browser},
        page::{Page, SignedIn, answer, go_to},
    },
};

const HERE: &str = "/settings/sessions";
/// So many sessions are listed; ending all others ends the rest too.
const LISTED: i64 = 50;

#[derive(Template)]
#[template(path = "portal/account/sessions.html")]
struct Sessions {
    page: Page,
    sessions: Vec<Session>,
    others: bool,
    more: bool,
    devices: Vec<DeviceView>,
}

struct Session {
    name: String,
    device: String,
    address: String,
    begun: Time,
    seen: Time,
    is_this: bool,
}

/// `GET /settings/sessions`
pub async fn list_sessions(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let live = (me.now - SESSION_IDLE, me.now - SESSION_LIFE, me.now + CLOCK_DRIFT);
    let mut found = app.store.sessions_of(me.account.id, live, LISTED + 1).await?;
    let more = found.len() > LISTED as usize;
    found.truncate(LISTED as usize);
    let mut sessions: Vec<_> = found.into_iter().map(|session| Session::new(session, &me)).collect();
    sessions.sort_by_key(|session| !session.is_this);
    let others = more || sessions.iter().any(|session| !session.is_this);
    let devices = devices::list(&req, &app, &me).await?;
    let page = Page::in_section(&req, "Sessions", "sessions");
    answer(StatusCode::OK, &Sessions { page, sessions, others, more, devices })
}

/// `POST /settings/sessions/{name}/end`
pub async fn end_session(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    name: Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let name = SessionId::parse(&name).ok_or(PageError::NotFound)?;
    let mut tx = me.begin(&app).await?;
    let (client, address) = tx.end_session_named(me.account.id, name).await?.ok_or(PageError::NotFound)?;
    let detail = EventDetail::Session { client, address };
    tx.record(EventKind::SessionEnded, &me.actor, Subject::account(me.account.id), detail, me.now).await?;
    tx.commit().await?;
    Ok(go_to(&req, Flash::SessionEnded.at(HERE)))
}

/// `POST /settings/sessions/end-others`
pub async fn end_other_sessions(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let mut tx = me.begin(&app).await?;
    let ended = tx.end_other_sessions(me.account.id, me.session.name()).await?;
    let this = device::of(&req, &app).await?.filter(|device| device.account == me.account.id);
    tx.forget_devices_of(me.account.id, this.map(|device| device.id)).await?;
    if ended > 0 {
        let detail = EventDetail::Sessions { count: ended };
        tx.record(EventKind::SessionEnded, &me.actor, Subject::account(me.account.id), detail, me.now).await?;
    }
    tx.commit().await?;
    Ok(go_to(&req, Flash::OthersEnded.at(HERE)))
}

impl Session {
    fn new(session: ListedSession, me: &SignedIn) -> Self {
        let time = |at| me.time(at);
        Self {
            is_this: session.name.is_some() && session.name == me.session.name(),
            name: session.name.map(|name| name.to_string()).unwrap_or_default(),
            device: browser(&session.client),
            address: session.address,
            begun: time(session.created_at),
            seen: time(session.seen_at),
        }
    }
}
