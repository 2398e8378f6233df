//! Deleting an account: the page says what goes and what stays, and the name is typed.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{AccountView, BOUND, Operator, account, counted, standing::LAST};
use crate::{
    app::App,
    portal::{
        done::Done,
        error::PageError,
        form::{Form, Problems},
        page::{Page, answer, go_to},
        tokens::confirmed,
    },
    store::{AccountChange, AccountFacts, AccountLine},
    tokens::AccountId,
};

#[derive(Template)]
#[template(path = "portal/operator/delete_account.html")]
struct Delete {
    page: Page,
    account: AccountView,
    tokens: String,
    /// What nobody else owns; empty for nothing.
    only_its: Vec<String>,
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
pub async fn show(req: HttpRequest, app: Data<App>, me: Operator, id: Path<String>) -> Result<HttpResponse, PageError> {
    let line = account(&app, &id).await?;
    draw(&req, &app, &me, &line, StatusCode::OK, DeleteForm::default(), Problems::default()).await
}

/// `POST /operator/accounts/{id}/delete`
pub async fn submit(
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
    let heir = problems.keep("heir", heir(&app, &line, &form.heir).await?);
    if problems.is_empty()
        && let Err(unproven) = confirmed(&req, &app, &me, &form.password).await?
    {
        problems = unproven;
    }
    let Some(heir) = heir.filter(|_| problems.is_empty()) else {
        return draw(&req, &app, &me, &line, StatusCode::UNPROCESSABLE_ENTITY, form, problems).await;
    };
    match app.store.delete_account(line.account.id, heir, &me.actor, me.now).await? {
        AccountChange::LastOperator => {
            draw(&req, &app, &me, &line, StatusCode::CONFLICT, form, Problems::one("", LAST)).await
        }
        AccountChange::Gone => Err(PageError::NotFound),
        AccountChange::Done | AccountChange::Already if line.account.id == me.account.id => {
            me.session.end();
            Ok(go_to(&req, &Done::AccountDeleted.at("/sign-in")))
        }
        AccountChange::Done | AccountChange::Already => Ok(go_to(&req, &Done::AccountDeleted.at("/operator/accounts"))),
    }
}

/// The account that a name names, if one is given; the error is for its field.
async fn heir(app: &App, line: &AccountLine, name: &str) -> Result<Result<Option<AccountId>, &'static str>, PageError> {
    let name = super::typed(name);
    if name.is_empty() {
        return Ok(Ok(None));
    }
    let found = app.store.account_named(&name).await?.map(|account| account.id);
    Ok(match found {
        Some(id) if id == line.account.id => Err("This account goes; name another one."),
        Some(id) => Ok(Some(id)),
        None => Err("There is no account of this name."),
    })
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    line: &AccountLine,
    status: StatusCode,
    form: DeleteForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let facts = app.store.account_facts(line.account.id, BOUND).await?;
    let only_its = only_its(&facts);
    let page = Delete {
        page: Page::in_section(req, format!("Delete {}", line.account.username), "operator-accounts"),
        account: AccountView::new(line, me),
        tokens: counted(facts.tokens, "token"),
        heir_hint: format!("Nobody else owns {}. Without a new owner, nobody looks after them.", only_its.join(", ")),
        only_its,
        type_it: format!("Type {} to delete it", line.account.username),
        form,
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}

fn only_its(facts: &AccountFacts) -> Vec<String> {
    let packages = (facts.only_its > 0).then(|| counted(facts.only_its, "package"));
    let feeds = facts.only_owner_of.iter().map(|name| format!("the feed {name}"));
    packages.into_iter().chain(feeds).collect()
}
