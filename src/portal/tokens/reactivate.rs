//! Reactivating a token: the same key works again, if its time is not over.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};

use super::{confirm::TokenQuestion, find, path, refresh::changed_meanwhile};
use crate::{
    app::App,
    tokens::{
        Edited, State, Token,
        act::{TokenAct, state_when_on},
    },
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

const QUESTION: TokenQuestion = TokenQuestion { act: TokenAct::Reactivate, sensitive: true };

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
    if let Err(why) = QUESTION.act.check(&token, me.now) {
        return QUESTION.cannot(&req, &app, &me, owner, &token, why).await;
    }
    reauth::require(&req, &app, &me).await?;
    if form.version != token.version.to_string() {
        return QUESTION.refuse(&req, &app, &me, owner, &token, &changed_meanwhile(&token, &me)).await;
    }
    match app.store.reactivate_token(&token, &me.actor, me.now).await? {
        Edited::Done | Edited::Unchanged => Ok(go_to(&req, reactivated(&token, &me).at(&path(&token)))),
        Edited::Stale => {
            let token = find(&app, owner, &id).await?;
            QUESTION.refuse(&req, &app, &me, owner, &token, &changed_meanwhile(&token, &me)).await
        }
    }
}

/// What is true of the key from now on.
fn reactivated(token: &Token, me: &SignedIn) -> Flash {
    match state_when_on(token, me.now) {
        State::NotIssued => Flash::ReactivatedWithoutKey,
        State::Active | State::ExpiresSoon => Flash::Reactivated,
        _ => Flash::ReactivatedExpired,
    }
}
