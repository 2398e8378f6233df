//! Deleting a token: gone from the list, together with its key. Its record stays.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{confirm::TokenQuestion, find};
use crate::{
    app::App,
    tokens::act::TokenAct,
    web::{
        confirm::ConfirmForm,
        error::PageError,
        flash::Flash,
        form::Form,
        owner::Owner,
        page::{SignedIn, go_to},
    },
};

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Delete, sensitive: false };

/// `GET /settings/tokens/{id}/delete`
pub async fn ask_delete(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&req, &app, &me, owner, &id).await
}

/// `POST /settings/tokens/{id}/delete`
pub async fn delete_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if let Err(why) = QUESTION.act.check(&token, me.now) {
        return QUESTION.cannot(&req, &app, &me, owner, &token, why).await;
    }
    app.store.delete_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Deleted.at("/settings/tokens")))
}
