//! The mails that tell of a token's end, ahead or afterwards: which, when, where it is used, and what to press.

use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    Unwritable,
    action::Envelope,
    line::{may, moment, one_line, packages, short_name},
};
use crate::{
    accounts::{Account, client_name},
    config::PublicUrl,
    notifications::end_notice::EndNotice,
    paths,
    tokens::{
        Token, TokenKind,
        act::TokenAct,
        expiry::{end_in, in_words},
        legacy::OLDER_SYSTEM,
    },
};

/// A token and the end its owner is told of.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// The token.
    pub token: &'a Token,
    /// Its end.
    pub expires_at: DateTime<Utc>,
}

#[derive(Template)]
#[template(path = "mail/end_notice/subject.txt")]
struct Subject<'a> {
    mail: &'a Mail<'a>,
}

#[derive(Template)]
#[template(path = "mail/end_notice/text.txt")]
struct Text<'a> {
    mail: &'a Mail<'a>,
}

#[derive(Template)]
#[template(path = "mail/end_notice/html.html")]
struct Html<'a> {
    mail: &'a Mail<'a>,
}

struct Mail<'a> {
    title: String,
    username: &'a str,
    host: &'a str,
    lead: String,
    /// Whether it tells of what is past.
    over: bool,
    tokens: Vec<TokenLine>,
    after: Vec<&'static str>,
    tokens_url: String,
    reminders_url: Option<String>,
}

struct TokenLine {
    name: String,
    hint: String,
    label: &'static str,
    ends: String,
    left: String,
    may: String,
    packages: String,
    note: Vec<String>,
    last_use: String,
    can_be_refreshed: bool,
    /// Whether it ends because it pushes nothing.
    retires: bool,
    act_url: String,
    /// Where all places are listed that it was used from, if there are any.
    places_url: Option<String>,
}

