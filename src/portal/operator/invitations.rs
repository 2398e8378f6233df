//! Who was invited and has not chosen a password yet: a new link, or no account after all. Each is asked about first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    Operator, ROWS,
    delete_account::{UNFIT, heir, needs_heir},
    people, typed,
};
use crate::{
    accounts::{Account, AccountDeletion, InvitedAccount, OwnedAlone, one_time_link::INVITED},
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
    is_disabled: bool,
}

#[derive(Template)]
#[template(path = "portal/operator/invitations/confirm.html")]
struct Confirm {
    page: Page,
    id: String,
    username: String,
    email: String,
    verb: String,
    /// What nobody else owns, if the account is to go.
    heir_hint: String,
    form: InvitationForm,
    mails_are_files: bool,
    ask_password: bool,
    problems: Problems,
}

/// What the page sends: who gets what only the account owns, and the password, when they were asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationForm {
    #[serde(default)]
    heir: String,
    #[serde(default)]
    password: String,
}

const DISABLED: &str = "This account is disabled, so its links do not work. Enable it first.";

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
        is_disabled: one.account.disabled_at.is_some(),
    }
}

/// `GET /operator/accounts/invitations/{id}/{verb}`
pub async fn ask_invitation_change(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    draw(&req, &app, &me, &path, (StatusCode::OK, Problems::default()), InvitationForm::default()).await
}

/// `POST /operator/accounts/invitations/{id}/{verb}`
pub async fn change_invitation(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(form): Form<InvitationForm>,
) -> Result<HttpResponse, PageError> {
    let refused = if let Err(problems) = confirmed(&req, &app, &me, &form.password).await? {
        (StatusCode::UNPROCESSABLE_ENTITY, problems)
    } else if path.1 == "withdraw" {
        match withdraw(&app, &me, &path.0, &form.heir).await? {
            Ok(()) => return Ok(go_to(&req, Flash::AccountInvitationWithdrawn.at(HERE))),
            Err(problems) => (StatusCode::UNPROCESSABLE_ENTITY, problems),
        }
    } else {
        match resend(&app, &me, &path.0).await? {
            Some(invited) => return people::invited_page(&req, &app, vec![invited]),
            None => (StatusCode::CONFLICT, Problems::one("", DISABLED)),
        }
    };
    draw(&req, &app, &me, &path, refused, form).await
}

async fn withdraw(app: &App, me: &Operator, id: &str, name: &str) -> Result<Result<(), Problems>, PageError> {
    let id = pending_account(app, id).await?.id;
    let heir = match heir(app, id, name).await? {
        Ok(heir) => heir,
        Err(problem) => return Ok(Err(Problems::one("heir", problem))),
    };
    let mut tx = me.begin(app).await?;
    Ok(match tx.withdraw_invited_account(id, heir, &me.actor, me.now).await? {
        AccountDeletion::Done => Ok(tx.commit().await?),
        AccountDeletion::NeedsHeir(alone) => Err(needs_heir(&alone)),
        AccountDeletion::UnfitHeir => Err(Problems::one("heir", UNFIT)),
        AccountDeletion::Gone | AccountDeletion::LastOperator => return Err(PageError::NotFound),
    })
}

/// None for a disabled account.
async fn resend(app: &App, me: &Operator, id: &str) -> Result<Option<people::Invited>, PageError> {
    let account = pending_account(app, id).await?;
    if account.disabled_at.is_some() {
        return Ok(None);
    }
    let mut tx = me.begin(app).await?;
    let account = tx.invite_again(account.id, &me.actor, me.now).await?.ok_or(PageError::NotFound)?;
    let invited = people::again(app, &mut tx, me, &account).await?;
    tx.commit().await?;
    Ok(Some(invited))
}

async fn pending_account(app: &App, id: &str) -> Result<Account, PageError> {
    let id = AccountId::parse(id).ok_or(PageError::NotFound)?;
    let account = app.store.account(id).await?.filter(|account| account.password_hash.is_none());
    account.ok_or(PageError::NotFound)
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    (id, verb): &(String, String),
    (status, problems): (StatusCode, Problems),
    form: InvitationForm,
) -> Result<HttpResponse, PageError> {
    let account = pending_account(app, id).await?;
    let alone = if verb == "withdraw" { app.store.owned_alone(account.id).await? } else { OwnedAlone::default() };
    let title = if verb == "withdraw" { "Withdraw the invitation of" } else { "Invite again:" };
    let page = Confirm {
        page: Page::in_section(req, format!("{title} {}", account.username), "operator-accounts"),
        id: account.id.to_string(),
        username: account.username,
        email: account.email,
        verb: verb.clone(),
        heir_hint: if alone.is_empty() { String::new() } else { format!("Nobody else owns {alone}.") },
        form,
        mails_are_files: app.settings.smtp_url.is_none(),
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}
