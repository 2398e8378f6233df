//! What the host is, whether it is well, and the settings in force.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{BOUND, Operator, number};
use crate::{
    app::App,
    health::{self, Check, Finding},
    notifications::MailQueue,
    web::{
        error::PageError,
        format::{Time, sentence},
        page::{Page, answer},
    },
};

/// Numbers on this page are counted up to here.
const MANY: i64 = 10_000;
/// Tokens with too long a life that are named.
const NAMED: usize = 20;

#[derive(Template)]
#[template(path = "portal/operator/overview.html")]
struct Overview {
    page: Page,
    version: &'static str,
    engine: &'static str,
    schema: String,
    /// What is wrong first.
    checks: Vec<CheckView>,
    wrong: usize,
    numbers: [(&'static str, String, &'static str); 4],
    too_long: Option<LongLives>,
    settings: Vec<(&'static str, String)>,
}

/// Tokens that go beyond the longest lifetime.
struct LongLives {
    max_days: i64,
    count: String,
    named: Vec<LongLife>,
    more: usize,
}

struct LongLife {
    id: String,
    name: String,
    hint: String,
    username: String,
    end: Option<Time>,
}

/// A part of the host and what was found of it.
struct CheckView {
    name: &'static str,
    state: &'static str,
    tone: &'static str,
    text: String,
    link: Option<(&'static str, &'static str)>,
}

impl CheckView {
    fn new(name: &'static str, is_good: bool, text: String) -> Self {
        let (state, tone) = if is_good { ("Good", "ok") } else { ("Needs attention", "bad") };
        Self { name, state, tone, text: sentence(&text), link: None }
    }
}

/// `GET /operator`
pub async fn show_overview(req: HttpRequest, app: Data<App>, me: Operator) -> Result<HttpResponse, PageError> {
    let numbers = app.store.numbers(MANY).await?;
    let schema = app.store.applied_migrations().await?.last().map(ToString::to_string).unwrap_or_default();
    let mut checks = checks(&app).await;
    checks.extend(mail(&app, app.store.mail_queue(BOUND).await?, &me));
    checks.sort_by_key(|check| check.tone != "bad");
    let page = Overview {
        page: Page::in_section(&req, "Overview", "operator"),
        version: env!("CARGO_PKG_VERSION"),
        engine: app.store.engine().label(),
        schema,
        wrong: checks.iter().filter(|check| check.tone == "bad").count(),
        checks,
        numbers: [
            ("Accounts", number(numbers.accounts, MANY), "/operator/accounts"),
            ("Tokens", number(numbers.tokens, MANY), "/operator/tokens"),
            ("Feeds", number(numbers.feeds, MANY), "/operator/feeds"),
            ("Packages", number(numbers.packages, MANY), ""),
        ],
        too_long: long_lives(&app, &me).await?,
        settings: app.settings.in_force(),
    };
    answer(StatusCode::OK, &page)
}

async fn long_lives(app: &App, me: &Operator) -> Result<Option<LongLives>, PageError> {
    let Some(max_days) = app.settings.max_token_days else { return Ok(None) };
    let found = app.store.tokens_beyond(max_days, app.clock.now()).await?;
    let (count, more) = (number(found.len() as i64, MANY), found.len().saturating_sub(NAMED));
    let named = found.into_iter().take(NAMED).map(|token| LongLife {
        id: token.id.to_string(),
        name: token.name,
        hint: token.hint,
        username: token.username,
        end: token.ends_at.map(|at| me.time(at)),
    });
    let named: Vec<_> = named.collect();
    Ok((!named.is_empty()).then_some(LongLives { max_days, count, named, more }))
}

/// Every part by name, whether it is well, and what was found.
async fn checks(app: &App) -> Vec<CheckView> {
    app.health.refresh(&app.parts()).await;
    let told = |check: &Check| match &check.finding {
        Finding::Good(text) => CheckView::new(check.name, true, text.clone()),
        Finding::Wrong { what, cause } => CheckView::new(check.name, false, format!("{what}: {cause}")),
    };
    // What waits to be mailed has a line of its own here, which says more unless mails are held.
    app.health
        .checks()
        .iter()
        .filter(|check| check.name != health::MAILS || check.problem().is_some())
        .map(told)
        .collect()
}

/// Whether emails leave the host: those on their way, and those that a server rejected.
fn mail(app: &App, queue: MailQueue, me: &Operator) -> [CheckView; 2] {
    let server = app.settings.smtp_url.is_some();
    let way = if server { app.mailer.way() } else { "files in the data folder (no LATCHKEY_SMTP_URL)".to_owned() };
    let waiting = match queue.oldest {
        Some(at) => format!("{} waiting, the oldest since {}.", number(queue.pending, BOUND), me.time(at).text),
        None => "None waiting.".to_owned(),
    };
    let text = match &queue.reply {
        Some(reply) => format!("Held up: {reply}. Goes to {way}. {waiting}"),
        None => format!("Goes to {way}. {waiting}"),
    };
    let sending = CheckView {
        link: Some(("Email", "/operator/mail")),
        ..CheckView::new("email queue", queue.reply.is_none(), text)
    };
    let rejected = match queue.failed {
        0 => "None.".to_owned(),
        failed => format!("{} rejected by a mail server and not tried again.", number(failed, BOUND)),
    };
    let rejected = CheckView {
        link: (queue.failed > 0).then_some(("Review", "/operator/mail?only=failed")),
        ..CheckView::new("rejected email", queue.failed == 0, rejected)
    };
    [sending, rejected]
}