/// The whole message about one or several tokens of one account, the earliest end first.
pub fn end_notice(
    to: &Envelope<'_>,
    notice: EndNotice,
    account: &Account,
    tokens: &[Ending<'_>],
) -> Result<String, Unwritable> {
    let mail = Mail {
        title: subject(notice, tokens, account.time_zone),
        username: &account.username,
        host: to.host(),
        lead: lead(notice, tokens, to.host()),
        over: notice == EndNotice::Expired,
        tokens: tokens.iter().map(|one| TokenLine::new(notice, *one, account.time_zone, to)).collect(),
        after: after(notice, tokens),
        tokens_url: to.public_url.of(paths::TOKENS),
        reminders_url: notice.is_reminder().then(|| to.public_url.of("/settings/notifications")),
    };
    to.seal(&Subject { mail: &mail }, &Text { mail: &mail }, &Html { mail: &mail })
}

fn subject(notice: EndNotice, tokens: &[Ending<'_>], zone: Tz) -> String {
    let day = |one: &Ending<'_>| {
        let end = end_in(one.expires_at, zone, "%-d %b %Y");
        end.split(',').next().unwrap_or_default().to_owned()
    };
    let first = tokens.first().map(day).unwrap_or_default();
    let (reminder, your) = if notice.is_reminder() { ("Reminder: ", "your") } else { ("", "Your") };
    match (notice, tokens) {
        (EndNotice::Expired, [only]) => {
            let has = if only.token.ends_by_retirement() { "was retired" } else { "has expired" };
            format!("Your access token “{}” {has}", short_name(&only.token.settings.name))
        }
        (EndNotice::Expired, several) => format!("{} of your access tokens have expired", several.len()),
        (_, [only]) => {
            let ends = if only.token.ends_by_retirement() { "will be retired" } else { "expires" };
            format!("{reminder}{your} access token “{}” {ends} on {first}", short_name(&only.token.settings.name))
        }
        (_, several) => {
            format!("{reminder}{} of your access tokens expire soon, the first on {first}", several.len())
        }
    }
}

fn lead(notice: EndNotice, tokens: &[Ending<'_>], host: &str) -> String {
    let count = tokens.len();
    let refreshable = all_can_be_refreshed(tokens);
    let (refresh_it, refresh_them) =
        if refreshable { ("refresh it", "refresh it") } else { ("replace it", "refresh or replace it") };
    let (in_time, all_in_time) = if refreshable {
        ("refresh it and restart its lifetime", "refresh them and restart their lifetime")
    } else {
        ("replace it", "refresh or replace them")
    };
    match (notice, count) {
        (EndNotice::Expired, 1) => format!(
            "One of your access tokens on {host} has ended, and whatever uses it has been refused since then. If something still needs it, {refresh_it} and put the new key there."
        ),
        (EndNotice::Expired, _) => format!(
            "{count} of your access tokens on {host} have ended, and whatever uses them has been refused since then. If something still needs one, {refresh_them} and put the new key there."
        ),
        (_, 1) => format!(
            "One of your access tokens on {host} expires soon. Unless you {in_time}, whatever uses it will stop working."
        ),
        (_, _) => format!(
            "{count} of your access tokens on {host} expire soon. Unless you {all_in_time}, whatever uses them will stop working."
        ),
    }
}

/// Keys of an older system cannot.
fn all_can_be_refreshed(tokens: &[Ending<'_>]) -> bool {
    tokens.iter().all(|one| one.token.can_be_refreshed())
}

/// What refreshing does, what happens to a token that is let go, and which mails are still to come.
fn after(notice: EndNotice, tokens: &[Ending<'_>]) -> Vec<&'static str> {
    let over = notice == EndNotice::Expired;
    let refresh = match over {
        true => {
            "Refreshing gives the token a new key, which you copy once, and a new expiry date; nothing else changes. The link only leads to the page where you do it."
        }
        false => {
            "Refreshing gives the token a new key, which you copy once, and a new expiry date; the old key stops at once. Nothing else changes, and the link only leads to the page where you do it."
        }
    };
    let let_go = match over {
        true => "Not needed any more? There is nothing to do.",
        false => "Not needed any more? Let it expire.",
    };
    let more = match (notice, tokens.len()) {
        (EndNotice::Expired, 1) => "This is the only mail about it.",
        (EndNotice::Expired, _) => "This is the only mail about them.",
        (EndNotice::Warning, 1) => "This is the only warning. One last mail tells you when it has expired.",
        (EndNotice::Warning, _) => "This is the only warning. One last mail tells you when a token has expired.",
        _ => "You asked for this reminder. The warning ten days before the end comes with or without it.",
    };
    if all_can_be_refreshed(tokens) { vec![refresh, let_go, more] } else { vec![let_go, more] }
}

impl TokenLine {
    fn new(notice: EndNotice, Ending { token, expires_at }: Ending<'_>, zone: Tz, to: &Envelope<'_>) -> Self {
        let over = notice == EndNotice::Expired;
        Self {
            name: one_line(&token.settings.name),
            hint: token.hint.clone().unwrap_or_default(),
            label: match (over, token.ends_by_retirement()) {
                (true, false) => "Expired",
                (true, true) => "Retired",
                (false, false) => "Expires",
                (false, true) => "Retires",
            },
            ends: moment(expires_at, zone, &end_in(expires_at, zone, "%A, %-d %B %Y")),
            left: if over {
                format!("{} ago", in_words(to.at - expires_at))
            } else {
                format!("in {}", in_words(expires_at - to.at))
            },
            may: may(token.settings.permissions),
            packages: packages(token),
            note: token.settings.note.lines().map(one_line).collect(),
            last_use: last_use(token, over.then_some(expires_at), zone),
            can_be_refreshed: token.can_be_refreshed(),
            retires: token.ends_by_retirement(),
            act_url: act_url(token, to.public_url),
            places_url: token.last_use.as_ref().map(|_| to.public_url.of(&paths::token(token.id))),
        }
    }
}

/// When and by what it was last used; for one that is over, how long before its end.
fn last_use(token: &Token, over: Option<DateTime<Utc>>, zone: Tz) -> String {
    let Some(last) = &token.last_use else {
        // What an older system did not tell, nobody knows.
        let never = if token.kind == TokenKind::Legacy { "never on this host" } else { "never" };
        let so = if over.is_some() { "nothing seems to need it" } else { "you can let it expire" };
        return format!("{never}: {so}");
    };
    let mut said = moment(last.at, zone, &last.at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string());
    let client = one_line(&client_name::in_words(&last.client));
    if client == OLDER_SYSTEM {
        said = format!("{said}, in the older system");
    } else if !client.is_empty() {
        said = format!("{said}, by {client}");
    }
    if !last.address.is_empty() {
        said = format!("{said} from {}", last.address);
    }
    match over {
        Some(end) if last.at < end => format!("{said}: {} before its end", in_words(end - last.at)),
        _ => said,
    }
}

/// Where the one thing to do about a token's end is done.
fn act_url(token: &Token, public_url: &PublicUrl) -> String {
    let act = if token.can_be_refreshed() { TokenAct::Refresh } else { TokenAct::Duplicate };
    public_url.of(&paths::of_token(token.id, act.as_str()))
}
