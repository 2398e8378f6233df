//! What every page needs: its title, who looks at it, how links are written, and the person behind a session.

use std::{fmt::Display, future::Future, pin::Pin, rc::Rc};

use actix_session::SessionExt;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, dev::Payload, http::Method, http::StatusCode,
    http::header::LOCATION, web::Data,
};
use askama::Template;
use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;

use super::{
    assets, csrf,
    error::PageError,
    flash::{Flash, Notice, To},
    format::Time,
    nav::{Nav, SETTINGS},
    query::{with_query, with_query_of},
    session::TypedSession,
};
use crate::{
    accounts::Account,
    app::App,
    audit::{ActingSession, Actor},
    auth::{RequestScope, client_address, client_name},
    paths,
    store::Transaction,
    tokens::{ServedKinds, secret},
};

/// Longest query that survives a sign-in, in bytes.
const LONGEST_QUERY: usize = 4000;

/// Largest number that is written beside an entry of a menu.
const MOST_COUNTED: usize = 99;

/// The frame of a page.
pub struct Page {
    /// In the browser's tab.
    pub title: String,
    /// What forms carry; see [`csrf`].
    pub csrf: String,
    /// Who is signed in.
    pub who: Option<Who>,
    /// Which entry of the navigation is the present one.
    pub section: &'static str,
    /// What was just done, in one line.
    pub notice: Option<Notice>,
    /// How many refusals of one's tokens are open; none where nobody counted.
    pub open_refusals: Option<usize>,
    prefix: String,
}

/// Who is signed in, for the frame.
#[derive(Clone)]
pub struct Who {
    /// The username.
    pub username: String,
    /// Whether the account runs the host.
    pub is_operator: bool,
}

impl Page {
    /// The frame of a page with this title.
    pub fn new(req: &HttpRequest, title: impl Into<String>) -> Self {
        let app = app(req);
        let who = req.extensions().get::<Who>().cloned();
        let notice = said(req, &app).map(Flash::notice);
        Self {
            title: title.into(),
            csrf: csrf::value(req, &app),
            who,
            section: "",
            notice,
            open_refusals: req.extensions().get::<OpenRefusals>().map(|open| open.0),
            prefix: app.settings.public_url.path().to_owned(),
        }
    }

    /// The frame where nothing is known of the request: nobody is signed in, nothing can be sent.
    pub fn bare(app: &App, title: impl Into<String>) -> Self {
        let prefix = app.settings.public_url.path().to_owned();
        Self {
            title: title.into(),
            csrf: String::new(),
            who: None,
            section: "",
            notice: None,
            open_refusals: None,
            prefix,
        }
    }

    /// The same, in a section of the navigation.
    pub fn in_section(req: &HttpRequest, title: impl Into<String>, section: &'static str) -> Self {
        Self { section, ..Self::new(req, title) }
    }

    /// Whether this is one of the settings pages.
    pub fn is_settings(&self) -> bool {
        self.nav().is_some_and(|nav| std::ptr::eq(nav, &SETTINGS))
    }

    /// The menu beside the page, if it has one.
    pub fn nav(&self) -> Option<&'static Nav> {
        Nav::of(self.section)
    }

    /// The number beside an entry of that menu, if something there waits for somebody.
    pub fn count_of(&self, section: &str) -> Option<String> {
        let open = self.open_refusals.filter(|open| *open > 0 && section == "refusals")?;
        Some(if open > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { open.to_string() })
    }

    /// A path of ours as links write it.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The page of a token, as links write it.
    pub fn token(&self, id: impl Display) -> String {
        self.url(&paths::token(id))
    }

    /// A page below that of a token, such as `refresh`, as links write it.
    pub fn of_token(&self, id: impl Display, page: &str) -> String {
        self.url(&paths::of_token(id, page))
    }

    /// The list of one's tokens, as links write it.
    pub fn tokens(&self) -> String {
        self.url(paths::TOKENS)
    }

    /// The address of a stylesheet, script or picture.
    pub fn asset(&self, file: &str) -> String {
        self.url(&assets::path(file))
    }
}

/// How many refusals are open, for the page of this request.
struct OpenRefusals(usize);

/// Tells the page of this request how many refusals of the person's tokens are open.
pub(crate) fn note_open_refusals(req: &HttpRequest, open: usize) {
    req.extensions_mut().insert(OpenRefusals(open));
}

/// The path of a request below the public path.
pub(crate) fn below_prefix(req: &HttpRequest) -> String {
    req.path().strip_prefix(app(req).settings.public_url.path()).unwrap_or("/").to_owned()
}

fn app(req: &HttpRequest) -> Data<App> {
    req.app_data::<Data<App>>().cloned().expect("the server is built with an App")
}

/// Answers with a page.
pub fn answer(status: StatusCode, page: &impl Template) -> Result<HttpResponse, PageError> {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page.render()?))
}

/// Answers with a redirect to a path of ours.
pub fn go_to(req: &HttpRequest, to: impl Into<To>) -> HttpResponse {
    let (app, To { path, done }) = (app(req), to.into());
    let mut res = HttpResponse::SeeOther();
    if let Some(done) = done {
        res.cookie(done.cookie(req, &app));
    }
    res.insert_header((LOCATION, format!("{}{path}", app.settings.public_url.path()))).finish()
}

/// What the page of this request says first; from then on it is said.
fn said(req: &HttpRequest, app: &App) -> Option<Flash> {
    if let Some(Say(done)) = req.extensions().get::<Say>() {
        return Some(*done);
    }
    let done = Flash::of(req, app)?;
    req.extensions_mut().insert(Said);
    Some(done)
}

