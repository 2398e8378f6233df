//! Deactivating a token: refused from the next request on, until it is reactivated, or for a while to see who needs it.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{
    confirm::{about, cannot},
    token_request::TokenRequest,
    view,
};
use crate::{
    tokens::{
        act::{CannotAct, TokenAct},
        pause::Pause,
    },
    web::{
        confirm::{Confirm, Piece},
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::Time,
        late_form::typed,
        page::{Page, answer, go_to},
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/deactivate.html")]
struct Deactivate {
    page: Page,
    confirm: Confirm,
    choices: Vec<Choice>,
    problems: Problems,
}

/// For how long.
struct Choice {
    value: &'static str,
    words: &'static str,
    until: Option<Time>,
    chosen: bool,
}

/// What the page sends.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeactivateForm {
    /// See [`Pause`].
    #[serde(default)]
    until: String,
}

/// `GET /settings/tokens/{id}/deactivate`
pub async fn ask_deactivate(of: TokenRequest) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Deactivate) {
        return cannot(&of, TokenAct::Deactivate, why, StatusCode::OK).await;
    }
    let form = typed::<DeactivateForm>(&of.req, &format!("{}/deactivate", of.path()));
    let chosen = form.and_then(|form| Pause::parse(&form.until).ok()).unwrap_or(Pause::Open);
    draw(&of, chosen, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/deactivate`
pub async fn deactivate_token(of: TokenRequest, Form(form): Form<DeactivateForm>) -> Result<HttpResponse, PageError> {
    let possible = of.check(TokenAct::Deactivate);
    if let Err(why) = possible
        && why != CannotAct::Off
    {
        return cannot(&of, TokenAct::Deactivate, why, StatusCode::CONFLICT).await;
    }
    let pause = match Pause::parse(&form.until) {
        Ok(pause) => pause,
        Err(error) => {
            let problems = Problems::one("until", error);
            return draw(&of, Pause::Open, StatusCode::UNPROCESSABLE_ENTITY, problems).await;
        }
    };
    // Pressed twice, it is what was wanted.
    if let Err(why) = possible
        && pause != Pause::Open
    {
        return cannot(&of, TokenAct::Deactivate, why, StatusCode::CONFLICT).await;
    }
    of.app.store.pause_token(&of.token, pause.until(of.me.now), &of.me.actor, of.me.now).await?;
    let done = if pause == Pause::Open { Flash::Deactivated } else { Flash::Paused };
    Ok(go_to(&of.req, done.at(&of.path())))
}

/// What happens then.
fn lede(token: &view::Token) -> &'static str {
    if token.live {
        "Its key is refused from the next request on. All settings stay, and the same key works again afterwards, unless its time is over by then."
    } else if !token.issued {
        "It has no key yet; the one of its first refresh is refused until you reactivate it."
    } else {
        "It is switched off for a while already; choose how long it is to stay off from now on. All settings stay."
    }
}

async fn draw(
    of: &TokenRequest,
    chosen: Pause,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let choice = |(pause, value, words): (Pause, _, _)| Choice {
        value,
        words,
        until: pause.until(of.me.now).map(|at| of.me.time(at)),
        chosen: pause == chosen,
    };
    let seen = of.summary().await?;
    let question = about(of, TokenAct::Deactivate, &seen);
    let confirm = Confirm { lede: lede(&seen).to_owned(), version: None, ..question };
    let page =
        Deactivate { page: confirm.page(&of.req), confirm, choices: Pause::CHOICES.map(choice).into(), problems };
    answer(status, &page)
}
