//! The page that asks before something is done with one of one's own tokens.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{feeds, find, path, view};
use crate::{
    app::App,
    tokens::{
        Token,
        act::{CannotAct, TokenAct},
        listing::REVOKED_LISTED,
    },
    web::{
        confirm::{Confirm, Instead, Link},
        error::PageError,
        form::Problems,
        owner::Owner,
        page::SignedIn,
    },
};

/// An act that is asked about first.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenQuestion {
    /// What is asked about.
    pub act: TokenAct,
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
            Ok(()) => self.question(app, me, owner, &token).await?.ask(req),
            Err(why) => cannot(req, app, me, owner, &token, (self.act, why), StatusCode::OK).await,
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
        cannot(req, app, me, owner, token, (self.act, why), StatusCode::CONFLICT).await
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
        self.question(app, me, owner, token).await?.refuse(req, why)
    }

    async fn question(self, app: &App, me: &SignedIn, owner: Owner, token: &Token) -> Result<Confirm, PageError> {
        let seen = view::Token::in_list(token, &feeds(app, owner).await?, me);
        let is_danger = matches!(self.act, TokenAct::Revoke | TokenAct::Delete);
        let instead = Instead {
            before: "If you only want a pause, ",
            link: Link::new(format!("{}/deactivate", path(token)), "deactivate"),
            after: " it instead.",
        };
        Ok(Confirm {
            lede: lede(self.act, &seen),
            instead: Some(instead).filter(|_| self.act == TokenAct::Revoke && seen.live),
            is_danger,
            cancel: if is_danger { "Keep it" } else { "" },
            asks_proof: self.sensitive && me.must_prove(),
            ..about(self.act, token, &seen)
        })
    }
}

/// The page that asks about an act with a token, without what happens then.
pub(super) fn about(act: TokenAct, token: &Token, seen: &view::Token) -> Confirm {
    Confirm {
        section: "tokens",
        title: format!("{} {}", act.label(), token.name),
        facts: seen.facts(),
        action: format!("{}/{}", path(token), act.as_str()),
        button: if act == TokenAct::Revoke { "Revoke for good" } else { act.label() }.to_owned(),
        back: Link::new(path(token), token.name.clone()),
        version: Some(token.version),
        ..Confirm::default()
    }
}

/// The page of an act that cannot be done: why, and what can be done instead.
pub(super) async fn cannot(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    token: &Token,
    (act, why): (TokenAct, CannotAct),
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let seen = view::Token::in_list(token, &feeds(app, owner).await?, me);
    let helps = why.instead().filter(|act| act.check(token, me.now).is_ok());
    let link = |act: TokenAct| Link::new(format!("{}/{}", path(token), act.as_str()), act.label());
    let why = format!("{why} {}", why.advice());
    about(act, token, &seen).without_form(why, helps.map(link)).draw(req, status, Problems::default())
}

/// What happens then.
fn lede(act: TokenAct, token: &view::Token) -> String {
    match act {
        TokenAct::Reactivate if token.lives_when_on => {
            "The same key works again from the next request on. Its expiry does not move.".to_owned()
        }
        TokenAct::Reactivate if !token.issued => "It has no key yet: refresh it afterwards to get one.".to_owned(),
        TokenAct::Reactivate => {
            "Its time is over, so its key stays refused: refresh the token afterwards to get a new one.".to_owned()
        }
        TokenAct::Revoke => {
            let key = if token.live {
                "Its key is refused from the next request on, for good."
            } else {
                "Its key, refused now, is refused for good."
            };
            let days = REVOKED_LISTED.num_days();
            format!("{key} The token stays listed for {days} days; deleting it takes it off at once.")
        }
        _ => {
            let key = if token.live { "Its key is refused from the next request on, and it" } else { "It" };
            format!(
                "{key} disappears from your list for good. Only the host keeps the record of what was done with it."
            )
        }
    }
}
