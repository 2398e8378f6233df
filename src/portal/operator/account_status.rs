//! What an account may be: disabled or enabled, operator or not. Each is asked about first.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{AccountView, BOUND, Operator, account, counted};
use crate::{
    accounts::{AccountChange, AccountSummary},
    app::App,
    portal::tokens::confirmed,
    web::{
        error::PageError,
        flash::{Flash, To},
        form::{Form, Problems},
        page::{Page, answer, go_to},
    },
};

/// Said where the host would be left without anybody who runs it.
pub(super) const LAST: &str = "This is the only operator who is left. Make another account an operator first.";

/// What is asked.
struct StatusQuestion {
    verb: &'static str,
    title: &'static str,
    button: &'static str,
    tone: &'static str,
    done: Flash,
}

const QUESTIONS: [StatusQuestion; 4] = [
    StatusQuestion {
        verb: "disable",
        title: "Disable",
        button: "Disable",
        tone: "final",
        done: Flash::AccountDisabled,
    },
    StatusQuestion { verb: "enable", title: "Enable", button: "Enable", tone: "main", done: Flash::AccountEnabled },
    StatusQuestion {
        verb: "make-operator",
        title: "Make operator:",
        button: "Make operator",
        tone: "main",
        done: Flash::OperatorMade,
    },
    StatusQuestion {
        verb: "unmake-operator",
        title: "No longer operator:",
        button: "Take it away",
        tone: "final",
        done: Flash::OperatorUnmade,
    },
];

#[derive(Template)]
#[template(path = "portal/operator/account_status.html")]
struct AccountStatus {
    page: Page,
    account: AccountView,
    tokens: String,
    verb: &'static str,
    button: &'static str,
    tone: &'static str,
    ask_password: bool,
    problems: Problems,
}

/// What the page sends: the password, when it was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountStatusForm {
    #[serde(default)]
    pub(super) password: String,
}

/// `GET /operator/accounts/{id}/{verb}`
pub async fn ask_account_status(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let (line, question) = asked(&app, &path).await?;
    draw(&req, &app, &me, &line, question, StatusCode::OK, Problems::default()).await
}

/// `POST /operator/accounts/{id}/{verb}`
pub async fn change_account_status(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(form): Form<AccountStatusForm>,
) -> Result<HttpResponse, PageError> {
    let (line, question) = asked(&app, &path).await?;
    if let Err(problems) = confirmed(&req, &app, &me, &form.password).await? {
        return draw(&req, &app, &me, &line, question, StatusCode::UNPROCESSABLE_ENTITY, problems).await;
    }
    let (store, id) = (&app.store, line.account.id);
    let tx = match question.done {
        Flash::AccountDisabled => store.disable_account(id, &me.actor, me.now).await?,
        Flash::AccountEnabled => store.enable_account(id, &me.actor, me.now).await?,
        Flash::OperatorMade => store.make_operator(id, &me.actor, me.now).await?,
        _ => store.unmake_operator(id, &me.actor, me.now).await?,
    };
    match tx {
        AccountChange::Done | AccountChange::Already => Ok(go_to(&req, afterwards(&me, &line, question.done))),
        AccountChange::Gone => Err(PageError::NotFound),
        AccountChange::LastOperator => {
            draw(&req, &app, &me, &line, question, StatusCode::CONFLICT, Problems::one("", LAST)).await
        }
    }
}

async fn asked(app: &App, path: &(String, String)) -> Result<(AccountSummary, &'static StatusQuestion), PageError> {
    let (id, verb) = path;
    let question = QUESTIONS.iter().find(|question| question.verb == verb).ok_or(PageError::NotFound)?;
    Ok((account(app, id).await?, question))
}

/// The page that says so; after such an act on oneself, one that can still be seen.
fn afterwards(me: &Operator, line: &AccountSummary, done: Flash) -> To {
    match done {
        Flash::AccountDisabled if line.account.id == me.account.id => {
            me.session.end();
            done.at("/sign-in")
        }
        Flash::OperatorUnmade if line.account.id == me.account.id => done.at("/settings/tokens"),
        _ => done.at(&format!("/operator/accounts/{}", line.account.id)),
    }
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    line: &AccountSummary,
    question: &StatusQuestion,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let facts = app.store.account_facts(line.account.id, BOUND).await?;
    let page = AccountStatus {
        page: Page::in_section(req, format!("{} {}", question.title, line.account.username), "operator-accounts"),
        account: AccountView::new(line, me),
        tokens: counted(facts.tokens, "token"),
        verb: question.verb,
        button: question.button,
        tone: question.tone,
        ask_password: me.must_prove(),
        problems,
    };
    answer(status, &page)
}
