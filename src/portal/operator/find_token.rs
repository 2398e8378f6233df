//! Finding a token by a key somebody sent in, or by the hint that lists and mails show. A key is sent by POST, is looked
//! up by its hash, and is not shown again.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::Operator;
use crate::{
    app::App,
    tokens::legacy::hash_of,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        page::{Page, answer, go_to},
        query::with_query,
    },
};

/// Characters of a hint.
const HINT: usize = 7;

#[derive(Template)]
#[template(path = "portal/operator/find_token.html")]
struct FindToken {
    page: Page,
    problems: Problems,
}

/// The form: a whole key, or a hint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindForm {
    key: String,
}

/// `GET /operator/tokens/find`
pub async fn show_find_token(req: HttpRequest, _me: Operator) -> Result<HttpResponse, PageError> {
    draw(&req, StatusCode::OK, Problems::default())
}

/// `POST /operator/tokens/find`: leads to the token of a key, or to those of a hint.
pub async fn find_token(
    req: HttpRequest,
    app: Data<App>,
    _me: Operator,
    Form(FindForm { key }): Form<FindForm>,
) -> Result<HttpResponse, PageError> {
    let key = key.trim();
    if is_hint(key) {
        return Ok(go_to(&req, &with_query("/operator/tokens", [("q", key)])));
    }
    let known = match hash_of(key) {
        Some(hash) => app.store.lookup_token(hash, "").await?,
        None => return refuse(&req, SHAPE),
    };
    match known {
        Some(known) => {
            let done = if known.replaced_at.is_some() { Flash::KeyReplaced } else { Flash::KeyFound };
            Ok(go_to(&req, done.at(&format!("/operator/tokens/{}", known.token.id))))
        }
        None => refuse(&req, UNKNOWN),
    }
}

const SHAPE: &str = "This is neither a whole key nor its first 7 characters. A key made here has 49 characters; a mistyped or cut one is not found.";
const UNKNOWN: &str =
    "This host never issued this key, or its token was deleted. Look for its first 7 characters in the events.";

fn refuse(req: &HttpRequest, why: &'static str) -> Result<HttpResponse, PageError> {
    draw(req, StatusCode::UNPROCESSABLE_ENTITY, Problems::one("key", why))
}

fn draw(req: &HttpRequest, status: StatusCode, problems: Problems) -> Result<HttpResponse, PageError> {
    let page = Page::in_section(req, "Find a token by its key", "operator-tokens");
    answer(status, &FindToken { page, problems })
}

/// Whether this can be the beginning of a key, and is no more than that.
pub(super) fn is_hint(text: &str) -> bool {
    text.len() == HINT && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_never_a_whole_key() {
        assert!(is_hint("lk_Ab3d"));
        for other in ["", "lk_Ab3", "lk_Ab3dE", "lk_Ab3 ", "lk_Ab3d0123456789012345678901234567890123456789xx"] {
            assert!(!is_hint(other), "{other}");
        }
    }
}
