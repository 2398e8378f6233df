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
    app::App,
    feeds::{Member, MemberChange},
    portal::{
        account::{invitations::InvitationView, sign_out::Nothing},
        username_lookup::{account_called, found},
    },
    tokens::{AccountId, InvitationId, decision::Role},
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        late_form::typed,
        page::{Page, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
        reauth,
        toolbar::Pager,
    },
};

/// What a form offers besides roles.
const OUT: RoleChoice = RoleChoice { word: "none", label: "Remove from the feed", words: "What they published stays" };
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
    pager: Pager,
    first: bool,
    roles: Vec<RoleChoice>,
    username: String,
    role: String,
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
}

/// Changes somebody's role; `none` takes them out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleForm {
    #[serde(default)]
    role: String,
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
    let outcome = add(&req, &app, &mut manager, &form).await;
    or_again(outcome, async |status, problems| draw(&req, &app, &manager, "", status, form, problems).await).await
}

async fn add(req: &HttpRequest, app: &App, manager: &mut Manager, form: &AddForm) -> Result<HttpResponse, FormError> {
    let mut problems = Problems::default();
    let account = account_called(req, app, &manager.me, "username", &form.username, &mut problems).await?;
    let role = problems.keep("role", Role::parse(&form.role).ok_or("Choose a role."));
    let (account, role) = problems.or(account.zip(role))?;
    reauth::require(req, app, &manager.me).await?;
    let done = set(app, manager, account.id, Some(role), true).await?;
    Ok(go_to(req, done.at(&members_path(manager))))
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
    let outcome = change(&req, &app, &mut manager, &member, &form.role).await;
    or_again(outcome, async |status, problems| draw_one(&req, &manager, member, status, form.role, problems)).await
}

async fn change(
    req: &HttpRequest,
    app: &App,
    manager: &mut Manager,
    member: &Member,
    role: &str,
) -> Result<HttpResponse, FormError> {
    let role = match role {
        "none" => None,
        word => Some(Role::parse(word).ok_or_else(|| FormError::field("role", "Choose a role."))?),
    };
    let members = members_path(manager);
    if role == member.role {
        return Ok(go_to(req, Flash::Unchanged.at(&members)));
    }
    reauth::require(req, app, &manager.me).await?;
    let done = set(app, manager, member.account, role, false).await?;
    let is_me = member.account == manager.me.account.id;
    Ok(go_to(req, done.at(if is_me { "/feeds" } else { &members })))
}

/// Gives somebody a role, or takes it away. Nobody but the giver is made an owner without saying yes. `typed` if they
/// were named and not chosen.
async fn set(
    app: &App,
    manager: &mut Manager,
    account: AccountId,
    role: Option<Role>,
    typed: bool,
) -> Result<Flash, FormError> {
    let mut tx = manager.begin(app).await?;
    let Manager { me, feed } = manager;
    if typed {
        found(app, &mut tx, me).await?;
    }
    if role == Some(Role::Owner) && account != me.account.id {
        let asked = tx.invite_owner((feed, None), (account, me.account.id), &me.actor, me.now).await?;
        tx.commit().await?;
        return Ok(if asked { Flash::OwnerInvited } else { Flash::Saved });
    }
    if tx.change_member(feed, account, role, &me.actor, me.now).await? == MemberChange::LastOwner {
        return Err(FormError::field("role", "This is the only owner of the feed. Make somebody else an owner first."));
    }
    tx.commit().await?;
    Ok(Flash::Saved)
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
    let here = members_path(manager);
    let next = members.next(|last| with_query(&here, [("after", last.username.to_ascii_lowercase())]));
    let page = Members {
        page: Page::in_section(req, format!("Members of {}", manager.feed.name), "feeds"),
        name: manager.feed.name.clone(),
        pager: Pager::onward(&here, &[], after.is_empty(), next),
        first: after.is_empty(),
        members: members.shown.into_iter().map(|member| row(manager, &path, member)).collect(),
        invitations: invitations.into_iter().map(|one| InvitationView::new(one, &manager.me)).collect(),
        path,
        everyone: everyone(app, manager).await?,
        roles: choices(&Role::ALL),
        username: form.username,
        role: form.role,
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
        problems,
    };
    answer(status, &page)
}
