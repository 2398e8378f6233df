//! Deleting a token: gone from the list, together with its key. Its record stays.

use actix_web::HttpResponse;

use super::{confirm::TokenQuestion, token_request::TokenRequest};
use crate::{
    paths,
    tokens::act::TokenAct,
    web::{confirm::ConfirmForm, error::PageError, flash::Flash, form::Form, page::go_to},
};

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Delete, sensitive: false };

/// `GET /settings/tokens/{id}/delete`
pub async fn ask_delete(of: TokenRequest) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&of).await
}

/// `POST /settings/tokens/{id}/delete`
pub async fn delete_token(of: TokenRequest, Form(_): Form<ConfirmForm>) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(QUESTION.act) {
        return QUESTION.cannot(&of, why).await;
    }
    of.app.store.delete_token(&of.token, &of.me.actor, of.me.now).await?;
    Ok(go_to(&of.req, Flash::Deleted.at(paths::TOKENS)))
}
