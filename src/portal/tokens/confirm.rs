//! The page that asks before a token is reactivated, revoked or deleted.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use super::{feeds, find, view};
use crate::{
    app::App,
    tokens::{Token, listing::REVOKED_LISTED},
    web::{
        error::PageError,
        form::Problems,
        owner::Owner,
        page::{Page, SignedIn, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/confirm.html")]
struct Confirm {
    page: Page,
    token: view::Token,
    listed_days: i64,
    verb: &'static str,
    button: &'static str,
    tone: &'static str,
    version: i64,
    ask_password: bool,
    problems: Problems,
}

/// An act that is asked about first.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenQuestion {
    /// As in the address.
    pub verb: &'static str,
    /// Begins the title.
    pub title: &'static str,
    /// On the button.
    pub button: &'static str,
    /// `main`, or `final` for what cannot be undone.
    pub tone: &'static str,
    /// Whether it asks for a password that was last given long ago.
    pub sensitive: bool,
}

impl TokenQuestion {
    /// Asks it.
    pub(super) async fn ask(
        self,
        req: &HttpRequest,
        app: &App,
        me: &SignedIn,
        owner: Owner,
        id: &str,
    ) -> Result<HttpResponse, PageError> {
        let token = find(app, owner, id).await?;
        self.draw(req, app, me, owner, &token, Problems::default()).await
    }

    /// Says why it cannot be done now: 409.
    pub(super) async fn refuse(
        self,
        req: &HttpRequest,
        app: &App,
        me: &SignedIn,
        owner: Owner,
        token: &Token,
        why: &str,
    ) -> Result<HttpResponse, PageError> {
        self.draw(req, app, me, owner, token, Problems::one("", why)).await
    }

    /// Draws the page.
    async fn draw(
        self,
        req: &HttpRequest,
        app: &App,
        me: &SignedIn,
        owner: Owner,
        token: &Token,
        problems: Problems,
    ) -> Result<HttpResponse, PageError> {
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
        let Self { verb, title, button, tone, sensitive } = self;
        let page = Confirm {
            page: Page::in_section(req, format!("{title} {}", token.name), "tokens"),
            token: view::Token::in_list(token, &feeds(app, owner).await?, me),
            listed_days: REVOKED_LISTED.num_days(),
            verb,
            button,
            tone,
            version: token.version,
            ask_password: sensitive && me.must_prove(),
            problems,
        };
        answer(status, &page)
    }
}
