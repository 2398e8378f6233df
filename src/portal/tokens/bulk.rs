//! Deactivating, reactivating or revoking the tokens ticked in the list, in one confirmed step.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::listing::Listing;
use crate::{
    app::App,
    tokens::{
        Token, TokenId,
        bulk::{BulkAction, MOST_SELECTED},
        listing::REVOKED_LISTED,
        state::state,
    },
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::counted,
        owner::Owner,
        page::{Page, SignedIn, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/tokens/bulk.html")]
struct Selected {
    page: Page,
    listed_days: i64,
    verb: &'static str,
    button: String,
    tone: &'static str,
    fit: Vec<Chosen>,
    left_out: Vec<Chosen>,
    from: String,
    back: String,
    ask_password: bool,
    problems: Problems,
}

/// A token that was ticked.
struct Chosen {
    id: String,
    name: String,
    hint: String,
    /// Its state, or why it is left out.
    what: &'static str,
}

/// What the list sends, and the page after it: what to do, with which tokens, and where to go back to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectedForm {
    step: String,
    token: Vec<String>,
    from: String,
}

/// `GET /settings/tokens/selected?step=revoke&token=…&token=…`
pub async fn ask_bulk_change(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    let form: SelectedForm = serde_html_form::from_str(req.query_string()).map_err(|_| PageError::NotFound)?;
    let step = BulkAction::parse(&form.step).ok_or(PageError::NotFound)?;
    let tokens = chosen(&app, owner, &form).await?;
    draw(&req, &me, step, &form, &tokens)
}

/// `POST /settings/tokens/selected`
pub async fn change_selected_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(form): Form<SelectedForm>,
) -> Result<HttpResponse, PageError> {
    let step = BulkAction::parse(&form.step).ok_or(PageError::NotFound)?;
    let tokens = chosen(&app, owner, &form).await?;
    if tokens.is_empty() {
        return Ok(go_to(&req, Flash::NoneSelected.at(&Listing::parse(&form.from).path())));
    }
    if step == BulkAction::Reactivate {
        reauth::require(&req, &app, &me).await?;
    }
    let possible = tokens.iter().filter(|token| step.skip_reason(token, me.now).is_none());
    let ids: Vec<_> = possible.map(|token| token.id).collect();
    let changed = app.store.change_selected(owner.id, &ids, step, &me.actor, me.now).await?;
    let done = if changed == 0 { Flash::Unchanged } else { done(step) };
    Ok(go_to(&req, done.at(&Listing::parse(&form.from).path())))
}

/// The selected tokens, as far as they are one's own.
async fn chosen(app: &App, owner: Owner, form: &SelectedForm) -> Result<Vec<Token>, PageError> {
    let mut ids: Vec<_> = form.token.iter().filter_map(|id| TokenId::parse(id)).take(MOST_SELECTED).collect();
    ids.sort();
    ids.dedup();
    let mut tokens = app.store.selected_tokens(owner.id, &ids).await?;
    tokens.sort_by_cached_key(|token| (token.name.to_lowercase(), token.id));
    Ok(tokens)
}

fn draw(
    req: &HttpRequest,
    me: &SignedIn,
    step: BulkAction,
    form: &SelectedForm,
    tokens: &[Token],
) -> Result<HttpResponse, PageError> {
    let listing = Listing::parse(&form.from);
    if tokens.is_empty() {
        return Ok(go_to(req, Flash::NoneSelected.at(&listing.path())));
    }
    let (left_out, fit): (Vec<_>, Vec<_>) = tokens.iter().partition(|token| step.skip_reason(token, me.now).is_some());
    let (title, verb, tone) = match step {
        BulkAction::Deactivate => ("Deactivate", "deactivate", "main"),
        BulkAction::Reactivate => ("Reactivate", "reactivate", "main"),
        BulkAction::Revoke => ("Revoke", "revoke", "final"),
    };
    let button = format!("{title} {}", counted(fit.len(), "token"));
    let page = Selected {
        page: Page::in_section(req, button.clone(), "tokens"),
        listed_days: REVOKED_LISTED.num_days(),
        verb,
        button: if step == BulkAction::Revoke { format!("{button} for good") } else { button },
        tone,
        fit: fit.into_iter().map(|token| named(token, state(token, me.now).label())).collect(),
        left_out: left_out
            .into_iter()
            .map(|token| named(token, step.skip_reason(token, me.now).unwrap_or_default()))
            .collect(),
        from: listing.query(),
        back: listing.path(),
        ask_password: step == BulkAction::Reactivate && me.must_prove(),
        problems: Problems::default(),
    };
    answer(StatusCode::OK, &page)
}

fn named(token: &Token, what: &'static str) -> Chosen {
    Chosen { id: token.id.to_string(), name: token.name.clone(), hint: token.hint.clone().unwrap_or_default(), what }
}

fn done(step: BulkAction) -> Flash {
    match step {
        BulkAction::Deactivate => Flash::AllDeactivated,
        BulkAction::Reactivate => Flash::AllReactivated,
        BulkAction::Revoke => Flash::AllRevoked,
    }
}
