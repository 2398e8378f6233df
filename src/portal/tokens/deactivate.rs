//! Deactivating a token: refused from the next request on, until it is reactivated.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{
    confirm::{ConfirmForm, Question},
    find, path,
};
use crate::{
    app::App,
    portal::{
        error::PageError,
        form::Form,
        page::{Done, SignedIn, go_to},
    },
};

const QUESTION: Question =
    Question { verb: "deactivate", title: "Deactivate", button: "Deactivate", tone: "main", sensitive: false };

/// `GET /settings/tokens/{id}/deactivate`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn, id: Path<String>) -> Result<HttpResponse, PageError> {
    QUESTION.ask(&req, &app, &me, &id).await
}

/// `POST /settings/tokens/{id}/deactivate`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    id: Path<String>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, &me, &id).await?;
    if token.revoked_at.is_some() {
        return QUESTION.refuse(&req, &app, &me, &token, "It is revoked, which is final.").await;
    }
    app.store.deactivate_token(&token, &me.actor, me.now).await?;
    Ok(go_to(&req, &Done::Deactivated.at(&path(&token))))
}
