//! Revoking a token: refused from the next request on, for good.

use actix_web::HttpResponse;

use super::{confirm::TokenQuestion, token_request::TokenRequest};
use crate::{
    tokens::act::{CannotAct, TokenAct},
    web::{confirm::ConfirmForm, error::PageError, flash::Flash, form::Form, page::go_to},
};

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Revoke, sensitive: false };

/// `GET /settings/tokens/{id}/revoke`
pub async fn ask_revoke(of: TokenRequest) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&of).await
}

/// `POST /settings/tokens/{id}/revoke`
pub async fn revoke_token(of: TokenRequest, Form(_): Form<ConfirmForm>) -> Result<HttpResponse, PageError> {
    match of.check(QUESTION.act) {
        // Pressed twice, it is what was wanted.
        Ok(()) | Err(CannotAct::Revoked) => {}
        Err(why) => return QUESTION.cannot(&of, why).await,
    }
    of.app.store.revoke_token(&of.token, &of.me.actor, of.me.now).await?;
    Ok(go_to(&of.req, Flash::Revoked.at(&of.path())))
}
