//! Deleting an account: the page says what goes and what stays, and the name is typed.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{AccountView, BOUND, Operator, account, account_status::LAST, counted};
use crate::{
    accounts::{AccountDeletion, AccountSummary, OwnedAlone},
    app::App,
    portal::tokens::confirmed,
    tokens::AccountId,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        late_form::typed,
        page::{Page, answer, go_to},
    },
};

#[derive(Template)]
#[template(path = "portal/operator/delete_account.html")]
struct Delete {
    page: Page,
    account: AccountView,
    tokens: String,
    /// Names what nobody else owns; empty for nothing.
    heir_hint: String,
    type_it: String,
    form: DeleteForm,
    ask_password: bool,
    problems: Problems,
}

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteForm {
    username: String,
    #[serde(default)]
    heir: String,
    #[serde(default)]
    password: String,
}

/// `GET /operator/accounts/{id}/delete`
pub async fn ask_delete_account(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let line = account(&app, &id).await?;
    let form = typed(&req, &format!("/operator/accounts/{}/delete", line.account.id)).unwrap_or_default();
    draw(&req, &app, &me, &line, StatusCode::OK, form, Problems::default()).await
}

/// `POST /operator/accounts/{id}/delete`
pub async fn delete_account(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(form): Form<DeleteForm>,
) -> Result<HttpResponse, PageError> {
    let line = account(&app, &id).await?;
    let mut problems = Problems::default();
    if !form.username.trim().eq_ignore_ascii_case(&line.account.username) {
        problems.note("username", format!("Type {} to delete this account.", line.account.username));
    }
    let heir = problems.keep("heir", heir(&app, line.account.id, &form.heir).await?);
    if problems.is_empty()
        && let Err(unproven) = confirmed(&req, &app, &me, &form.password).await?
    {
        problems = unproven;
    }
    let Some(heir) = heir.filter(|_| problems.is_empty()) else {
        return draw(&req, &app, &me, &line, StatusCode::UNPROCESSABLE_ENTITY, form, problems).await;
    };
    let refused = |field, text: String| (StatusCode::CONFLICT, Problems::one(field, text));
    let (status, problems) = match app.store.delete_account(line.account.id, heir, &me.actor, me.now).await? {
        AccountDeletion::Gone => return Err(PageError::NotFound),
        AccountDeletion::Done if line.account.id == me.account.id => {
            me.session.end();
            return Ok(go_to(&req, Flash::AccountDeleted.at("/sign-in")));
        }
        AccountDeletion::Done => return Ok(go_to(&req, Flash::AccountDeleted.at("/operator/accounts"))),
        AccountDeletion::LastOperator => refused("", LAST.to_owned()),
        AccountDeletion::NeedsHeir(alone) => (StatusCode::UNPROCESSABLE_ENTITY, needs_heir(&alone)),
        AccountDeletion::UnfitHeir => (StatusCode::UNPROCESSABLE_ENTITY, Problems::one("heir", UNFIT)),
    };
    draw(&req, &app, &me, &line, status, form, problems).await
}

pub(super) const UNFIT: &str = "This account is disabled; name one that can look after the packages and feeds.";

/// Said where packages or feeds would be left without an owner.
pub(super) fn needs_heir(alone: &OwnedAlone) -> Problems {
    Problems::one("heir", format!("Name a new owner: nobody else owns {alone}."))
}

/// The account that a name names, if one is given, in place of the one that goes; the error is for its field.
pub(super) async fn heir(
    app: &App,
    goes: AccountId,
    name: &str,
) -> Result<Result<Option<AccountId>, &'static str>, PageError> {
    let name = super::typed(name);
    if name.is_empty() {
        return Ok(Ok(None));
    }
    let found = app.store.account_named(&name).await?.map(|account| account.id);
    Ok(match found {
        Some(id) if id == goes => Err("This account goes; name another one."),
        Some(id) => Ok(Some(id)),
        None => Err("There is no account of this name."),
    })
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    line: &AccountSummary,
    status: StatusCode,
    form: DeleteForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let facts = app.store.account_facts(line.account.id, BOUND).await?;
    let alone = app.store.owned_alone(line.account.id).await?;
    let page = Delete {
        page: Page::in_section(req, format!("Delete {}", line.account.username), "operator-accounts"),
        account: AccountView::new(line, me),
        tokens: counted(facts.tokens, "token"),
        heir_hint: if alone.is_empty() { String::new() } else { format!("Nobody else owns {alone}.") },
        type_it: format!("Type {} to delete it", line.account.username),
        form,
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}
