//! The owners of a package: who may add, unlist and relist its versions. There is always one.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{PackageAt, Seen};
use crate::{
    accounts::Account,
    app::App,
    feeds::{Member, MemberChange},
    portal::{
        account::{invitations::InvitationView, sign_out::Nothing},
        username_lookup::{account_called, found},
    },
    tokens::{AccountId, InvitationId, decision::Role},
    web::{
        confirm::{Confirm, ConfirmForm, Fact},
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        late_form::typed,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

/// Owners that are shown; nobody has so many.
const OWNERS: i64 = 200;

#[derive(Template)]
#[template(path = "portal/packages/owners.html")]
struct Owners {
    page: Page,
    name: String,
    package_path: String,
    path: String,
    feed: String,
    owners: Vec<OwnerRow>,
    invitations: Vec<InvitationView>,
    username: String,
    problems: Problems,
}

struct OwnerRow {
    username: String,
    path: String,
    is_me: bool,
}

/// Adds an owner.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddForm {
    username: String,
}

/// An owner that an address names.
#[derive(Debug, Deserialize)]
pub struct Owning {
    account: String,
}

/// An invitation that an address names.
#[derive(Debug, Deserialize)]
pub struct Invited {
    invitation: String,
}

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/owners`
pub async fn list_owners(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    at: PackageAt,
) -> Result<HttpResponse, PageError> {
    let seen = owned(&req, &app, &at).await?;
    let form: AddForm = typed(&req, &seen.owners_path()).unwrap_or_default();
    draw(&req, &app, &me, &seen, StatusCode::OK, form.username, Problems::default()).await
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/owners`
pub async fn add_owner(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    at: PackageAt,
    Form(form): Form<AddForm>,
) -> Result<HttpResponse, PageError> {
    let mut seen = owned(&req, &app, &at).await?;
    let outcome = add(&req, &app, &me, &mut seen, &form.username).await;
    or_again(outcome, async |status, problems| draw(&req, &app, &me, &seen, status, form.username, problems).await)
        .await
}

async fn add(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    seen: &mut Seen,
    username: &str,
) -> Result<HttpResponse, FormError> {
    let account = able(req, app, me, seen, username).await?;
    reauth::require(req, app, me).await?;
    let mut tx = seen.begin(app, Seen::manages_owners).await?;
    let (stored, feed) = (&seen.package.stored, &seen.visitor.feed);
    found(app, &mut tx, me).await?;
    // Nobody but the giver is made an owner without saying yes.
    let done = if account.id == me.account.id {
        tx.add_owner(&seen.change()?, stored, account.id).await?;
        Flash::Saved
    } else if tx.invite_owner((feed, Some(stored)), (account.id, me.account.id), &me.actor, me.now).await? {
        Flash::OwnerInvited
    } else {
        Flash::Saved
    };
    tx.commit().await?;
    Ok(go_to(req, done.at(&seen.owners_path())))
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/invitations/{invitation}/withdraw`
pub async fn withdraw_invitation(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    at: PackageAt,
    named: Path<Invited>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let mut seen = owned(&req, &app, &at).await?;
    let invitation = InvitationId::parse(&named.invitation).ok_or(PageError::NotFound)?;
    let mut tx = seen.begin(&app, Seen::manages_owners).await?;
    let (stored, feed) = (&seen.package.stored, &seen.visitor.feed);
    if !tx.withdraw_owner_invitation(invitation, (feed, Some(stored)), &me.actor, me.now).await? {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    Ok(go_to(&req, Flash::InvitationWithdrawn.at(&seen.owners_path())))
}

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/owners/{account}`
pub async fn ask_remove_owner(
    req: HttpRequest,
    app: Data<App>,
    _me: SignedIn,
    at: PackageAt,
    named: Path<Owning>,
) -> Result<HttpResponse, PageError> {
    let seen = owned(&req, &app, &at).await?;
    let owner = find(&app, &seen, &named.account).await?;
    question(&seen, &owner).ask(&req)
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/owners/{account}`
pub async fn remove_owner(
    req: HttpRequest,
    app: Data<App>,
    _me: SignedIn,
    at: PackageAt,
    named: Path<Owning>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let mut seen = owned(&req, &app, &at).await?;
    let owner = find(&app, &seen, &named.account).await?;
    let mut tx = seen.begin(&app, Seen::manages_owners).await?;
    if tx.remove_owner(&seen.change()?, &seen.package.stored, owner.account).await? == MemberChange::LastOwner {
        let why = "This is the only owner of the package. Add another one first.";
        return question(&seen, &owner).refuse(&req, why);
    }
    tx.commit().await?;
    Ok(go_to(&req, Flash::Saved.at(&seen.path())))
}

/// The package of an address, for those who say who owns it; for everybody else there is nothing here.
async fn owned(req: &HttpRequest, app: &App, at: &PackageAt) -> Result<Seen, PageError> {
    let seen = Seen::of(req, app, at).await?;
    if seen.manages_owners() { Ok(seen) } else { Err(PageError::NotFound) }
}

/// The account of a username, if it can upload to the feed.
async fn able(req: &HttpRequest, app: &App, me: &SignedIn, seen: &Seen, username: &str) -> Result<Account, FormError> {
    let mut problems = Problems::default();
    let account = account_called(req, app, me, "username", username, &mut problems).await?;
    let account = problems.or(account)?;
    let feed = &seen.visitor.feed.name;
    let role = app.store.feed(feed, Some(account.id)).await?.and_then(|found| found.role);
    if role >= Some(Role::Writer) {
        return Ok(account);
    }
    let why = format!("{} is no writer in {feed}. An owner of the feed can make them one.", account.username);
    Err(FormError::field("username", why))
}

async fn find(app: &App, seen: &Seen, account: &str) -> Result<Member, PageError> {
    let id = AccountId::parse(account).ok_or(PageError::NotFound)?;
    let owners = app.store.owners(seen.package.stored.key, OWNERS).await?;
    owners.into_iter().find(|owner| owner.account == id).ok_or(PageError::NotFound)
}

fn question(seen: &Seen, owner: &Member) -> Confirm {
    let back = seen.owners_path();
    let what = "From the next request on, keys of this account can no longer add, unlist or relist versions of this package. What was published stays.";
    let question = Confirm {
        lede: what.to_owned(),
        button: "Remove owner".to_owned(),
        action: format!("{back}/{}", owner.account),
        ..seen.question(format!("Remove {} as an owner", owner.username), back)
    };
    question.with_fact(Fact::text("Owner", owner.username.clone()))
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    seen: &Seen,
    status: StatusCode,
    username: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let path = format!("{}/-", seen.path());
    let row = |owner: Member| OwnerRow {
        path: format!("{path}/owners/{}", owner.account),
        is_me: owner.account == me.account.id,
        username: owner.username,
    };
    let owners = app.store.owners(seen.package.stored.key, OWNERS).await?.into_iter().map(row).collect();
    let invitations = app.store.owner_invitations_to_package(seen.package.stored.key, me.now).await?;
    let page = Owners {
        page: Page::in_section(req, format!("Owners of {}", seen.name()), "packages"),
        name: seen.name().to_owned(),
        feed: seen.visitor.feed.name.clone(),
        owners,
        invitations: invitations.into_iter().map(|one| InvitationView::new(one, me)).collect(),
        package_path: seen.path(),
        path,
        username,
        problems,
    };
    answer(status, &page)
}
