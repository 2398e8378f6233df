//! Revoking a token: refused from the next request on, for good.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{confirm::TokenQuestion, find, path};
use crate::{
    app::App,
    tokens::act::{CannotAct, TokenAct},
    web::{
        confirm::ConfirmForm,
        error::PageError,
        flash::Flash,
        form::Form,
        owner::Owner,
        page::{SignedIn, go_to},
    },
};

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Revoke, sensitive: false };

/// `GET /settings/tokens/{id}/revoke`
pub async fn ask_revoke(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&req, &app, &me, owner, &id).await
}

/// `POST /settings/tokens/{id}/revoke`
pub async fn revoke_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    match QUESTION.act.check(&token, me.now) {
        // Pressed twice, it is what was wanted.
        Ok(()) | Err(CannotAct::Revoked) => {}
        Err(why) => return QUESTION.cannot(&req, &app, &me, owner, &token, why).await,
    }
    app.store.revoke_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Revoked.at(&path(&token))))
}
