//! Revoking a token: refused from the next request on, for good.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{confirm::TokenQuestion, find, path};
use crate::{
    app::App,
    web::{
        confirm::ConfirmForm,
        error::PageError,
        flash::Flash,
        form::Form,
        owner::Owner,
        page::{SignedIn, go_to},
    },
};

const QUESTION: TokenQuestion =
    TokenQuestion { verb: "revoke", title: "Revoke", button: "Revoke for good", tone: "final", sensitive: false };
const PRIMARY: &str = "The primary token cannot be revoked. Deactivate it, or refresh it to end its key.";

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
    if !token.can_be_revoked() && token.revoked_at.is_none() {
        return QUESTION.refuse(&req, &app, &me, owner, &token, PRIMARY).await;
    }
    app.store.revoke_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::Revoked.at(&path(&token))))
}
