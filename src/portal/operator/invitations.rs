//! Who was invited and has not chosen a password yet: a new link, or no account after all. Each is asked about first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{Operator, ROWS, account_status::AccountStatusForm, people, typed};
use crate::{
    accounts::{InvitedAccount, one_time_link::INVITED},
    app::App,
    portal::tokens::confirmed,
    tokens::AccountId,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::Time,
        page::{Page, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
    },
};

const HERE: &str = "/operator/accounts/invitations";

#[derive(Template)]
#[template(path = "portal/operator/invitations.html")]
struct Invitations {
    page: Page,
    people: Vec<Pending>,
    is_first: bool,
    next: Option<String>,
}

struct Pending {
    id: String,
    username: String,
    email: String,
    invited_by: String,
    invited: Time,
    until: Time,
    is_over: bool,
}

#[derive(Template)]
#[template(path = "portal/operator/invitations/confirm.html")]
struct Confirm {
    page: Page,
    id: String,
    username: String,
    email: String,
    verb: String,
    mails_are_files: bool,
    ask_password: bool,
    problems: Problems,
}

/// Which page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct InvitationPath {
    #[serde(default)]
    after: String,
}

/// `GET /operator/accounts/invitations`
pub async fn list_invitations(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    at: Option<Query<InvitationPath>>,
) -> Result<HttpResponse, PageError> {
    let after = typed(&at.map(Query::into_inner).unwrap_or_default().after);
    let found = Rows::new(app.store.invited_accounts(&after, limit(ROWS)).await?, ROWS);
    let page = Invitations {
        page: Page::in_section(&req, "Invitations", "operator-accounts"),
        next: found.next(|last| with_query(HERE, [("after", &last.account.username)])),
        people: found.shown.into_iter().map(|one| pending(one, &me)).collect(),
        is_first: after.is_empty(),
    };
    answer(StatusCode::OK, &page)
}

fn pending(one: InvitedAccount, me: &Operator) -> Pending {
    let until = one.invited_at + INVITED;
    Pending {
        id: one.account.id.to_string(),
        username: one.account.username,
        email: one.account.email,
        invited_by: one.invited_by.unwrap_or_default(),
        invited: me.time(one.invited_at),
        until: me.time(until),
        is_over: until <= me.now,
    }
}

/// `GET /operator/accounts/invitations/{id}/{verb}`
pub async fn ask_invitation_change(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    draw(&req, &app, &me, &path, StatusCode::OK, Problems::default()).await
}

/// `POST /operator/accounts/invitations/{id}/{verb}`
pub async fn change_invitation(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(form): Form<AccountStatusForm>,
) -> Result<HttpResponse, PageError> {
    if let Err(problems) = confirmed(&req, &app, &me, &form.password).await? {
        return draw(&req, &app, &me, &path, StatusCode::UNPROCESSABLE_ENTITY, problems).await;
    }
    let (id, verb) = path.into_inner();
    let id = AccountId::parse(&id).ok_or(PageError::NotFound)?;
    let mut tx = me.begin(&app).await?;
    if verb == "withdraw" {
        tx.withdraw_invited_account(id, &me.actor, me.now).await?.ok_or(PageError::NotFound)?;
        tx.commit().await?;
        return Ok(go_to(&req, Flash::AccountInvitationWithdrawn.at(HERE)));
    }
    let account = tx.invite_again(id, &me.actor, me.now).await?.ok_or(PageError::NotFound)?;
    let invited = people::again(&app, &mut tx, &me, &account).await?;
    tx.commit().await?;
    people::invited_page(&req, &app, vec![invited])
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    (id, verb): &(String, String),
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let id = AccountId::parse(id).ok_or(PageError::NotFound)?;
    let account = app.store.account(id).await?.filter(|account| account.password_hash.is_none());
    let account = account.ok_or(PageError::NotFound)?;
    let title = if verb == "withdraw" { "Withdraw the invitation of" } else { "Invite again:" };
    let page = Confirm {
        page: Page::in_section(req, format!("{title} {}", account.username), "operator-accounts"),
        id: account.id.to_string(),
        username: account.username,
        email: account.email,
        verb: verb.clone(),
        mails_are_files: app.settings.smtp_url.is_none(),
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}
