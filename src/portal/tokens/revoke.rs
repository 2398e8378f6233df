//! Revoking a token: refused from the next request on, for good, and with it the tokens that it made through the API, unless
//! its owner wants those to go on.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{confirm::TokenQuestion, token_request::TokenRequest};
use crate::{
    store::Made,
    tokens::act::{CannotAct, TokenAct},
    web::{
        confirm::{Confirm, Piece},
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        page::{Page, answer, go_to},
    },
};

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Revoke, sensitive: false };

#[derive(Template)]
#[template(path = "portal/tokens/revoke.html")]
struct Revoke {
    page: Page,
    confirm: Confirm,
    made: i64,
    problems: Problems,
}

/// What the page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RevokeForm {
    /// `too` if the tokens that it made are to be revoked with it.
    made: String,
    /// `yes` if the page asked that.
    asked: String,
    /// All such pages send it; what is final needs none.
    version: String,
}

/// `GET /settings/tokens/{id}/revoke`
pub async fn ask_revoke(of: TokenRequest) -> Result<HttpResponse, PageError> {
    let made = of.app.store.count_made_by(of.token.id).await?;
    if made == 0 || of.check(QUESTION.act).is_err() {
        return QUESTION.ask(&of).await;
    }
    let confirm = QUESTION.question(&of).await?;
    let page = Revoke { page: confirm.page(&of.req), confirm, made, problems: Problems::default() };
    answer(StatusCode::OK, &page)
}

/// `POST /settings/tokens/{id}/revoke`
pub async fn revoke_token(of: TokenRequest, Form(form): Form<RevokeForm>) -> Result<HttpResponse, PageError> {
    match of.check(QUESTION.act) {
        // Pressed twice, it is what was wanted.
        Ok(()) | Err(CannotAct::Revoked) => {}
        Err(why) => return QUESTION.cannot(&of, why).await,
    }
    let made = if form.asked == "yes" && form.made != "too" { Made::Kept } else { Made::Too };
    of.app.store.revoke_token(&of.token, made, &of.me.actor, of.me.now).await?;
    Ok(go_to(&of.req, Flash::Revoked.at(&of.path())))
}
