//! What the form of a token comes to, asked by `static/js/preview.js` while it is filled in.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::{feeds, fields::sentence, pattern_preview::Preview, sentence::Reader, token_form::TokenForm};
use crate::{
    app::App,
    tokens::TokenId,
    web::{
        confirm::Piece,
        error::PageError,
        form::Typed,
        owner::Owner,
        page::{SignedIn, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/preview.html")]
struct Fragment {
    preview: Preview,
    sentence: Vec<Piece>,
}

/// `POST /settings/tokens/preview`: the parts of the form's page that follow what is typed.
pub async fn preview_patterns(
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Typed { form, is_ours }: Typed<TokenForm>,
) -> Result<HttpResponse, PageError> {
    // A script asks, which shows no page: what was typed is still in its form.
    if !is_ours {
        return Err(PageError::NotFromUs);
    }
    let edited = match TokenId::parse(&form.token) {
        Some(id) => app.store.token_of(owner.id, id).await?,
        None => None,
    };
    let preview = Preview::of(&app, owner, &form, edited.as_ref().map(|token| token.id)).await?;
    let feeds = feeds(&app, owner).await?;
    let sentence = sentence(&app, Reader { feeds: &feeds, me: &me }, &form, edited.as_ref());
    answer(StatusCode::OK, &Fragment { preview, sentence })
}
