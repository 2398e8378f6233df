//! Deactivating a token: refused from the next request on, until it is reactivated, or for a while to see who needs it.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{
    confirm::{about, cannot},
    feeds, find, path, view,
};
use crate::{
    app::App,
    tokens::{
        Token,
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
        owner::Owner,
        page::{Page, SignedIn, answer, go_to},
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
pub async fn ask_deactivate(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if let Err(why) = TokenAct::Deactivate.check(&token, me.now) {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Deactivate, why), StatusCode::OK).await;
    }
    let form = typed::<DeactivateForm>(&req, &format!("{}/deactivate", path(&token)));
    let chosen = form.and_then(|form| Pause::parse(&form.until).ok()).unwrap_or(Pause::Open);
    draw(&req, &app, &me, owner, &token, chosen, StatusCode::OK, Problems::default()).await
}

/// `POST /settings/tokens/{id}/deactivate`
pub async fn deactivate_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
    Form(form): Form<DeactivateForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    let possible = TokenAct::Deactivate.check(&token, me.now);
    if let Err(why) = possible
        && why != CannotAct::Off
    {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Deactivate, why), StatusCode::CONFLICT).await;
    }
    let refuse = async |status, pause, problems| draw(&req, &app, &me, owner, &token, pause, status, problems).await;
    let pause = match Pause::parse(&form.until) {
        Ok(pause) => pause,
        Err(error) => {
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, Pause::Open, Problems::one("until", error)).await;
        }
    };
    // Pressed twice, it is what was wanted.
    if let Err(why) = possible
        && pause != Pause::Open
    {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Deactivate, why), StatusCode::CONFLICT).await;
    }
    app.store.pause_token(&token, pause.until(me.now), &me.actor, me.now).await?;
    let done = if pause == Pause::Open { Flash::Deactivated } else { Flash::Paused };
    Ok(go_to(&req, done.at(&path(&token))))
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

#[expect(clippy::too_many_arguments, reason = "a page is drawn from exactly these")]
async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    token: &Token,
    chosen: Pause,
    status: StatusCode,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let choice = |(pause, value, words): (Pause, _, _)| Choice {
        value,
        words,
        until: pause.until(me.now).map(|at| me.time(at)),
        chosen: pause == chosen,
    };
    let seen = view::Token::in_list(token, &feeds(app, owner).await?, me);
    let confirm = Confirm { lede: lede(&seen).to_owned(), version: None, ..about(TokenAct::Deactivate, token, &seen) };
    let page = Deactivate { page: confirm.page(req), confirm, choices: Pause::CHOICES.map(choice).into(), problems };
    answer(status, &page)
}
