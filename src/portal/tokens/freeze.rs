//! Freezing all of one's tokens in an emergency, and the undo that switches on again exactly what the freeze switched off.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use crate::{
    app::App,
    store::StoreError,
    tokens::listing::{COUNTED, Filter},
    web::{
        confirm::ConfirmForm,
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::{Time, counted},
        owner::Owner,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/freeze.html")]
struct Freeze {
    page: Page,
    live: String,
    none_live: bool,
    frozen: Option<Time>,
}

#[derive(Template)]
#[template(path = "portal/tokens/freeze/undo.html")]
struct Unfreeze {
    page: Page,
    frozen: String,
    since: Option<Time>,
    ask_password: bool,
    problems: Problems,
}

/// `GET /settings/tokens/freeze`
pub async fn ask_freeze(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    let live = app.store.count_tokens(owner.id, Filter::Active, me.now).await?;
    let page = Freeze {
        page: Page::in_section(&req, "Freeze all tokens", "tokens"),
        live: at_least(live),
        none_live: live == 0,
        frozen: since(&app, &me, owner).await?,
    };
    answer(StatusCode::OK, &page)
}

/// `POST /settings/tokens/freeze`
pub async fn freeze_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (account, by, now) = (owner.id, me.actor.clone(), me.now);
    // Goes on to its end even if the browser gives up waiting.
    let frozen = tokio::spawn(async move { app.store.freeze_tokens(account, &by, now).await }).await;
    Ok(match frozen {
        // The list says above everything that the tokens are frozen; once is enough.
        Ok(Ok(_)) => go_to(&req, "/settings/tokens"),
        Ok(Err(StoreError::SessionEnded)) => return Err(PageError::SignInFirst),
        _ => go_to(&req, Flash::CutShort.at("/settings/tokens/freeze")),
    })
}

/// `GET /settings/tokens/unfreeze`
pub async fn ask_unfreeze(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    draw_undo(&req, &app, &me, owner).await
}

/// `POST /settings/tokens/unfreeze`
pub async fn unfreeze_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    reauth::require(&req, &app, &me).await?;
    let (account, by, now) = (owner.id, me.actor.clone(), me.now);
    let thawed = tokio::spawn(async move { app.store.unfreeze_tokens(account, &by, now).await }).await;
    Ok(match thawed {
        Ok(Ok(_)) => go_to(&req, Flash::Unfrozen.at("/settings/tokens")),
        Ok(Err(StoreError::SessionEnded)) => return Err(PageError::SignInFirst),
        _ => go_to(&req, Flash::CutShort.at("/settings/tokens/unfreeze")),
    })
}

async fn draw_undo(req: &HttpRequest, app: &App, me: &SignedIn, owner: Owner) -> Result<HttpResponse, PageError> {
    let page = Unfreeze {
        page: Page::in_section(req, "Undo the freeze", "tokens"),
        frozen: at_least(app.store.count_frozen(owner.id, COUNTED + 1).await?),
        since: since(app, me, owner).await?,
        ask_password: me.must_prove(),
        problems: Problems::default(),
    };
    answer(StatusCode::OK, &page)
}

async fn since(app: &App, me: &SignedIn, owner: Owner) -> Result<Option<Time>, PageError> {
    let since = app.store.frozen_since(owner.id).await?;
    Ok(since.map(|at| Time::new(at, me.now, me.account.time_zone)))
}

fn at_least(count: i64) -> String {
    if count > COUNTED {
        "over 1,000 tokens".to_owned()
    } else {
        counted(usize::try_from(count).unwrap_or_default(), "token")
    }
}