/// Marks a request whose page has said what was done before.
pub struct Said;

/// What the page of this very request says first.
pub struct Say(pub Flash);

/// The person behind a request. Pages that take one are for signed-in people only; others are sent to sign in.
#[derive(Clone)]
pub struct SignedIn {
    /// The account.
    pub account: Account,
    /// The session.
    pub session: TypedSession,
    /// The time of the request.
    pub now: DateTime<Utc>,
    /// For the record.
    pub actor: Actor,
    /// The kinds of packages that this host serves.
    pub served: ServedKinds,
}

impl SignedIn {
    /// Begins a change on this person's behalf, if they are still signed in: the one way in which pages change anything
    /// for somebody.
    pub async fn begin(&self, app: &App) -> Result<Transaction, PageError> {
        Ok(app.store.begin_by(&self.actor).await?)
    }

    /// An instant as this person reads it.
    pub fn time(&self, at: DateTime<Utc>) -> Time {
        Time::new(at, self.now, self.account.time_zone)
    }

    /// Whether a sensitive act has to ask for the password.
    pub fn must_prove(&self) -> bool {
        !self.session.is_proved(self.now)
    }
}

impl FromRequest for SignedIn {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { signed_in(&req).await?.ok_or(PageError::SignInFirst) })
    }
}

/// Who makes a request, once it was looked up.
struct LookedUp(Rc<OnceCell<Option<SignedIn>>>);

/// Who is signed in, if anybody; pages for everybody ask this. It is looked up once for each request.
pub async fn signed_in(req: &HttpRequest) -> Result<Option<SignedIn>, PageError> {
    let known = req.extensions().get::<LookedUp>().map(|known| known.0.clone());
    let cell = known.unwrap_or_else(|| {
        let cell = Rc::new(OnceCell::new());
        req.extensions_mut().insert(LookedUp(cell.clone()));
        cell
    });
    Ok(cell.get_or_try_init(|| look_up(req)).await?.clone())
}

async fn look_up(req: &HttpRequest) -> Result<Option<SignedIn>, PageError> {
    let app = app(req);
    let session = TypedSession(req.get_session());
    let Some(id) = session.account() else { return Ok(None) };
    let acting = ActingSession { account: id, epoch: session.epoch(), name: session.name(), as_operator: false };
    // A form took its time: whoever was cut off meanwhile is not even asked for a password.
    if req.method() == Method::POST && !app.store.is_live(&acting).await? {
        return Ok(None);
    }
    let account = app.store.account(id).await?;
    Ok(account.map(|account| {
        RequestScope::note_account(&account.username);
        req.extensions_mut().insert(Who { username: account.username.clone(), is_operator: account.is_operator });
        let actor = Actor { session: Some(acting), ..actor(req, &app, Some(&account)) };
        SignedIn { account, session, now: app.clock.now(), actor, served: app.settings.served_kinds() }
    }))
}

/// Who makes a request from a page, for the record.
pub fn actor(req: &HttpRequest, app: &App, account: Option<&Account>) -> Actor {
    let address = client_address(req, &app.settings.trusted_proxies).to_string();
    Actor { account: account.map(|account| account.id), address, client: client_name(req), ..Actor::default() }
}

/// The sign-in page, leading back to the page that was asked for, with its query.
pub(crate) fn sign_in_first(req: &HttpRequest) -> String {
    let (prefix, path) = (app(req).settings.public_url.path().to_owned(), below_prefix(req));
    let wanted = with_query_of(&path, req.query_string());
    match own_path(&wanted).or_else(|| own_path(&path)).filter(|wanted| !secret::is_in(wanted)) {
        Some(wanted) => format!("{prefix}{}", sign_in_to(wanted)),
        None => format!("{prefix}/sign-in"),
    }
}

/// The path of the sign-in page that leads to a path of ours.
fn sign_in_to(path: &str) -> String {
    with_query("/sign-in", [("next", path)])
}

/// A path of ours that a redirect may lead to: plain characters after a single slash, and perhaps a query whose other
/// characters are written as `%XX`. Anything else is none.
pub fn own_path(path: &str) -> Option<&str> {
    let (place, query) = path.split_once('?').unwrap_or((path, ""));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let good = place.starts_with('/')
        && place.len() <= 300
        && place.bytes().all(|b| plain(b) || b == b'/')
        && !place.contains("//")
        && !place.contains("..")
        && query.len() <= LONGEST_QUERY
        && query.bytes().all(|b| plain(b) || matches!(b, b'%' | b'=' | b'&' | b'+' | b'*'));
    good.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_to_our_own_pages_only() {
        for good in ["/", "/settings/tokens/new", "/settings/tokens/new?name=a+b&packages=Contoso.*%2C%40team%2F*"] {
            assert_eq!(own_path(good), Some(good));
        }
        let long = format!("/{}", "a".repeat(8000));
        for bad in [
            "",
            "//evil",
            "/\\evil",
            "/%5cevil",
            "https:evil",
            "https:///evil",
            "/%09/evil",
            "javascript:1",
            "data:",
            "/..//evil",
            "@evil",
            "%2f%2fevil",
            "/a\r\nb",
            "http://127.0.0.1/",
            "/a/../b",
            "settings",
            "?a=b",
            "//evil?a=b",
            "/a?b\r\nc",
            "/a?b#c",
            "/a?<b>",
            "/a?next=//evil",
            "/a?b?c",
            &long,
            &format!("/a?{}", "a".repeat(4001)),
        ] {
            assert_eq!(own_path(bad), None, "{bad:?}");
        }
    }
}
