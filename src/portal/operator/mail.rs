//! Mails that are not sent: which, why not, and when they are tried next; trying one now, and dropping one.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{BOUND, Operator, ROWS, number, typed};
use crate::{
    app::App,
    notifications::{MailQueue, MailState, QueuedMail},
    tokens::MailId,
    web::{
        confirm::{Confirm, ConfirmForm, Fact, Link, Piece},
        error::PageError,
        flash::Flash,
        form::Form,
        format::{Time, counted},
        page::{Page, answer, go_to},
        paging::{Rows, limit},
        query::with_query,
        toolbar::{Alert, FilterLink, Pager, Toolbar},
    },
};

const HERE: &str = "/operator/mail";
const KINDS: [(&str, &str, MailState); 4] = [
    ("", "All", MailState::All),
    ("waiting", "Waiting", MailState::Waiting),
    ("retrying", "Retrying", MailState::Retrying),
    ("failed", "Rejected", MailState::Failed),
];
/// Tokens of a mail that are named.
const NAMED: i64 = 3;
const HELD: &str = "It is sent by now, or being sent this minute. Look at the list again.";

#[derive(Template)]
#[template(path = "portal/operator/mail.html")]
struct ListMail {
    page: Page,
    only: &'static str,
    alerts: Vec<Alert>,
    toolbar: Toolbar,
    mails: Vec<MailView>,
    pager: Pager,
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
    let queue = app.store.mail_queue(BOUND).await?;
    let page = ListMail {
        page: Page::in_section(&req, "Email", "operator-mail"),
        alerts: alerts(&queue, &me),
        toolbar: toolbar(only),
        only,
        mails: views,
        pager: Pager::onward(HERE, &[("only", only)], before.is_none(), next),
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
    question(&app, &me, mail, &path.1).await?.ask(&req)
}

/// `POST /operator/mail/{id}/{verb}`
pub async fn change_mail(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    path: Path<(String, String)>,
    Form(_): Form<ConfirmForm>,
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
    question(&app, &me, mail, &path.1).await?.refuse(&req, HELD)
}

/// What the queue says of itself: what was rejected, and how long the oldest waits.
fn alerts(queue: &MailQueue, me: &Operator) -> Vec<Alert> {
    let rejected =
        || Alert::bad(format!("{} rejected", number(queue.failed, BOUND)), with_query(HERE, [("only", "failed")]));
    let held = queue.reply.as_ref().map(|_| {
        let since = queue.oldest.map(|at| format!(", the oldest queued {}", me.time(at).words)).unwrap_or_default();
        let text = format!("{} not sent yet{since}", number(queue.pending, BOUND));
        Alert::warn(text, with_query(HERE, [("only", "retrying")]))
    });
    (queue.failed > 0).then(rejected).into_iter().chain(held).collect()
}

fn toolbar(only: &str) -> Toolbar {
    let link = |(word, label, _): (&'static str, &'static str, MailState)| FilterLink {
        label,
        path: with_query(HERE, [("only", word)]),
        count: None,
        is_chosen: word == only,
    };
    Toolbar { filters: KINDS.map(link).into(), ..Toolbar::default() }
}

async fn found(app: &App, id: &str) -> Result<QueuedMail, PageError> {
    let id = MailId::parse(id).ok_or(PageError::NotFound)?;
    app.store.queued_mail(id).await?.ok_or(PageError::NotFound)
}

async fn question(app: &App, me: &Operator, mail: QueuedMail, verb: &str) -> Result<Confirm, PageError> {
    let mail = MailView::new(app, mail, me).await?;
    let retries = verb == "retry";
    let (title, lede, button) = if retries {
        ("Try again now", "It goes out within a minute, unless there is nothing to say any more.", "Try again")
    } else {
        let lede = "It will not be sent, and nothing is sent in its place. The events say who discarded it.";
        ("Discard this email", lede, "Discard it")
    };
    Ok(Confirm {
        section: "operator-mail",
        title: title.to_owned(),
        lede: lede.to_owned(),
        button: button.to_owned(),
        is_danger: !retries,
        cancel: "Cancel",
        action: format!("{HERE}/{}/{}", mail.id, if retries { "retry" } else { "drop" }),
        back: Link::new(HERE, "Email"),
        facts: mail.into_facts(),
        ..Confirm::default()
    })
}

impl MailView {
    async fn new(app: &App, mail: QueuedMail, me: &Operator) -> Result<Self, PageError> {
        let (state, tone) = match mail.state {
            MailState::Failed => ("Rejected", "bad"),
            MailState::Retrying => ("Retrying", "warn"),
            MailState::Waiting | MailState::All => ("Waiting", "quiet"),
        };
        let next = mail.next_at.max(mail.lease_until);
        Ok(Self {
            id: mail.id.to_string(),
            what: mail.kind.in_words(),
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

impl MailView {
    /// As the pages that ask about it show it.
    fn into_facts(self) -> Vec<Fact> {
        let attempts = counted(usize::try_from(self.attempts).unwrap_or_default(), "attempt");
        let account = self.account.map(|(id, name)| Piece::Link(Link::new(format!("/operator/accounts/{id}"), name)));
        let state = [Piece::Badge(self.tone, self.state), Piece::Text(format!("after {attempts}"))];
        let next = self.next.map(|at| [Piece::Text("· next".to_owned()), Piece::Time(at)]);
        let what =
            if self.tokens.is_empty() { self.what.to_owned() } else { format!("{}: {}", self.what, self.tokens) };
        let mut facts = vec![
            Fact::new("To", [Piece::Text(self.recipient)].into_iter().chain(account)),
            Fact::text("What", what),
            Fact::new("Queued", [Piece::Time(self.created)]),
            Fact::new("State", state.into_iter().chain(next.into_iter().flatten())),
        ];
        if !self.reply.is_empty() {
            facts.push(Fact::text("The server said", self.reply));
        }
        facts
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
