//! The record of the whole host, with filters.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;

use super::{NameView, Operator, ROWS, find_token::is_hint, typed};
use crate::{
    app::App,
    audit::{EventFilter, EventKind, HostEvent},
    tokens::{AccountId, EventId, TokenId, expiry::end_of_day},
    web::{
        error::PageError,
        event_text::EventText,
        form::Problems,
        format::{Time, client},
        page::{Page, answer},
        query::with_query,
        toolbar::{FilterLink, Pager, Toolbar},
    },
};

/// Groups of events: the word in the address, the label, and the group of the kinds in it.
const GROUPS: [(&str, &str, &str); 6] = [
    ("sign-ins", "Sign-ins", "session"),
    ("tokens", "Tokens", "token"),
    ("accounts", "Accounts", "account"),
    ("feeds", "Feeds and members", "feed"),
    ("packages", "Packages", "package"),
    ("mails", "Email", "mail"),
];

#[derive(Template)]
#[template(path = "portal/operator/events.html")]
struct Events {
    page: Page,
    search: EventSearch,
    toolbar: Toolbar,
    events: Vec<EventView>,
    pager: Pager,
    looked_enough: bool,
    is_first: bool,
    is_filtered: bool,
    kept_days: Option<i64>,
    problems: Problems,
}

/// A line of the record, ready for templates.
pub(super) struct EventView {
    pub(super) time: Time,
    pub(super) what: String,
    pub(super) detail: String,
    pub(super) actor: Option<NameView>,
    pub(super) account: Option<NameView>,
    pub(super) token: Option<String>,
    pub(super) hint: String,
    pub(super) package: String,
    pub(super) client: String,
    pub(super) address: String,
}

/// What is looked for, as it is typed.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct EventSearch {
    /// One of [`GROUPS`].
    #[serde(default)]
    what: String,
    /// A username, an address, or the id of an account that is gone.
    #[serde(default)]
    account: String,
    /// A token's id or hint.
    #[serde(default)]
    token: String,
    #[serde(default)]
    package: String,
    /// A day in the operator's time zone.
    #[serde(default)]
    from: String,
    /// The last day.
    #[serde(default)]
    to: String,
    #[serde(default)]
    before: String,
}

/// `GET /operator/events`
pub async fn list_events(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    query: Option<Query<EventSearch>>,
) -> Result<HttpResponse, PageError> {
    let search = query.map(Query::into_inner).unwrap_or_default().tidied();
    let mut problems = Problems::default();
    let filter = search.filter(&app, &me, &mut problems).await?;
    let found = match problems.is_empty() {
        true => Some(app.store.events(&filter, EventId::parse(&search.before), ROWS).await?),
        false => None,
    };
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = found.as_ref().and_then(|found| found.next).map(|next| search.page_before(next));
    let found_enough = found.as_ref().is_some_and(|found| found.looked_enough);
    let page = Events {
        page: Page::in_section(&req, "Events", "operator-events"),
        toolbar: search.toolbar(),
        looked_enough: found_enough,
        events: found.into_iter().flat_map(|found| found.events).map(|event| EventView::new(event, &me)).collect(),
        pager: search.pager(next, found_enough),
        is_first: search.before.is_empty(),
        is_filtered: search.is_filtered(),
        kept_days: app.settings.event_days,
        search,
        problems,
    };
    answer(status, &page)
}

impl EventSearch {
    /// Without blanks around, and with no more of a key than its hint: a whole one pasted here goes no further.
    fn tidied(self) -> Self {
        let Self { what, account, token, package, from, to, before } = self;
        let tidy = |text: &str| typed(text).trim_end_matches('…').to_owned();
        let token = tidy(&token);
        let token = if TokenId::parse(&token).is_some() { token } else { token.chars().take(7).collect() };
        let what = if GROUPS.iter().any(|(word, ..)| *word == what) { what } else { String::new() };
        Self { what, account: tidy(&account), token, package: tidy(&package), from: tidy(&from), to: tidy(&to), before }
    }

    async fn filter(&self, app: &App, me: &Operator, problems: &mut Problems) -> Result<EventFilter, PageError> {
        let zone = me.account.time_zone;
        Ok(EventFilter {
            kinds: kinds(&self.what),
            account: self.account(app, problems).await?,
            token: TokenId::parse(&self.token),
            hint: problems.keep("token", self.hint()).flatten(),
            package: Some(self.package.clone()).filter(|package| !package.is_empty()),
            from: problems.keep("from", day(&self.from)).flatten().and_then(|day| end_of_day(day.pred_opt()?, zone)),
            until: problems.keep("to", day(&self.to)).flatten().and_then(|day| end_of_day(day, zone)),
        })
    }

