//! Putting away the banner that says that tokens have expired: of one, or of all it names and counts.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;

use super::token_request::TokenRequest;
use crate::{
    app::App,
    paths,
    tokens::listing::FOLDED_AFTER,
    web::{
        error::PageError,
        flash::Flash,
        form::Form,
        owner::Owner,
        page::{SignedIn, go_to},
    },
};

/// What the banner sends: nothing but that a button was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissForm {}

/// `POST /settings/tokens/{id}/dismiss`
pub async fn dismiss_expired_token(
    of: TokenRequest,
    Form(DismissForm {}): Form<DismissForm>,
) -> Result<HttpResponse, PageError> {
    of.app.store.dismiss_end(of.owner.id, of.token.id, &of.me.actor, of.me.now).await?;
    Ok(go_to(&of.req, Flash::BannerDismissed.at(paths::TOKENS)))
}

/// `POST /settings/tokens/dismiss`
pub async fn dismiss_expired_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(DismissForm {}): Form<DismissForm>,
) -> Result<HttpResponse, PageError> {
    app.store.dismiss_ends(owner.id, me.now - FOLDED_AFTER, &me.actor, me.now).await?;
    Ok(go_to(&req, Flash::BannerDismissed.at(paths::TOKENS)))
}
