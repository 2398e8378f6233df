//! The feeds that somebody can read. Operators create new ones here, for the account that will look after each.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use crate::{
    accounts::identity,
    app::App,
    portal::{
        error::PageError,
        feeds::path,
        form::{Form, Problems},
        page::{Done, Page, SignedIn, answer, go_to, signed_in},
        words::thousands,
    },
    store::FeedLine,
    tokens::decision::Role,
};

/// Feeds on one page.
const PAGE: usize = 100;
/// Packages are counted so far; more are as good as many.
const MANY: i64 = 1_000;

#[derive(Template)]
#[template(path = "portal/feeds/list.html")]
struct List {
    page: Page,
    feeds: Vec<Row>,
    next: Option<String>,
    first: bool,
    form: FeedForm,
    may_create: bool,
    problems: Problems,
}

struct Row {
    name: String,
    path: String,
    is_public: bool,
    role: &'static str,
    packages: String,
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct At {
    #[serde(default)]
    after: String,
}

/// The form of a new feed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedForm {
    name: String,
    owner: String,
    #[serde(default)]
    public: String,
}

/// `GET /feeds`
pub async fn show(req: HttpRequest, app: Data<App>, at: Option<Query<At>>) -> Result<HttpResponse, PageError> {
    let me = signed_in(&req).await?;
    let after = at.map(|at| at.into_inner().after).unwrap_or_default();
    let owner = me.as_ref().map(|me| me.account.username.clone()).unwrap_or_default();
    let form = FeedForm { owner, ..FeedForm::default() };
    draw(&req, &app, me.as_ref(), &after, StatusCode::OK, form, Problems::default()).await
}

/// `POST /feeds`: a new feed.
pub async fn create(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<FeedForm>,
) -> Result<HttpResponse, PageError> {
    if !me.account.is_operator {
        return Err(PageError::NotFound);
    }
    match add(&app, &me, &form).await? {
        Ok(path) => Ok(go_to(&req, &Done::FeedCreated.at(&path))),
        Err(problems) => draw(&req, &app, Some(&me), "", StatusCode::UNPROCESSABLE_ENTITY, form, problems).await,
    }
}

async fn add(app: &App, me: &SignedIn, form: &FeedForm) -> Result<Result<String, Problems>, PageError> {
    let mut problems = Problems::default();
    let name = problems.keep("name", identity::feed_name(form.name.trim()));
    let owner = super::members::account_called(app, &form.owner).await?;
    let owner = problems.keep("owner", owner);
    let (Some(name), Some(owner)) = (name, owner) else { return Ok(Err(problems)) };
    let mut change = app.store.begin().await?;
    if change.add_feed(name, form.public == "yes", owner.id, &me.actor, me.now).await?.is_none() {
        return Ok(Err(Problems::one("name", "There is a feed of this name already. Choose another name.")));
    }
    change.commit().await?;
    // Operators cannot look into the private feeds of others, this one included.
    let sees = owner.id == me.account.id || form.public == "yes";
    Ok(Ok(if sees { path(name) } else { "/feeds".to_owned() }))
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: Option<&SignedIn>,
    after: &str,
    status: StatusCode,
    form: FeedForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let after = if crate::tokens::is_feed_name(after) { after } else { "" };
    let account = me.map(|me| me.account.id);
    let mut feeds = app.store.feed_lines(account, after, PAGE as i64 + 1, MANY).await?;
    let more = feeds.len() > PAGE;
    feeds.truncate(PAGE);
    let page = List {
        page: Page::in_section(req, "Feeds", "feeds"),
        next: feeds.last().filter(|_| more).map(|last| format!("/feeds?after={}", last.seen.feed.name)),
        first: after.is_empty(),
        feeds: feeds.into_iter().map(row).collect(),
        form,
        may_create: me.is_some_and(|me| me.account.is_operator),
        problems,
    };
    answer(status, &page)
}

fn row(line: FeedLine) -> Row {
    let packages = match line.packages {
        1 => "1 package".to_owned(),
        few if few <= MANY => format!("{} packages", thousands(few)),
        _ => format!("{}+ packages", thousands(MANY)),
    };
    Row {
        path: path(&line.seen.feed.name),
        name: line.seen.feed.name,
        is_public: line.seen.feed.is_public,
        role: line.seen.role.map_or("", Role::as_str),
        packages,
    }
}
