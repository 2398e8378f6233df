//! A one-time link by which somebody sets a new password for their account: made here, shown once, handed over in private.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{AccountView, Operator, about_account, find_account};
use crate::{
    accounts::AccountSummary,
    app::App,
    auth::password_link::make_password_link,
    web::{
        confirm::{Confirm, ConfirmForm},
        error::PageError,
        form::Form,
        page::{Page, answer},
        reauth,
    },
};

const DISABLED: &str = "This account is disabled, so its links do not work. Enable it first.";

#[derive(Template)]
#[template(path = "portal/operator/password_link/made.html")]
struct Made {
    page: Page,
    account: AccountView,
    link: String,
}

/// `GET /operator/accounts/{id}/password`
pub async fn ask_password_link(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    question(&me, &find_account(&app, &id).await?).ask(&req)
}

/// `POST /operator/accounts/{id}/password`: the one answer that carries the link.
pub async fn create_password_link(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let line = find_account(&app, &id).await?;
    reauth::require(&req, &app, &me).await?;
    if line.account.disabled_at.is_some() {
        return question(&me, &line).refuse(&req, DISABLED);
    }
    let mut tx = me.begin(&app).await?;
    let path = make_password_link(&mut tx, line.account.id, &me.actor, me.now).await?;
    tx.commit().await?;
    let page = Made {
        page: Page::in_section(&req, format!("Password link for {}", line.account.username), "operator-accounts"),
        account: AccountView::new(&line, &me),
        link: app.settings.public_url.of(&path),
    };
    answer(StatusCode::OK, &page)
}

fn question(me: &Operator, line: &AccountSummary) -> Confirm {
    let question = about_account(&line.account, "New password for");
    Confirm {
        lede: format!(
            "You make a link that {} opens to choose a new password; you never see the password. The link works once, for 24 hours, and an earlier one stops working. Sessions end when the password is set; tokens keep working.",
            line.account.username
        ),
        button: "Make the link".to_owned(),
        action: format!("{}/password", question.back.path),
        asks_proof: me.must_prove(),
        ..question
    }
}
