//! A one-time link by which somebody sets a new password for their account: made here, shown once, handed over in private.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use super::{AccountView, Operator, account, account_status::AccountStatusForm};
use crate::{
    accounts::AccountSummary,
    app::App,
    auth::password_link::make_password_link,
    portal::tokens::confirmed,
    web::{
        error::PageError,
        form::{Form, Problems},
        page::{Page, answer},
    },
};

const DISABLED: &str = "This account is disabled, so its links do not work. Enable it first.";

#[derive(Template)]
#[template(path = "portal/operator/password_link.html")]
struct Ask {
    page: Page,
    account: AccountView,
    ask_password: bool,
    problems: Problems,
}

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
    draw(&req, &me, &account(&app, &id).await?, StatusCode::OK, Problems::default())
}

/// `POST /operator/accounts/{id}/password`: the one answer that carries the link.
pub async fn create_password_link(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    id: Path<String>,
    Form(form): Form<AccountStatusForm>,
) -> Result<HttpResponse, PageError> {
    let line = account(&app, &id).await?;
    if let Err(problems) = confirmed(&req, &app, &me, &form.password).await? {
        return draw(&req, &me, &line, StatusCode::UNPROCESSABLE_ENTITY, problems);
    }
    if line.account.disabled_at.is_some() {
        return draw(&req, &me, &line, StatusCode::CONFLICT, Problems::one("", DISABLED));
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

fn draw(
    req: &HttpRequest,
    me: &Operator,
    line: &AccountSummary,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let page = Ask {
        page: Page::in_section(req, format!("New password for {}", line.account.username), "operator-accounts"),
        account: AccountView::new(line, me),
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}