    /// Whose events: by name, or by id for an account that is gone.
    async fn account(&self, app: &App, problems: &mut Problems) -> Result<Option<AccountId>, PageError> {
        if self.account.is_empty() {
            return Ok(None);
        }
        if let Some(id) = AccountId::parse(&self.account) {
            return Ok(Some(id));
        }
        let found = app.store.account_named(&self.account).await?.map(|account| account.id);
        let gone = match found {
            None => app.store.gone_account(&self.account).await?,
            found => found,
        };
        if gone.is_none() {
            problems.note("account", "There is no account of this name, and none was deleted.");
        }
        Ok(gone)
    }

    fn hint(&self) -> Result<Option<String>, &'static str> {
        if self.token.is_empty() || TokenId::parse(&self.token).is_some() {
            return Ok(None);
        }
        if is_hint(&self.token) {
            Ok(Some(self.token.clone()))
        } else {
            Err("Write the first 7 characters of the key.")
        }
    }

    /// Whether anything but the group narrows the list.
    fn is_filtered(&self) -> bool {
        [&self.account, &self.token, &self.package, &self.from, &self.to].iter().any(|part| !part.is_empty())
    }

    fn page_before(&self, next: EventId) -> String {
        self.path(&self.what, &next.to_string())
    }

    /// The same search in a group, from a place on.
    fn path(&self, what: &str, before: &str) -> String {
        let Self { account, token, package, from, to, .. } = self;
        let parts = [
            ("what", what),
            ("account", account),
            ("token", token),
            ("package", package),
            ("from", from),
            ("to", to),
            ("before", before),
        ];
        with_query("/operator/events", parts)
    }

    fn toolbar(&self) -> Toolbar {
        let groups = GROUPS.map(|(word, label, _)| (word, label));
        let link = |(word, label): (&'static str, &'static str)| FilterLink {
            label,
            path: self.path(word, ""),
            count: None,
            is_chosen: word == self.what,
        };
        let filters = [("", "All")].into_iter().chain(groups).map(link).collect();
        Toolbar { filters, ..Toolbar::default() }
    }

    fn pager(&self, next: Option<String>, looked_enough: bool) -> Pager {
        let newest = (!self.before.is_empty()).then(|| ("Newest", self.path(&self.what, "")));
        let label = if looked_enough { "Look further back" } else { "Older" };
        Pager { shown: String::new(), earlier: newest, later: next.map(|path| (label, path)) }
    }
}

/// The kinds of a group; none for none.
fn kinds(group: &str) -> Vec<EventKind> {
    let wanted = GROUPS.iter().find(|(word, ..)| *word == group).map(|(.., wanted)| *wanted);
    EventKind::ALL.iter().copied().filter(|kind| wanted == Some(kind.group())).collect()
}

fn day(text: &str) -> Result<Option<NaiveDate>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "Write a day such as 2027-03-01.")
}

impl EventView {
    /// As somebody sees it.
    pub(super) fn new(event: HostEvent, me: &Operator) -> Self {
        let text = EventText {
            kind: event.kind,
            detail: &event.detail,
            feed: event.feed.as_deref(),
            package: event.package.as_deref(),
            version: event.version.as_deref(),
        };
        // The columns name the account that is gone.
        let is_told = event.kind == EventKind::AccountDeleted;
        let detail = if is_told { String::new() } else { text.detail(|at| me.time(at).text) };
        let HostEvent { at, kind, account, actor, token, hint, package, address, client: agent, .. } = event;
        let account = account.filter(|account| actor.as_ref() != Some(account));
        Self {
            time: me.time(at),
            what: kind.label().to_owned(),
            detail,
            actor: actor.map(NameView::from),
            account: account.map(NameView::from),
            token: token.map(|id| id.to_string()),
            hint: hint.unwrap_or_default(),
            package: package.unwrap_or_default(),
            client: client(&agent),
            address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_one_group() {
        for kind in EventKind::ALL.iter().filter(|kind| **kind != EventKind::Other) {
            let groups = GROUPS.iter().filter(|(word, ..)| kinds(word).contains(kind)).count();
            assert_eq!(groups, 1, "{}", kind.code());
        }
        assert!(kinds("").is_empty() && kinds("other").is_empty());
    }

    #[test]
    fn a_key_pasted_into_the_filter_is_cut_to_its_hint() {
        let token = "lk_Ab3d0123456789012345678901234567890123456789xx".to_owned();
        assert_eq!(EventSearch { token, ..EventSearch::default() }.tidied().token, "lk_Ab3d");
    }
}
