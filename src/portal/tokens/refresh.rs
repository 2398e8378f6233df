//! Refreshing a token: a new key for the same rights, with the same end or a restarted lifetime. The old key ends.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{
    already_done,
    confirm::{about, cannot},
    confirm_first::{CONFIRM_FIRST, must_confirm},
    feeds, find, path, show_once, view,
};
use crate::{
    app::App,
    tokens::{FormId, Issued, State, Token, act::TokenAct, lifecycle, state::state},
    web::{
        confirm::{Confirm, Piece},
        error::PageError,
        form::{Form, Problems},
        format::Time,
        late_form::typed,
        owner::Owner,
        page::{Page, SignedIn, answer},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/refresh.html")]
struct Refresh {
    page: Page,
    confirm: Confirm,
    token: view::Token,
    form_id: String,
    keep: Option<Time>,
    restart: Option<Time>,
    chosen: &'static str,
    confirm_first: bool,
    problems: Problems,
}

/// The form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshForm {
    form_id: String,
    /// The token's version when the page was drawn: its dates are what was agreed to.
    #[serde(default)]
    version: String,
    #[serde(default)]
    lifetime: String,
}

/// `GET /settings/tokens/{id}/refresh`
pub async fn ask_refresh(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if let Err(why) = TokenAct::Refresh.check(&token, me.now) {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Refresh, why), StatusCode::OK).await;
    }
    if let Some(form) = typed::<RefreshForm>(&req, &format!("{}/refresh", path(&token))) {
        let restart = form.lifetime == "restart";
        return draw(&req, &app, &me, owner, &token, StatusCode::OK, form.form_id, restart, Problems::default()).await;
    }
    let form_id = FormId::generate(me.now, &mut crate::random::system()).to_string();
    // Whoever comes because the end is near wants a later one.
    let restart = state(&token, me.now) == State::ExpiresSoon;
    draw(&req, &app, &me, owner, &token, StatusCode::OK, form_id, restart, Problems::default()).await
}

/// `POST /settings/tokens/{id}/refresh`
pub async fn refresh_token(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    id: Path<String>,
    Form(form): Form<RefreshForm>,
) -> Result<HttpResponse, PageError> {
    let token = find(&app, owner, &id).await?;
    if let Err(why) = TokenAct::Refresh.check(&token, me.now) {
        return cannot(&req, &app, &me, owner, &token, (TokenAct::Refresh, why), StatusCode::CONFLICT).await;
    }
    let form_id = FormId::parse(&form.form_id).ok_or(PageError::Late)?.to_string();
    let restart = form.lifetime == "restart";
    if must_confirm(&app, &me).await? {
        let problems = Problems::one("", CONFIRM_FIRST);
        return draw(&req, &app, &me, owner, &token, StatusCode::CONFLICT, form_id, restart, problems).await;
    }
    let refreshed = match check(&app, &me, &token, &form) {
        Ok(refreshed) => refreshed,
        Err(problems) => {
            return draw(&req, &app, &me, owner, &token, StatusCode::UNPROCESSABLE_ENTITY, form_id, restart, problems)
                .await;
        }
    };
    reauth::require(&req, &app, &me).await?;
    // Of the version that was shown, so that of two pages the second changes nothing; see `Issued::Stale`.
    let refreshed =
        Token { version: form.version.parse().map_or(0, |shown: i64| shown.saturating_add(1)), ..refreshed };
    match app.store.refresh_token(refreshed.clone(), &form_id, &me.actor, me.now).await? {
        Issued::Secret(secret) => {
            let feeds = feeds(&app, owner).await?;
            show_once(&req, &app, &me, &refreshed, &feeds, &secret, token.issued_at.is_some()).await
        }
        Issued::AlreadyDone(id) => already_done(&req, &app, &me, owner, id).await,
        Issued::Stale => {
            let token = find(&app, owner, &id).await?;
            let problems = Problems::one("", changed_meanwhile(&token, &me));
            draw(&req, &app, &me, owner, &token, StatusCode::CONFLICT, form_id, restart, problems).await
        }
    }
}

/// What happened to a token since a page about it was drawn.
pub(super) fn changed_meanwhile(token: &Token, me: &SignedIn) -> String {
    let issued = token.issued_at.map(|at| me.time(at).text);
    let key = match (&token.hint, issued) {
        (Some(hint), Some(issued)) => format!(" Its present key is {hint}…, made {issued}, and stays as it is."),
        _ => String::new(),
    };
    format!(
        "The token was changed or refreshed after this page was opened, so nothing was done.{key} Look at it again before you go on."
    )
}

fn check(app: &App, me: &SignedIn, token: &Token, form: &RefreshForm) -> Result<Token, Problems> {
    let restart = match form.lifetime.as_str() {
        "restart" => true,
        "keep" if lifecycle::must_restart(token, me.now) => {
            return Err(Problems::one("lifetime", "It has expired, so its lifetime has to restart."));
        }
        "keep" => false,
        _ => return Err(Problems::one("lifetime", "Choose whether to keep the expiry date.")),
    };
    lifecycle::refresh(token, restart, me.now, app.settings.max_token_days)
        .map_err(|refused| Problems::one("", refused))
}

/// What happens then.
fn lede(token: &view::Token) -> String {
    if !token.issued {
        return "This gives the token its first key, shown once, and starts its lifetime.".to_owned();
    }
    let old = if token.live {
        "The old key is refused from the next request on, so have the settings of its client open: you will paste the new key there."
    } else {
        "The old key stays refused."
    };
    format!("You get a new key, shown once. {old}")
}

#[expect(clippy::too_many_arguments, reason = "a page is drawn from exactly these")]
async fn draw(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    owner: Owner,
    token: &Token,
    status: StatusCode,
    form_id: String,
    restart: bool,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let max_days = app.settings.max_token_days;
    let end = |restart| lifecycle::refresh(token, restart, me.now, max_days).ok().and_then(|token| token.expires_at);
    let time = |end| Time::end(end, me.now, me.account.time_zone);
    let must_restart = lifecycle::must_restart(token, me.now);
    // A token without an end keeps having none, so there is nothing to choose.
    let keep = if must_restart || token.expires_at.is_none() { None } else { end(false).map(time) };
    let seen = view::Token::in_list(token, &feeds(app, owner).await?, me);
    let question = about(TokenAct::Refresh, token, &seen);
    let confirm = Confirm {
        lede: lede(&seen),
        button: if seen.issued { question.button } else { "Get the key".to_owned() },
        asks_proof: me.must_prove(),
        ..question
    };
    let page = Refresh {
        page: confirm.page(req),
        confirm,
        token: seen,
        form_id,
        chosen: if restart || keep.is_none() { "restart" } else { "keep" },
        keep,
        restart: end(true).map(time),
        confirm_first: must_confirm(app, me).await?,
        problems,
    };
    answer(status, &page)
}
