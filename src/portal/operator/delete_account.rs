//! Deleting an account: the page says what goes and what stays, and the name is typed.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{BOUND, Operator, about_account, account_status::LAST, counted, find_account};
use crate::{
    accounts::{AccountDeletion, AccountSummary, OwnedAlone},
    app::App,
    tokens::AccountId,
    web::{
        confirm::{Confirm, Input, Instead, Link, Piece},
        error::PageError,
        flash::Flash,
        form::{Form, FormError, Problems, or_again},
        late_form::typed,
        page::{Page, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/operator/delete_account.html")]
struct Delete {
    page: Page,
    confirm: Confirm,
    tokens: String,
    problems: Problems,
}

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteForm {
    username: String,
    #[serde(default)]
    heir: String,
}

/// `GET /operator/accounts/{id}/delete`
pub async fn ask_delete_account(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let line = find_account(&app, &id).await?;
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
    let line = find_account(&app, &id).await?;
    let outcome = delete(&req, &app, &me, &line, &form).await;
    or_again(outcome, async |status, problems| draw(&req, &app, &me, &line, status, form, problems).await).await
}

async fn delete(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    line: &AccountSummary,
    form: &DeleteForm,
) -> Result<HttpResponse, FormError> {
    let mut problems = Problems::default();
    if !form.username.trim().eq_ignore_ascii_case(&line.account.username) {
        problems.note("username", format!("Type {} to delete this account.", line.account.username));
    }
    let heir = heir(app, line.account.id, &form.heir, &mut problems).await?;
    problems.or(Some(()))?;
    reauth::require(req, app, me).await?;
    let farewells = app.farewells(&line.account).await?;
    match app.store.delete_account(line.account.id, heir, &farewells, &me.actor, me.now).await? {
        AccountDeletion::Gone => Err(PageError::NotFound.into()),
        AccountDeletion::Done if line.account.id == me.account.id => {
            me.session.end();
            Ok(go_to(req, Flash::AccountDeleted.at("/sign-in")))
        }
        AccountDeletion::Done => Ok(go_to(req, Flash::AccountDeleted.at("/operator/accounts"))),
        AccountDeletion::LastOperator => Err(FormError::conflict(LAST)),
        AccountDeletion::NeedsHeir(alone) => Err(needs_heir(&alone)),
        AccountDeletion::UnfitHeir => Err(FormError::field("heir", UNFIT)),
    }
}

pub(super) const UNFIT: &str = "This account is disabled; name one that can look after the packages and feeds.";

/// Said where packages or feeds would be left without an owner.
pub(super) fn needs_heir(alone: &OwnedAlone) -> FormError {
    FormError::field("heir", format!("Name a new owner: nobody else owns {alone}."))
}

/// The field that asks for a new owner; none where nobody is needed.
pub(super) fn heir_input(alone: &OwnedAlone, typed: String) -> Option<Input> {
    (!alone.is_empty()).then(|| Input {
        field: "heir",
        label: "Transfer sole ownerships to".to_owned(),
        value: typed,
        hint: format!("Nobody else owns {alone}."),
    })
}

/// The account that a name names, if one is given, in place of the one that goes; what is wrong with it is noted.
pub(super) async fn heir(
    app: &App,
    goes: AccountId,
    name: &str,
    problems: &mut Problems,
) -> Result<Option<AccountId>, PageError> {
    let name = super::typed(name);
    if name.is_empty() {
        return Ok(None);
    }
    let found = app.store.account_named(&name).await?.map(|account| account.id);
    let heir = match found {
        Some(id) if id == goes => Err("This account goes; name another one."),
        Some(id) => Ok(id),
        None => Err("There is no account of this name."),
    };
    Ok(problems.keep("heir", heir))
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
    let username = &line.account.username;
    let question = about_account(&line.account, "Delete");
    let path = question.back.path.clone();
    let username_input = Input {
        field: "username",
        label: format!("Type {username} to confirm"),
        value: form.username,
        hint: String::new(),
    };
    let confirm = Confirm {
        lede: "This cannot be undone.".to_owned(),
        instead: Some(Instead {
            before: "To keep it and lock it, ",
            link: Link::new(format!("{path}/disable"), "disable"),
            after: " it instead.",
        }),
        button: "Delete for good".to_owned(),
        is_danger: true,
        action: format!("{path}/delete"),
        inputs: heir_input(&alone, form.heir).into_iter().chain([username_input]).collect(),
        asks_proof: me.must_prove(),
        ..question
    };
    let page = Delete { page: confirm.page(req), confirm, tokens: counted(facts.tokens, "token"), problems };
    answer(status, &page)
}
