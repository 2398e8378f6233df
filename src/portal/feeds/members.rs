//! The members of a feed: for its owners to see, to add by username, to change and to take out again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{Manager, RoleChoice, choices, label, path};
use crate::{
    accounts::{
        Account,
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    feeds::{Member, MemberChange},
    portal::{
        account::{invitations::InvitationView, sign_out::Nothing},
        tokens::confirmed,
    },
    store::Transaction,
    tokens::{AccountId, InvitationId, decision::Role},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        guard::too_many,
        late_form::typed,
        page::{Page, SignedIn, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
    },
};

/// What a form offers besides roles.
const OUT: RoleChoice = RoleChoice { word: "none", label: "Take out of the feed", words: "What they published stays" };
/// Members on one page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "portal/feeds/members.html")]
struct Members {
    page: Page,
    name: String,
    path: String,
    members: Vec<MemberRow>,
    invitations: Vec<InvitationView>,
    everyone: &'static str,
    next: Option<String>,
    first: bool,
    roles: Vec<RoleChoice>,
    username: String,
    role: String,
    ask_password: bool,
    problems: Problems,
}

struct MemberRow {
    username: String,
    role: &'static str,
    path: String,
    is_me: bool,
}

#[derive(Template)]
#[template(path = "portal/feeds/members/role.html")]
struct ShowMember {
    page: Page,
    name: String,
    path: String,
    username: String,
    roles: Vec<RoleChoice>,
    role: String,
    ask_password: bool,
    problems: Problems,
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct MemberPath {
    #[serde(default)]
    after: String,
}

/// Adds somebody.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddForm {
    username: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    password: String,
}

/// Changes somebody's role; `none` takes them out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleForm {
    #[serde(default)]
    role: String,
    #[serde(default)]
    password: String,
}

/// `GET /feeds/{feed}/members`
pub async fn list_members(
    req: HttpRequest,
    app: Data<App>,
    feed: Path<String>,
    at: Option<Query<MemberPath>>,
) -> Result<HttpResponse, PageError> {
    let manager = Manager::of(&req, &app, &feed).await?;
    let after = at.map(|at| at.into_inner().after).unwrap_or_default();
    let form = typed(&req, &members_path(&manager));
    let form = form.unwrap_or_else(|| AddForm { role: Role::Reader.as_str().to_owned(), ..AddForm::default() });
    draw(&req, &app, &manager, &after, StatusCode::OK, form, Problems::default()).await
}

/// `POST /feeds/{feed}/members`
pub async fn add_member(
    req: HttpRequest,
    app: Data<App>,
    feed: Path<String>,
    Form(form): Form<AddForm>,
) -> Result<HttpResponse, PageError> {
    let mut manager = Manager::of(&req, &app, &feed).await?;
    let mut problems = Problems::default();
    let account = problems.keep("username", account_called(&req, &app, &manager.me, &form.username).await?);
    let role = problems.keep("role", Role::parse(&form.role).ok_or("Choose a role."));
    let checked = match (account, role) {
        (Some(account), Some(role)) => {
            confirmed(&req, &app, &manager.me, &form.password).await?.map(|()| (account, role))
        }
        _ => Err(problems),
    };
    let saved = match checked {
        Ok((account, role)) => set(&app, &mut manager, account.id, Some(role), true).await?,
        Err(problems) => Err(problems),
    };
    match saved {
        Ok(done) => Ok(go_to(&req, done.at(&members_path(&manager)))),
        Err(problems) => draw(&req, &app, &manager, "", StatusCode::UNPROCESSABLE_ENTITY, form, problems).await,
    }
}

/// `GET /feeds/{feed}/members/{account}`
pub async fn show_member(
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (feed, account) = at.into_inner();
    let manager = Manager::of(&req, &app, &feed).await?;
    let member = find(&app, &manager, &account).await?;
    let form = typed::<RoleForm>(&req, &format!("{}/{}", members_path(&manager), member.account));
    let role = form.map_or_else(|| member.role.map_or("none", Role::as_str).to_owned(), |form| form.role);
    draw_one(&req, &manager, member, StatusCode::OK, role, Problems::default())
}

/// `POST /feeds/{feed}/members/{account}`
pub async fn change_member(
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, String)>,
    Form(form): Form<RoleForm>,
) -> Result<HttpResponse, PageError> {
    let (feed, account) = at.into_inner();
    let mut manager = Manager::of(&req, &app, &feed).await?;
    let member = find(&app, &manager, &account).await?;
    let role = match form.role.as_str() {
        "none" => Ok(None),
        word => Role::parse(word).map(Some).ok_or_else(|| Problems::one("role", "Choose a role.")),
    };
    if matches!(&role, Ok(role) if *role == member.role) {
        return Ok(go_to(&req, Flash::Unchanged.at(&members_path(&manager))));
    }
    let checked = match role {
        Ok(role) => confirmed(&req, &app, &manager.me, &form.password).await?.map(|()| role),
        Err(problems) => Err(problems),
    };
    let saved = match checked {
        Ok(role) => set(&app, &mut manager, member.account, role, false).await?,
        Err(problems) => Err(problems),
    };
    match saved {
        Ok(done) if member.account == manager.me.account.id => Ok(go_to(&req, done.at("/feeds"))),
        Ok(done) => Ok(go_to(&req, done.at(&members_path(&manager)))),
        Err(problems) => draw_one(&req, &manager, member, StatusCode::UNPROCESSABLE_ENTITY, form.role, problems),
    }
}

