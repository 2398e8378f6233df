//! Refreshing a token: a new key for the same rights, with the same end or a restarted lifetime. The old key ends.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{
    already_done,
    confirm::{about, cannot},
    confirm_first::{CONFIRM_FIRST, must_confirm},
    show_once,
    token_request::TokenRequest,
    view,
};
use crate::{
    tokens::{FormId, Issued, State, Token, act::TokenAct, lifecycle, state::state},
    web::{
        confirm::{Confirm, Piece},
        error::PageError,
        form::{Form, Problems},
        format::Time,
        late_form::typed,
        page::{Page, answer},
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
pub async fn ask_refresh(of: TokenRequest) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Refresh) {
        return cannot(&of, TokenAct::Refresh, why, StatusCode::OK).await;
    }
    if let Some(form) = typed::<RefreshForm>(&of.req, &format!("{}/refresh", of.path())) {
        let restart = form.lifetime == "restart";
        return draw(&of, StatusCode::OK, form.form_id, restart, Problems::default()).await;
    }
    let form_id = FormId::generate(of.me.now, &mut crate::random::system()).to_string();
    // Whoever comes because the end is near wants a later one.
    let restart = state(&of.token, of.me.now) == State::ExpiresSoon;
    draw(&of, StatusCode::OK, form_id, restart, Problems::default()).await
}

/// `POST /settings/tokens/{id}/refresh`
pub async fn refresh_token(of: TokenRequest, Form(form): Form<RefreshForm>) -> Result<HttpResponse, PageError> {
    if let Err(why) = of.check(TokenAct::Refresh) {
        return cannot(&of, TokenAct::Refresh, why, StatusCode::CONFLICT).await;
    }
    let form_id = FormId::parse(&form.form_id).ok_or(PageError::Late)?.to_string();
    let restart = form.lifetime == "restart";
    if must_confirm(&of.app, &of.me).await? {
        let problems = Problems::one("", CONFIRM_FIRST);
        return draw(&of, StatusCode::CONFLICT, form_id, restart, problems).await;
    }
    let refreshed = match check(&of, &form) {
        Ok(refreshed) => refreshed,
        Err(problems) => return draw(&of, StatusCode::UNPROCESSABLE_ENTITY, form_id, restart, problems).await,
    };
    reauth::require(&of.req, &of.app, &of.me).await?;
    // Of the version that was shown, so that of two pages the second changes nothing; see `Issued::Stale`.
    let refreshed =
        Token { version: form.version.parse().map_or(0, |shown: i64| shown.saturating_add(1)), ..refreshed };
    match of.app.store.refresh_token(refreshed.clone(), &form_id, &of.me.actor, of.me.now).await? {
        Issued::Secret(secret) => {
            let feeds = of.feeds().await?;
            show_once(&of.req, &of.app, &of.me, &refreshed, &feeds, &secret, of.token.issued_at.is_some()).await
        }
        Issued::AlreadyDone(id) => already_done(&of.req, &of.app, &of.me, of.owner, id).await,
        Issued::Stale => {
            let of = of.reloaded().await?;
            let problems = Problems::one("", changed_meanwhile(&of));
            draw(&of, StatusCode::CONFLICT, form_id, restart, problems).await
        }
    }
}

/// What happened to a token since a page about it was drawn.
pub(super) fn changed_meanwhile(of: &TokenRequest) -> String {
    let issued = of.token.issued_at.map(|at| of.me.time(at).text);
    let key = match (&of.token.hint, issued) {
        (Some(hint), Some(issued)) => format!(" Its present key is {hint}…, made {issued}, and stays as it is."),
        _ => String::new(),
    };
    format!(
        "The token was changed or refreshed after this page was opened, so nothing was done.{key} Look at it again before you go on."
    )
}

fn check(of: &TokenRequest, form: &RefreshForm) -> Result<Token, Problems> {
    let (token, now) = (&of.token, of.me.now);
    let restart = match form.lifetime.as_str() {
        "restart" => true,
        "keep" if lifecycle::must_restart(token, now) => {
            return Err(Problems::one("lifetime", "It has expired, so its lifetime has to restart."));
        }
        "keep" => false,
        _ => return Err(Problems::one("lifetime", "Choose whether to keep the expiry date.")),
    };
    lifecycle::refresh(token, restart, now, of.app.settings.max_token_days)
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

async fn draw(
    of: &TokenRequest,
    status: StatusCode,
    form_id: String,
    restart: bool,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let (token, me) = (&of.token, &of.me);
    let max_days = of.app.settings.max_token_days;
    let end =
        |restart| lifecycle::refresh(token, restart, me.now, max_days).ok().and_then(|token| token.settings.expires_at);
    let time = |end| Time::end(end, me.now, me.account.time_zone);
    let must_restart = lifecycle::must_restart(token, me.now);
    // A token without an end keeps having none, so there is nothing to choose.
    let keep = if must_restart || token.settings.expires_at.is_none() { None } else { end(false).map(time) };
    let seen = of.summary().await?;
    let question = about(of, TokenAct::Refresh, &seen);
    let confirm = Confirm {
        lede: lede(&seen),
        button: if seen.issued { question.button } else { "Get the key".to_owned() },
        asks_proof: me.must_prove(),
        ..question
    };
    let page = Refresh {
        page: confirm.page(&of.req),
        confirm,
        token: seen,
        form_id,
        chosen: if restart || keep.is_none() { "restart" } else { "keep" },
        keep,
        restart: end(true).map(time),
        confirm_first: must_confirm(&of.app, me).await?,
        problems,
    };
    answer(status, &page)
}
