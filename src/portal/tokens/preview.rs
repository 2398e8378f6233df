//! What the form of a token comes to, asked by `static/js/preview.js` while it is filled in.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{pattern_preview::Preview, token_form::TokenForm};
use crate::{
    app::App,
    tokens::TokenId,
    web::{error::PageError, form::Typed, owner::Owner, page::answer},
};

#[derive(Template)]
#[template(path = "portal/tokens/preview.html")]
struct Fragment {
    preview: Preview,
}

/// `POST /settings/tokens/preview`: the parts of the form's page that follow what is typed.
pub async fn preview_patterns(
    app: Data<App>,
    owner: Owner,
    Typed { form, is_ours }: Typed<TokenForm>,
) -> Result<HttpResponse, PageError> {
    // A script asks, which shows no page: what was typed is still in its form.
    if !is_ours {
        return Err(PageError::NotFromUs);
    }
    let preview = Preview::of(&app, owner, &form, TokenId::parse(&form.token)).await?;
    answer(StatusCode::OK, &Fragment { preview })
}
