//! Reactivating a token: the same key works again, if its time is not over.

use actix_web::HttpResponse;

use super::{confirm::TokenQuestion, refresh::changed_meanwhile, token_request::TokenRequest};
use crate::{
    tokens::{
        Edited, State,
        act::{TokenAct, state_when_on},
    },
    web::{confirm::ConfirmForm, error::PageError, flash::Flash, form::Form, page::go_to, reauth},
};

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Reactivate, sensitive: true };

/// `GET /settings/tokens/{id}/reactivate`
pub async fn ask_reactivate(of: TokenRequest) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&of).await
}

/// `POST /settings/tokens/{id}/reactivate`
pub async fn reactivate_token(of: TokenRequest, Form(form): Form<ConfirmForm>) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(QUESTION.act) {
        return QUESTION.cannot(&of, why).await;
    }
    reauth::require(&of.req, &of.app, &of.me).await?;
    if form.version != of.token.version.to_string() {
        return QUESTION.refuse(&of, &changed_meanwhile(&of)).await;
    }
    match of.app.store.reactivate_token(&of.token, &of.me.actor, of.me.now).await? {
        Edited::Done | Edited::Unchanged => Ok(go_to(&of.req, reactivated(&of).at(&of.path()))),
        Edited::Stale => {
            let of = of.reloaded().await?;
            QUESTION.refuse(&of, &changed_meanwhile(&of)).await
        }
    }
}

/// What is true of the key from now on.
fn reactivated(of: &TokenRequest) -> Flash {
    match state_when_on(&of.token, of.me.now) {
        State::NotIssued => Flash::ReactivatedWithoutKey,
        State::Active | State::ExpiresSoon => Flash::Reactivated,
        _ => Flash::ReactivatedExpired,
    }
}
