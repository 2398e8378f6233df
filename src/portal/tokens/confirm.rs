//! The page that asks before a token is reactivated, revoked or deleted.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use super::{feeds, find, view};
use crate::{
    app::App,
    tokens::{
        Token,
        act::{CannotAct, TokenAct},
        listing::REVOKED_LISTED,
    },
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

#[derive(Template)]
#[template(path = "portal/tokens/confirm/cannot.html")]
struct Cannot {
    page: Page,
    token: view::Token,
    why: CannotAct,
    instead: Option<TokenAct>,
}

/// The page of an act that cannot be done: why, and what can be done instead.
#[expect(clippy::too_many_arguments, reason = "a page is drawn from exactly these")]
pub(super) async fn cannot(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    token: &Token,
    act: TokenAct,
    why: CannotAct,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let page = Cannot {
        page: Page::in_section(req, format!("{} {}", act.label(), token.name), "tokens"),
        token: view::Token::in_list(token, &feeds(app, owner).await?, me),
        why,
        instead: why.instead().filter(|act| act.check(token, me.now).is_ok()),
    };
    answer(status, &page)
}

/// An act that is asked about first.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenQuestion {
    /// What is asked about.
    pub act: TokenAct,
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
        match self.act.check(&token, me.now) {
            Ok(()) => self.draw(req, app, me, owner, &token, Problems::default()).await,
            Err(why) => cannot(req, app, me, owner, &token, self.act, why, StatusCode::OK).await,
        }
    }

    /// Says why it can never be done with this token: 409.
    pub(super) async fn cannot(
        self,
        req: &HttpRequest,
        app: &App,
        me: &SignedIn,
        owner: Owner,
        token: &Token,
        why: CannotAct,
    ) -> Result<HttpResponse, PageError> {
        cannot(req, app, me, owner, token, self.act, why, StatusCode::CONFLICT).await
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
        let Self { act, button, tone, sensitive } = self;
        let page = Confirm {
            page: Page::in_section(req, format!("{} {}", act.label(), token.name), "tokens"),
            token: view::Token::in_list(token, &feeds(app, owner).await?, me),
            listed_days: REVOKED_LISTED.num_days(),
            verb: act.as_str(),
            button,
            tone,
            version: token.version,
            ask_password: sensitive && me.must_prove(),
            problems,
        };
        answer(status, &page)
    }
}
