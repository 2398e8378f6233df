//! Everything that touched one's account and its tokens, those that are deleted too: the same record that operators see
//! of the whole host, of one account.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use crate::{
    app::App,
    audit::{EventFilter, EventKind, HostEvent},
    tokens::{AccountId, EventId, TokenId, expiry::end_of_day},
    web::{
        csv::csv_file,
        error::PageError,
        event_text::EventText,
        format::{Time, client, sentence},
        owner::Owner,
        page::{Page, SignedIn, answer},
        query::with_query,
    },
};

const PATH: &str = "/settings/security-log";
/// Lines on a page.
const LINES: usize = 50;
/// Lines of a file at most; they are read in pages of [`READ`].
const FILE_LINES: usize = 20_000;
const READ: usize = 500;

/// Parts of the record: the word in the address, what the page calls it, and the groups of kinds in it.
const PARTS: [(&str, &str, &[&str]); 5] = [
    ("", "All", &[]),
    ("sign-ins", "Sign-ins", &["session"]),
    ("tokens", "Tokens", &["token"]),
    ("account", "Account", &["account", "mail"]),
    ("packages", "Feeds and packages", &["feed", "package"]),
];

#[derive(Template)]
#[template(path = "portal/account/security_log.html")]
struct SecurityLog {
    page: Page,
    parts: Vec<Part>,
    asked: LogQuery,
    lines: Vec<LogLine>,
    next: Option<String>,
    file: String,
    is_first: bool,
    kept_days: Option<i64>,
}

/// A link to a part of the record.
struct Part {
    label: &'static str,
    path: String,
    is_chosen: bool,
}

/// A line, ready for the template and the file.
struct LogLine {
    time: Time,
    what: String,
    detail: String,
    /// "You", another's name, or "This host".
    who: String,
    /// The hint of a token, empty for none.
    hint: String,
    /// All that touched that token, deleted or not.
    token: Option<String>,
    client: String,
    address: String,
}

/// What is asked for in the address; what cannot be read asks for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LogQuery {
    /// One of [`PARTS`].
    what: String,
    /// The first day, in the account's time zone.
    from: String,
    /// The last day.
    to: String,
    /// The id of a token, deleted or not.
    token: String,
    before: String,
}

/// `GET /settings/security-log`
pub async fn show_security_log(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    query: Option<Query<LogQuery>>,
) -> Result<HttpResponse, PageError> {
    let asked = query.map(Query::into_inner).unwrap_or_default();
    let filter = asked.filter(owner.id, &me);
    let found = app.store.events(&filter, EventId::parse(&asked.before), LINES).await?;
    let part = |(word, label, _): (&'static str, _, _)| Part {
        label,
        path: LogQuery { what: word.to_owned(), before: String::new(), ..asked.clone() }.path(PATH),
        is_chosen: asked.what == word,
    };
    let page = SecurityLog {
        page: Page::in_section(&req, "Security log", "security-log"),
        parts: PARTS.map(part).into(),
        next: found.next.map(|next| LogQuery { before: next.to_string(), ..asked.clone() }.path(PATH)),
        lines: found.events.into_iter().map(|event| LogLine::new(event, &me)).collect(),
        file: LogQuery { before: String::new(), ..asked.clone() }.path(&format!("{PATH}.csv")),
        is_first: asked.before.is_empty(),
        kept_days: app.settings.event_days,
        asked,
    };
    answer(StatusCode::OK, &page)
}

/// `GET /settings/security-log.csv`: the same lines as a file, the newest first, at most 20,000.
pub async fn download_security_log(
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    query: Option<Query<LogQuery>>,
) -> Result<HttpResponse, PageError> {
    let filter = query.map(Query::into_inner).unwrap_or_default().filter(owner.id, &me);
    let (mut rows, mut before) = (Vec::new(), None);
    while rows.len() < FILE_LINES {
        let found = app.store.events(&filter, before, READ).await?;
        rows.extend(found.events.into_iter().map(|event| LogLine::new(event, &me).cells()));
        before = found.next;
        if before.is_none() {
            break;
        }
    }
    let columns = ["time", "event", "details", "by", "token", "client", "address"];
    Ok(csv_file("security-log.csv", columns, rows)?)
}

impl LogQuery {
    fn filter(&self, account: AccountId, me: &SignedIn) -> EventFilter {
        let zone = me.account.time_zone;
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        EventFilter {
            kinds: kinds(&self.what),
            account: Some(account),
            token: TokenId::parse(&self.token),
            from: day(&self.from).and_then(|day| end_of_day(day.pred_opt()?, zone)),
            until: day(&self.to).and_then(|day| end_of_day(day, zone)),
            ..EventFilter::default()
        }
    }

    fn path(&self, page: &str) -> String {
        let Self { what, from, to, token, before } = self;
        with_query(page, [("what", what), ("from", from), ("to", to), ("token", token), ("before", before)])
    }
}

/// The kinds of a part; none for all of them.
fn kinds(part: &str) -> Vec<EventKind> {
    let groups = PARTS.iter().find(|(word, ..)| *word == part).map_or(&[][..], |(.., groups)| groups);
    EventKind::ALL.iter().copied().filter(|kind| groups.contains(&kind.group())).collect()
}

impl LogLine {
    fn new(event: HostEvent, me: &SignedIn) -> Self {
        let text = EventText {
            kind: event.kind,
            detail: &event.detail,
            feed: event.feed.as_deref(),
            package: event.package.as_deref(),
            version: event.version.as_deref(),
        };
        let is_mine = event.actor.as_ref().is_none_or(|actor| actor.id == me.account.id);
        let who = match &event.actor {
            Some(actor) if actor.id == me.account.id => "You".to_owned(),
            Some(actor) if actor.name.is_empty() => "A deleted account".to_owned(),
            Some(actor) => actor.name.clone(),
            None if event.address.is_empty() => "This host".to_owned(),
            None => "Somebody".to_owned(),
        };
        Self {
            time: me.time(event.at),
            what: sentence(event.kind.label()),
            detail: text.detail(|at| me.time(at).text),
            who,
            hint: event.hint.unwrap_or_default(),
            token: event.token.map(|id| LogQuery { token: id.to_string(), ..LogQuery::default() }.path(PATH)),
            // Where another person sits is theirs.
            client: if is_mine { client(&event.client) } else { String::new() },
            address: if is_mine { event.address } else { String::new() },
        }
    }

    fn cells(self) -> [String; 7] {
        let Self { time, what, detail, who, hint, client, address, .. } = self;
        [time.iso, what, detail, who, hint, client, address]
    }

    /// `Token edited (packages)`.
    fn title(&self) -> String {
        if self.detail.is_empty() { self.what.clone() } else { format!("{} ({})", self.what, self.detail) }
    }

    /// `Firefox 149 on Linux, 203.0.113.7`.
    fn from(&self) -> String {
        let parts = [self.client.as_str(), self.address.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_one_part() {
        for kind in EventKind::ALL.iter().filter(|kind| **kind != EventKind::Other) {
            let parts = PARTS.iter().filter(|(word, ..)| kinds(word).contains(kind)).count();
            assert_eq!(parts, 1, "{}", kind.code());
        }
        assert!(kinds("").is_empty() && kinds("other").is_empty());
    }
}
