//! Mails that are not sent: which, why not, and when they are tried next; trying one now, and dropping one.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{Operator, ROWS, typed};
use crate::{
    app::App,
    notifications::{MailState, QueuedMail},
    tokens::MailId,
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

const HERE: &str = "/operator/mail";
const KINDS: [(&str, &str, MailState); 4] = [
    ("", "All", MailState::All),
    ("waiting", "Waiting", MailState::Waiting),
    ("retrying", "Retrying", MailState::Retrying),
    ("failed", "Failed", MailState::Failed),
];
/// Tokens of a mail that are named.
const NAMED: i64 = 3;
const HELD: &str = "It is sent by now, or being sent this minute. Look at the list again.";

#[derive(Template)]
#[template(path = "portal/operator/mail.html")]
struct ListMail {
    page: Page,
    only: &'static str,
    kinds: Vec<(String, &'static str, bool)>,
    mails: Vec<MailView>,
    is_first: bool,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/operator/mail/confirm.html")]
struct Confirm {
    page: Page,
    mail: MailView,
    verb: &'static str,
    button: &'static str,
    problems: Problems,
}

/// A mail, ready for templates.
struct MailView {
    id: String,
    what: &'static str,
    /// The tokens it is about: a few by name, then "and more".
    tokens: String,
    account: Option<(String, String)>,
    recipient: String,
    state: &'static str,
    tone: &'static str,
    attempts: i64,
    next: Option<Time>,
    reply: String,
    created: Time,
}

/// Which mails, and from where on.
#[derive(Debug, Default, Deserialize)]
pub struct MailSearch {
    #[serde(default)]
    only: String,
    #[serde(default)]
    before: String,
}

/// What the page that asks sends.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmForm {}

/// `GET /operator/mail`
pub async fn list_mail(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    query: Option<Query<MailSearch>>,
) -> Result<HttpResponse, PageError> {
    let search = query.map(Query::into_inner).unwrap_or_default();
    let before = MailId::parse(&typed(&search.before));
    let (only, _, which) = KINDS.into_iter().find(|(word, ..)| *word == search.only).unwrap_or(KINDS[0]);
    let mails = Rows::new(app.store.queued_mails(which, before, limit(ROWS)).await?, ROWS);
    let next = mails.next(|last| with_query(HERE, [("only", only), ("before", &last.id.to_string())]));
    let mut views = Vec::with_capacity(mails.shown.len());
    for mail in mails.shown {
        views.push(MailView::new(&app, mail, &me).await?);
    }
    let page = ListMail {
        page: Page::in_section(&req, "Mail", "operator-mail"),
        kinds: KINDS.map(|(word, label, _)| (with_query(HERE, [("only", word)]), label, word == only)).into(),
        only,
        mails: views,
        is_first: before.is_none(),
        next,
    };
    answer(StatusCode::OK, &page)
}

/// `GET /operator/mail/{id}/{verb}`
pub async fn ask_mail_change(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let mail = found(&app, &path.0).await?;
    draw(&req, &app, &me, mail, &path.1, StatusCode::OK, Problems::default()).await
}

/// `POST /operator/mail/{id}/{verb}`
pub async fn change_mail(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(ConfirmForm {}): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let mail = found(&app, &path.0).await?;
    let (done, said) = if path.1 == "retry" {
        (app.store.retry_mail(&mail, &me.actor, me.now).await?, Flash::MailRetried)
    } else {
        (app.store.drop_queued_mail(&mail, &me.actor, me.now).await?, Flash::MailDropped)
    };
    if done {
        return Ok(go_to(&req, said.at(HERE)));
    }
    draw(&req, &app, &me, mail, &path.1, StatusCode::CONFLICT, Problems::one("", HELD)).await
}

async fn found(app: &App, id: &str) -> Result<QueuedMail, PageError> {
    let id = MailId::parse(id).ok_or(PageError::NotFound)?;
    app.store.queued_mail(id).await?.ok_or(PageError::NotFound)
}

async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &Operator,
    mail: QueuedMail,
    verb: &str,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let (verb, title, button) =
        if verb == "retry" { ("retry", "Try again now", "Try again") } else { ("drop", "Drop this mail", "Drop it") };
    let page = Page::in_section(req, title, "operator-mail");
    answer(status, &Confirm { page, mail: MailView::new(app, mail, me).await?, verb, button, problems })
}

impl MailView {
    async fn new(app: &App, mail: QueuedMail, me: &Operator) -> Result<Self, PageError> {
        let (state, tone) = match mail.state {
            MailState::Failed => ("Failed", "bad"),
            MailState::Retrying => ("Retrying", "warn"),
            MailState::Waiting | MailState::All => ("Waiting", "quiet"),
        };
        let next = mail.next_at.max(mail.lease_until);
        Ok(Self {
            id: mail.id.to_string(),
            what: mail.letter.in_words(),
            tokens: named(&app.store.tokens_in_mail(mail.id, NAMED + 1).await?),
            account: mail.account.map(|(id, name)| (id.to_string(), name)),
            recipient: mail.recipient,
            state,
            tone,
            attempts: mail.attempts,
            next: (mail.state != MailState::Failed && next > me.now).then(|| me.time(next)),
            reply: mail.reply.unwrap_or_default(),
            created: me.time(mail.created_at),
        })
    }
}

fn named(tokens: &[(String, Option<String>)]) -> String {
    let named = |(name, hint): &(String, Option<String>)| match hint {
        Some(hint) => format!("“{name}” ({hint}…)"),
        None => format!("“{name}”"),
    };
    let most = usize::try_from(NAMED).unwrap_or(usize::MAX);
    let more = if tokens.len() > most { " and more" } else { "" };
    format!("{}{more}", tokens.iter().take(most).map(named).collect::<Vec<_>>().join(", "))
}
