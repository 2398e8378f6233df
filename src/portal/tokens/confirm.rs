//! The page that asks before something is done with one of one's own tokens.

use actix_web::{HttpResponse, http::StatusCode};

use super::{token_request::TokenRequest, view};
use crate::{
    tokens::{
        act::{CannotAct, TokenAct},
        listing::REVOKED_LISTED,
    },
    web::{
        confirm::{Confirm, Instead, Link},
        error::PageError,
        form::Problems,
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
    pub(super) async fn ask(self, of: &TokenRequest) -> Result<HttpResponse, PageError> {
        match of.check(self.act) {
            Ok(()) => self.question(of).await?.ask(&of.req),
            Err(why) => cannot(of, self.act, why, StatusCode::OK).await,
        }
    }

    /// Says why it can never be done with this token: 409.
    pub(super) async fn cannot(self, of: &TokenRequest, why: CannotAct) -> Result<HttpResponse, PageError> {
        cannot(of, self.act, why, StatusCode::CONFLICT).await
    }

    /// Says why it cannot be done now: 409.
    pub(super) async fn refuse(self, of: &TokenRequest, why: &str) -> Result<HttpResponse, PageError> {
        self.question(of).await?.refuse(&of.req, why)
    }

    pub(super) async fn question(self, of: &TokenRequest) -> Result<Confirm, PageError> {
        let seen = of.summary().await?;
        let is_danger = matches!(self.act, TokenAct::Revoke | TokenAct::Delete);
        let instead = Instead {
            before: "If you only want a pause, ",
            link: Link::new(format!("{}/deactivate", of.path()), "deactivate"),
            after: " it instead.",
        };
        Ok(Confirm {
            lede: lede(self.act, &seen),
            instead: Some(instead).filter(|_| self.act == TokenAct::Revoke && seen.live),
            is_danger,
            cancel: if is_danger { "Keep it" } else { "" },
            asks_proof: self.sensitive && of.me.must_prove(),
            ..about(of, self.act, &seen)
        })
    }
}

/// The page that asks about an act with a token, without what happens then.
pub(super) fn about(of: &TokenRequest, act: TokenAct, seen: &view::Token) -> Confirm {
    Confirm {
        section: "tokens",
        title: format!("{} {}", act.label(), of.token.settings.name),
        sentence: seen.sentence.clone(),
        facts: seen.facts(),
        action: format!("{}/{}", of.path(), act.as_str()),
        button: if act == TokenAct::Revoke { "Revoke for good" } else { act.label() }.to_owned(),
        back: Link::new(of.path(), of.token.settings.name.clone()),
        version: Some(of.token.version),
        ..Confirm::default()
    }
}

/// The page of an act that cannot be done: why, and what can be done instead.
pub(super) async fn cannot(
    of: &TokenRequest,
    act: TokenAct,
    why: CannotAct,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let helps = why.instead().filter(|act| of.check(*act).is_ok());
    let link = |act: TokenAct| Link::new(format!("{}/{}", of.path(), act.as_str()), act.label());
    let why = format!("{why} {}", why.advice());
    let page = about(of, act, &of.summary().await?).without_form(why, helps.map(link));
    page.draw(&of.req, status, Problems::default())
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
