//! The mail that says that tokens expire soon: which, when, where they are used, and what to press.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    Mailer, Unwritable,
    line::{moment, one_line, short_name},
    message::{Parts, message},
};
use crate::{
    config::PublicUrl,
    store::Account,
    tokens::{
        Token,
        expiry::{end_in, in_words},
    },
};

/// So many patterns are named; the rest is counted.
const MAX_PATTERNS: usize = 6;

/// A token and the end its owner is warned of.
#[derive(Clone, Copy, Debug)]
pub struct Warned<'a> {
    /// The token.
    pub token: &'a Token,
    /// Its end.
    pub expires_at: DateTime<Utc>,
}

#[derive(Template)]
#[template(path = "mail/expiry_warning.txt")]
struct Text<'a> {
    mail: &'a Warning,
}

#[derive(Template)]
#[template(path = "mail/expiry_warning.html")]
struct Html<'a> {
    mail: &'a Warning,
}

struct Warning {
    username: String,
    host: String,
    tokens_url: String,
    tokens: Vec<Line>,
    /// Whether a refresh helps each of them; keys of an older system cannot be refreshed.
    refreshable: bool,
}

struct Line {
    name: String,
    hint: String,
    ends: String,
    left: String,
    may: String,
    packages: String,
    note: Vec<String>,
    last_use: Option<String>,
    can_be_refreshed: bool,
    retires: bool,
    act_url: String,
}

/// The whole message about one or several tokens of one account, the earliest end first.
pub fn expiry_warning(
    (mailer, public_url): (&Mailer, &PublicUrl),
    (account, recipient): (&Account, &str),
    tokens: &[Warned<'_>],
    message_id: &str,
    at: DateTime<Utc>,
) -> Result<String, Unwritable> {
    let mail = Warning {
        username: account.username.clone(),
        host: public_url.host().to_owned(),
        tokens_url: public_url.of("/settings/tokens"),
        refreshable: tokens.iter().all(|warned| warned.token.can_be_refreshed()),
        tokens: tokens.iter().map(|warned| Line::new(*warned, account.time_zone, public_url, at)).collect(),
    };
    message(Parts {
        from: &mailer.from,
        recipient,
        message_id,
        at,
        subject: &subject(tokens, account.time_zone),
        text: Text { mail: &mail }.render().map_err(|error| Unwritable::new(&error))?,
        html: Html { mail: &mail }.render().map_err(|error| Unwritable::new(&error))?,
    })
    .map_err(|error| Unwritable::new(&error))
}

fn subject(tokens: &[Warned<'_>], zone: Tz) -> String {
    let day = |warned: &Warned<'_>| {
        let end = end_in(warned.expires_at, zone, "%-d %b %Y");
        end.split(',').next().unwrap_or_default().to_owned()
    };
    match tokens {
        [only] => {
            let ends = if only.token.ends_by_retirement() { "is retired" } else { "expires" };
            format!("[Latchkey] Your access token “{}” {ends} on {}", short_name(&only.token.name), day(only))
        }
        several => {
            let first = several.first().map(day).unwrap_or_default();
            format!("[Latchkey] {} of your access tokens expire soon, the first on {first}", several.len())
        }
    }
}

impl Line {
    fn new(Warned { token, expires_at }: Warned<'_>, zone: Tz, public_url: &PublicUrl, at: DateTime<Utc>) -> Self {
        Self {
            name: one_line(&token.name),
            hint: token.hint.clone().unwrap_or_default(),
            ends: moment(expires_at, zone, &end_in(expires_at, zone, "%A, %-d %B %Y")),
            left: in_words(expires_at - at),
            may: token.permissions.iter().map(|one| one.words()).collect::<Vec<_>>().join(", "),
            packages: packages(token),
            note: token.note.lines().map(one_line).collect(),
            last_use: token.last_use.as_ref().map(|last| {
                let when = moment(last.at, zone, &last.at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string());
                if last.client.is_empty() { when } else { format!("{when}, by {}", one_line(&last.client)) }
            }),
            can_be_refreshed: token.can_be_refreshed(),
            retires: token.ends_by_retirement(),
            act_url: public_url.of(&act_path(token)),
        }
    }
}

/// Where the one thing to do about a token's end is done.
fn act_path(token: &Token) -> String {
    if token.can_be_refreshed() {
        format!("/settings/tokens/{}/refresh", token.id)
    } else {
        format!("/settings/tokens/{}/duplicate", token.id)
    }
}

fn packages(token: &Token) -> String {
    if token.patterns.covers_all() {
        return "all packages".to_owned();
    }
    let all: Vec<&str> = token.patterns.iter().collect();
    let named = all[..all.len().min(MAX_PATTERNS)].join(", ");
    match all.len().saturating_sub(MAX_PATTERNS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
