//! All feeds; making one for its owner, and deleting an empty one.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{BOUND, Operator, ROWS, counted, number, typed};
use crate::{
    accounts::identity,
    app::App,
    feeds::{FeedDeletion, HostFeed, Membership},
    portal::visitor,
    web::{
        confirm::{Confirm, Input, Link},
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        late_form,
        page::{Page, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
        reauth,
        toolbar::Pager,
    },
};

#[derive(Template)]
#[template(path = "portal/operator/feeds.html")]
struct Feeds {
    page: Page,
    feeds: Vec<FeedView>,
    pager: Pager,
}

struct FeedView {
    name: String,
    is_public: bool,
    everyone: Option<String>,
    members: String,
    packages: String,
    owner: Option<(String, String)>,
    more_owners: bool,
    can_be_deleted: bool,
    /// Whether this operator may look into it.
    can_be_seen: bool,
}

#[derive(Template)]
#[template(path = "portal/operator/feeds/new.html")]
struct NewFeed {
    page: Page,
    form: NewFeedForm,
    problems: Problems,
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct FeedSearch {
    #[serde(default)]
    after: String,
}

/// The form of a new feed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFeedForm {
    name: String,
    owner: String,
    #[serde(default)]
    public: String,
}

/// The form that deletes one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeleteFeedForm {
    name: String,
}

/// `GET /operator/feeds`
pub async fn list_feeds(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    query: Option<Query<FeedSearch>>,
) -> Result<HttpResponse, PageError> {
    let after = typed(&query.map(Query::into_inner).unwrap_or_default().after);
    let lines = Rows::new(app.store.host_feeds(&after, limit(ROWS), BOUND).await?, ROWS);
    let next = lines.next(|last| with_query("/operator/feeds", [("after", &last.feed.name)]));
    let mine = app.store.feeds_of(me.account.id).await?;
    let page = Feeds {
        page: Page::in_section(&req, "Feeds", "operator-feeds"),
        pager: Pager::onward("/operator/feeds", &[], after.is_empty(), next),
        feeds: lines.shown.into_iter().map(|line| FeedView::new(line, &mine)).collect(),
    };
    answer(StatusCode::OK, &page)
}

/// `GET /operator/feeds/new`
pub async fn show_add_feed(req: HttpRequest, me: Operator) -> Result<HttpResponse, PageError> {
    let form = NewFeedForm { owner: me.account.username.clone(), ..NewFeedForm::default() };
    let form = late_form::typed(&req, "/operator/feeds").unwrap_or(form);
    draw_new(&req, StatusCode::OK, form, Problems::default())
}

/// `POST /operator/feeds`: a new feed
pub async fn add_feed(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    Form(form): Form<NewFeedForm>,
) -> Result<HttpResponse, PageError> {
    let outcome = add(&req, &app, &me, &form).await;
    or_again(outcome, async |status, problems| draw_new(&req, status, form, problems)).await
}

async fn add(req: &HttpRequest, app: &App, me: &Operator, form: &NewFeedForm) -> Result<HttpResponse, FormError> {
    let mut problems = Problems::default();
    let name = problems.keep("name", identity::new_feed_name(form.name.trim()));
    let owner = app.store.account_named(&typed(&form.owner)).await?.ok_or("There is no account of this name.");
    let owner = problems.keep("owner", owner);
    let (name, owner) = problems.or(name.zip(owner))?;
    reauth::require(req, app, me).await?;
    let mut tx = me.begin(app).await?;
    if tx.add_feed(name, !form.public.is_empty(), owner.id, &me.actor, me.now).await?.is_none() {
        return Err(FormError::field("name", "There is a feed of this name already. Choose another name."));
    }
    tx.commit().await?;
    // Operators cannot look into the private feeds of others.
    let is_mine = owner.id == me.account.id;
    let sees = is_mine || !form.public.is_empty();
    let done = if is_mine { Flash::FeedCreated } else { Flash::FeedCreatedForOwner };
    Ok(go_to(req, done.at(&if sees { visitor::path(name) } else { "/operator/feeds".to_owned() })))
}

