//! The list of accounts: by name, searched by name or address.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{AccountView, Operator, ROWS, typed};
use crate::{
    accounts::{AccountFilter, AccountQuery},
    app::App,
    web::{
        error::PageError,
        page::{Page, answer},
        paging::{Rows, limit},
        query::with_query,
        toolbar::{FilterLink, Pager, Toolbar},
    },
};

const HERE: &str = "/operator/accounts";

#[derive(Template)]
#[template(path = "portal/operator/accounts.html")]
struct Accounts {
    page: Page,
    toolbar: Toolbar,
    accounts: Vec<AccountView>,
    pager: Pager,
}

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct AccountSearch {
    #[serde(default)]
    q: String,
    #[serde(default)]
    only: String,
    #[serde(default)]
    after: String,
}

/// `GET /operator/accounts`
pub async fn list_accounts(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    query: Option<Query<AccountSearch>>,
) -> Result<HttpResponse, PageError> {
    let AccountSearch { q, only, after } = query.map(Query::into_inner).unwrap_or_default();
    let (search, after) = (typed(&q), typed(&after));
    let (only, word) = match only.as_str() {
        "operators" => (AccountFilter::Operators, "operators"),
        "disabled" => (AccountFilter::Disabled, "disabled"),
        _ => (AccountFilter::All, ""),
    };
    let wanted = AccountQuery { text: &search, only, after: &after, limit: limit(ROWS) };
    let lines = Rows::new(app.store.accounts(wanted).await?, ROWS);
    let next = lines.next(|last| {
        let last = last.account.username.as_str();
        with_query(HERE, [("q", search.as_str()), ("only", word), ("after", last)])
    });
    let page = Accounts {
        page: Page::in_section(&req, "Accounts", "operator-accounts"),
        accounts: lines.shown.iter().map(|line| AccountView::new(line, &me)).collect(),
        pager: Pager::onward(HERE, &[("q", &search), ("only", word)], after.is_empty(), next),
        toolbar: toolbar(search, word),
    };
    answer(StatusCode::OK, &page)
}

fn toolbar(words: String, only: &str) -> Toolbar {
    let link = |(word, label): (&'static str, &'static str)| FilterLink {
        label,
        path: with_query(HERE, [("q", words.as_str()), ("only", word)]),
        count: None,
        is_chosen: word == only,
    };
    Toolbar {
        action: HERE.to_owned(),
        placeholder: "Username or email",
        kept: if only.is_empty() { Vec::new() } else { vec![("only", only.to_owned())] },
        filters: [("", "All"), ("operators", "Operators"), ("disabled", "Disabled")].map(link).into(),
        words,
        ..Toolbar::default()
    }
}
