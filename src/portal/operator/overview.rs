//! What the host is, whether it is well, and the settings in force.

use std::time::{Duration, Instant};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use rand::Rng;
use tokio::time::timeout;

use super::{BOUND, Operator, number};
use crate::{
    app::App,
    disk,
    portal::{
        error::PageError,
        page::{Page, answer},
        words::Time,
    },
    store::{Engine, MailQueue},
};

/// How long the page waits for the package store.
const PATIENCE: Duration = Duration::from_secs(2);
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
    database: Health,
    disk: Health,
    packages: Health,
    mail: Mail,
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

/// Whether a part answers, in words.
struct Health {
    good: bool,
    text: String,
}

struct Mail {
    way: String,
    pending: String,
    oldest: Option<Time>,
    failed: String,
    any_failed: bool,
    reply: Option<String>,
}

/// `GET /operator`
pub async fn show(req: HttpRequest, app: Data<App>, me: Operator) -> Result<HttpResponse, PageError> {
    let numbers = app.store.numbers(MANY).await?;
    let schema = app.store.applied_migrations().await?.last().map(ToString::to_string).unwrap_or_default();
    let page = Overview {
        page: Page::in_section(&req, "Overview", "operator"),
        version: env!("CARGO_PKG_VERSION"),
        engine: match app.store.engine() {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        },
        schema,
        database: database(&app).await,
        disk: room(&app),
        packages: packages(&app).await,
        mail: mail(&app, app.store.mail_queue(BOUND).await?, &me),
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

async fn database(app: &App) -> Health {
    let begun = Instant::now();
    match app.store.ping().await {
        Ok(()) => Health { good: true, text: format!("answers in {}", spent(begun)) },
        Err(_) => Health { good: false, text: "does not answer".to_owned() },
    }
}

fn room(app: &App) -> Health {
    match disk::warning(app) {
        Some(text) => Health { good: false, text },
        None => Health { good: true, text: "has room".to_owned() },
    }
}

async fn packages(app: &App) -> Health {
    let mut id = [0; 16];
    crate::random::system().fill_bytes(&mut id);
    let begun = Instant::now();
    match timeout(PATIENCE, app.blobs.probe(uuid::Uuid::from_bytes(id))).await {
        Ok(Ok(())) => Health { good: true, text: format!("can be written, in {}", spent(begun)) },
        Ok(Err(error)) => {
            tracing::warn!(%error, "the package store cannot be written");
            Health { good: false, text: "cannot be written; the log says why".to_owned() }
        }
        Err(_) => Health { good: false, text: "did not answer within 2 seconds".to_owned() },
    }
}

fn spent(begun: Instant) -> String {
    match begun.elapsed().as_millis() {
        0 => "under 1 ms".to_owned(),
        millis => format!("{millis} ms"),
    }
}

fn mail(app: &App, queue: MailQueue, me: &Operator) -> Mail {
    let server = app.settings.smtp_url.is_some();
    Mail {
        way: if server { app.mailer.way() } else { "files in the data folder (no LATCHKEY_SMTP_URL)".to_owned() },
        pending: number(queue.pending, BOUND),
        oldest: queue.oldest.map(|at| me.time(at)),
        failed: number(queue.failed, BOUND),
        any_failed: queue.failed > 0,
        reply: queue.reply,
    }
}