/// The account of a username that somebody typed; the error is for its field. What comes to nothing is counted, so that
/// nobody finds out who has an account by trying names: [`found`] gives back what a good one took.
pub(in crate::portal) async fn account_called(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    username: &str,
) -> Result<Result<Account, String>, PageError> {
    let name = username.trim();
    let demand = Demand::wrong_username(me.account.id);
    if let RateLimitDecision::Wait(wait) = app.limits.take_now(&app.store, &demand, me.now).await? {
        return Ok(Err(too_many(req, wait)));
    }
    // Addresses are nobody's business here.
    let is_username = crate::accounts::identity::username(name).is_ok();
    let found = if is_username { app.store.account_named(name).await? } else { None };
    let missing = || match name {
        "" => "Enter a username.".to_owned(),
        _ => "There is no account of this username. Ask them how it is spelled.".to_owned(),
    };
    Ok(found.ok_or_else(missing))
}

/// Notes that a username that was typed came to something.
pub(in crate::portal) async fn found(app: &App, tx: &mut Transaction, me: &SignedIn) -> Result<(), PageError> {
    Ok(app.limits.undo(tx, &Demand::wrong_username(me.account.id)).await?)
}

/// Gives somebody a role, or takes it away. Nobody but the giver is made an owner without saying yes. `typed` if they
/// were named and not chosen.
async fn set(
    app: &App,
    manager: &mut Manager,
    account: AccountId,
    role: Option<Role>,
    typed: bool,
) -> Result<Result<Flash, Problems>, PageError> {
    let mut tx = manager.begin(app).await?;
    let Manager { me, feed } = manager;
    if typed {
        found(app, &mut tx, me).await?;
    }
    if role == Some(Role::Owner) && account != me.account.id {
        let asked = tx.invite_owner((feed, None), (account, me.account.id), &me.actor, me.now).await?;
        tx.commit().await?;
        return Ok(Ok(if asked { Flash::OwnerInvited } else { Flash::Saved }));
    }
    if tx.change_member(feed, account, role, &me.actor, me.now).await? == MemberChange::LastOwner {
        return Ok(Err(Problems::one(
            "role",
            "This is the only owner of the feed. Make somebody else an owner first.",
        )));
    }
    tx.commit().await?;
    Ok(Ok(Flash::Saved))
}

/// `POST /feeds/{feed}/invitations/{id}/withdraw`
pub async fn withdraw_invitation(
    req: HttpRequest,
    app: Data<App>,
    at: Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let (feed, id) = at.into_inner();
    let mut manager = Manager::of(&req, &app, &feed).await?;
    let id = InvitationId::parse(&id).ok_or(PageError::NotFound)?;
    let mut tx = manager.begin(&app).await?;
    let me = &manager.me;
    if !tx.withdraw_owner_invitation(id, (&manager.feed, None), &me.actor, me.now).await? {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    Ok(go_to(&req, Flash::InvitationWithdrawn.at(&members_path(&manager))))
}

/// A member; anybody else is not found.
async fn find(app: &App, manager: &Manager, account: &str) -> Result<Member, PageError> {
    let id = AccountId::parse(account).ok_or(PageError::NotFound)?;
    let member = app.store.member(manager.feed.id, id).await?;
    member.filter(|member| member.role.is_some()).ok_or(PageError::NotFound)
}

fn members_path(manager: &Manager) -> String {
    format!("{}/members", path(&manager.feed.name))
}

async fn everyone(app: &App, manager: &Manager) -> Result<&'static str, PageError> {
    Ok(app.store.everyones_role(manager.feed.id).await?.map_or("", Role::as_str))
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    manager: &Manager,
    after: &str,
    status: StatusCode,
    form: AddForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let after: String = after.chars().filter(|letter| !letter.is_control()).take(100).collect();
    let members = Rows::new(app.store.members(manager.feed.id, &after, limit(PAGE)).await?, PAGE);
    let path = path(&manager.feed.name);
    let invitations = app.store.owner_invitations_to_feed(manager.feed.id, manager.me.now).await?;
    let page = Members {
        page: Page::in_section(req, format!("Members of {}", manager.feed.name), "feeds"),
        name: manager.feed.name.clone(),
        next: members.next(|last| with_query(&members_path(manager), [("after", last.username.to_ascii_lowercase())])),
        first: after.is_empty(),
        members: members.shown.into_iter().map(|member| row(manager, &path, member)).collect(),
        invitations: invitations.into_iter().map(|one| InvitationView::new(one, &manager.me)).collect(),
        path,
        everyone: everyone(app, manager).await?,
        roles: choices(&Role::ALL),
        username: form.username,
        role: form.role,
        ask_password: manager.me.must_prove(),
        problems,
    };
    answer(status, &page)
}

fn row(manager: &Manager, path: &str, member: Member) -> MemberRow {
    MemberRow {
        path: format!("{path}/members/{}", member.account),
        role: member.role.map_or("", label),
        is_me: member.account == manager.me.account.id,
        username: member.username,
    }
}

fn draw_one(
    req: &HttpRequest,
    manager: &Manager,
    member: Member,
    status: StatusCode,
    role: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = ShowMember {
        page: Page::in_section(req, format!("{} in {}", member.username, manager.feed.name), "feeds"),
        name: manager.feed.name.clone(),
        path: format!("{}/members/{}", path(&manager.feed.name), member.account),
        username: member.username,
        roles: choices(&Role::ALL).into_iter().chain([OUT]).collect(),
        role,
        ask_password: manager.me.must_prove(),
        problems,
    };
    answer(status, &page)
}
