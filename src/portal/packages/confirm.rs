//! The page that asks before a package is changed.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::Seen;
use crate::web::{
    error::PageError,
    form::Problems,
    page::{Page, answer},
};

#[derive(Template)]
#[template(path = "portal/packages/confirm.html")]
struct Confirm {
    page: Page,
    question: VersionQuestion,
    name: String,
    feed: String,
    ask_password: bool,
    problems: Problems,
}

/// What the page sends: the password, when it was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmForm {
    #[serde(default)]
    pub password: String,
}

/// A question, with what depends on its answer.
pub(super) struct VersionQuestion {
    /// The heading.
    pub title: String,
    /// What will happen.
    pub lede: &'static str,
    /// On the button.
    pub button: &'static str,
    /// `main`, or `final` for what cannot be undone.
    pub tone: &'static str,
    /// What it is about besides the package: a name and a value.
    pub about: (&'static str, String),
    /// Where the form leads.
    pub action: String,
    /// Where *Cancel* leads.
    pub back: String,
    /// Whether it asks for a password that was last given long ago.
    pub sensitive: bool,
}

impl VersionQuestion {
    /// Asks it.
    pub(super) fn ask(
        self,
        req: &HttpRequest,
        seen: &Seen,
        status: StatusCode,
        problems: Problems,
    ) -> Result<HttpResponse, PageError> {
        let must_prove = seen.visitor.me.as_ref().is_some_and(|me| me.must_prove());
        let page = Confirm {
            page: Page::in_section(req, self.title.clone(), "packages"),
            name: seen.package.name.clone(),
            feed: seen.visitor.feed.name.clone(),
            ask_password: self.sensitive && must_prove,
            question: self,
            problems,
        };
        answer(status, &page)
    }
}