fn draw_new(
    req: &HttpRequest,
    status: StatusCode,
    form: NewFeedForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = Page::in_section(req, "Create a feed", "operator-feeds");
    answer(status, &NewFeed { page, form, problems })
}

/// `GET /operator/feeds/{feed}/delete`
pub async fn ask_delete_feed(
    req: HttpRequest,
    app: Data<App>,
    _me: Operator,
    name: Path<String>,
) -> Result<HttpResponse, PageError> {
    let line = found(&app, &name).await?;
    let form = late_form::typed(&req, &path_of_deletion(&line)).unwrap_or_default();
    question(&line, form).ask(&req)
}

/// `POST /operator/feeds/{feed}/delete`
pub async fn delete_feed(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    name: Path<String>,
    Form(form): Form<DeleteFeedForm>,
) -> Result<HttpResponse, PageError> {
    let line = found(&app, &name).await?;
    if !form.name.trim().eq_ignore_ascii_case(&line.feed.name) {
        let problem = Problems::one("name", format!("Type {} to delete this feed.", line.feed.name));
        return question(&line, form).draw(&req, StatusCode::UNPROCESSABLE_ENTITY, problem);
    }
    let why = match app.store.delete_feed(&line.feed, &me.actor, me.now).await? {
        FeedDeletion::Done => return Ok(go_to(&req, Flash::FeedDeleted.at("/operator/feeds"))),
        FeedDeletion::OnlyRemoved => {
            "Every package of this feed was removed, but their version numbers are kept, so that none is used again. The feed cannot be deleted."
        }
        FeedDeletion::NotEmpty => "This feed holds packages. Only an empty feed can be deleted.",
        FeedDeletion::Main => "Every host has this feed; it cannot be deleted.",
    };
    question(&line, form).refuse(&req, why)
}

async fn found(app: &App, name: &str) -> Result<HostFeed, PageError> {
    let name = identity::feed_name(name).map_err(|_| PageError::NotFound)?;
    app.store.host_feed(name, BOUND).await?.ok_or(PageError::NotFound)
}

fn path_of_deletion(line: &HostFeed) -> String {
    format!("/operator/feeds/{}/delete", line.feed.name)
}

fn question(line: &HostFeed, form: DeleteFeedForm) -> Confirm {
    let name = &line.feed.name;
    let members = match line.members {
        0 => String::new(),
        1 => "Its one member loses the role in it. ".to_owned(),
        many => format!("Its {} lose their roles in it. ", counted(many, "member")),
    };
    Confirm {
        section: "operator-feeds",
        title: format!("Delete the feed {name}"),
        lede: format!("{members}Tokens that were limited to it cover nothing there. The record stays."),
        button: "Delete for good".to_owned(),
        is_danger: true,
        action: path_of_deletion(line),
        inputs: vec![Input {
            field: "name",
            label: format!("Type {name} to confirm"),
            value: form.name,
            hint: String::new(),
        }],
        back: Link::new("/operator/feeds", "Feeds"),
        ..Confirm::default()
    }
}

impl FeedView {
    /// `mine` are the feeds that the operator can read.
    fn new(line: HostFeed, mine: &[Membership]) -> Self {
        let HostFeed { feed, everyone, members, packages, owner, more_owners } = line;
        Self {
            can_be_deleted: packages == 0 && feed.name != "main",
            can_be_seen: feed.is_public || everyone.is_some() || mine.iter().any(|known| known.feed.id == feed.id),
            name: feed.name,
            is_public: feed.is_public,
            everyone,
            members: number(members, BOUND),
            packages: number(packages, BOUND),
            owner: owner.map(|(id, name)| (id.to_string(), name)),
            more_owners,
        }
    }
}
