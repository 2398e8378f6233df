//! Reactivating a token: the same key works again.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{confirm::TokenQuestion, find, path, refresh::changed_meanwhile};
use crate::{
    app::App,
    tokens::Edited,
    web::{
        confirm::ConfirmForm,
        error::PageError,
        flash::Flash,
        form::Form,
        owner::Owner,
        page::{SignedIn, go_to},
        reauth,
    },
};

const QUESTION: TokenQuestion =
    TokenQuestion { verb: "reactivate", title: "Reactivate", button: "Reactivate", tone: "main", sensitive: true };

/// `GET /settings/tokens/{id}/reactivate`
pub async fn ask_reactivate(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&req, &app, &me, owner, &id).await
}

/// `POST /settings/tokens/{id}/reactivate`
pub async fn reactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if token.revoked_at.is_some() {
        return QUESTION
            .refuse(&req, &app, &me, owner, &token, "It is revoked, which is final. Duplicate it instead.")
            .await;
    }
    reauth::require(&req, &app, &me).await?;
    if form.version != token.version.to_string() {
        return QUESTION.refuse(&req, &app, &me, owner, &token, &changed_meanwhile(&token, &me)).await;
    }
    match app.store.reactivate_token(&token, &me.actor, me.now).await? {
        Edited::Done | Edited::Unchanged => Ok(go_to(&req, Flash::Reactivated.at(&path(&token)))),
        Edited::Stale => {
            let token = find(&app, owner, &id).await?;
            QUESTION.refuse(&req, &app, &me, owner, &token, &changed_meanwhile(&token, &me)).await
        }
    }
}
