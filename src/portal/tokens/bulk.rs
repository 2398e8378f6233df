//! Deactivating, reactivating or revoking the tokens ticked in the list, in one confirmed step.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::{chosen::Chosen, listing::Listing};
use crate::{
    app::App,
    paths,
    tokens::{
        Token, TokenId,
        bulk::{BulkAction, MOST_SELECTED},
        listing::REVOKED_LISTED,
    },
    web::{
        confirm::{Confirm, Link, Piece},
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
    confirm: Confirm,
    step: &'static str,
    fit: Vec<Chosen>,
    left_out: Vec<Chosen>,
    from: String,
    problems: Problems,
}

/// What the list sends, and the page after it: what to do, with which tokens, and where to go back to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectedForm {
    step: String,
    token: Vec<String>,
    /// Of each token in turn, as the page that asked showed it.
    version: Vec<String>,
    from: String,
}

impl SelectedForm {
    fn action(&self) -> Result<BulkAction, PageError> {
        self.step.parse().map_err(|_| PageError::NotFound)
    }

    /// Whether the page that asked showed this token as it is now.
    fn has_seen(&self, token: &Token) -> bool {
        let (id, version) = (token.id.to_string(), token.version.to_string());
        self.token.iter().zip(&self.version).any(|(own, seen)| *own == id && *seen == version)
    }
}

/// `GET /settings/tokens/selected?step=revoke&token=…&token=…`
pub async fn ask_bulk_change(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
) -> Result<HttpResponse, PageError> {
    let form: SelectedForm = serde_html_form::from_str(req.query_string()).map_err(|_| PageError::NotFound)?;
    let step = form.action()?;
    let tokens = chosen(&app, owner, &form).await?;
    draw(&req, &me, step, &form, &tokens, Problems::default())
}

/// `POST /settings/tokens/selected`
pub async fn change_selected_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Form(form): Form<SelectedForm>,
) -> Result<HttpResponse, PageError> {
    let step = form.action()?;
    let tokens = chosen(&app, owner, &form).await?;
    if tokens.is_empty() {
        return Ok(go_to(&req, Flash::NoneSelected.at(&Listing::parse(&form.from).path())));
    }
    if step == BulkAction::Reactivate {
        reauth::require(&req, &app, &me).await?;
    }
    let possible: Vec<_> = tokens.iter().filter(|token| step.skip_reason(token, me.now).is_none()).collect();
    // What ends a key is done whatever happened meanwhile; what lets one work again only to what was looked at.
    if step == BulkAction::Reactivate && !possible.iter().all(|token| form.has_seen(token)) {
        let problems = Problems::one(
            "",
            "Some of these tokens were changed after this page was opened, so nothing was done. Look at them again before you go on.",
        );
        return draw(&req, &me, step, &form, &tokens, problems);
    }
    let ids: Vec<_> = possible.iter().map(|token| token.id).collect();
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
    tokens.sort_by_cached_key(|token| (token.settings.name.to_lowercase(), token.id));
    Ok(tokens)
}

fn draw(
    req: &HttpRequest,
    me: &SignedIn,
    step: BulkAction,
    form: &SelectedForm,
    tokens: &[Token],
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let listing = Listing::parse(&form.from);
    if tokens.is_empty() {
        return Ok(go_to(req, Flash::NoneSelected.at(&listing.path())));
    }
    let (left_out, fit): (Vec<_>, Vec<_>) = tokens.iter().partition(|token| step.skip_reason(token, me.now).is_some());
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let confirm = question(me, step, fit.len(), listing.path());
    let chosen = |token: &Token| Chosen::new(token, String::new(), step, me);
    let page = Selected {
        page: confirm.page(req),
        confirm,
        step: step.as_str(),
        fit: fit.into_iter().map(chosen).collect(),
        left_out: left_out.into_iter().map(chosen).collect(),
        from: listing.query(),
        problems,
    };
    answer(status, &page)
}

/// The page that asks, about this many tokens; without a form if there are none.
fn question(me: &SignedIn, step: BulkAction, count: usize, back: String) -> Confirm {
    let (verb, lede) = match step {
        BulkAction::Deactivate => (
            "Deactivate",
            "Their keys are refused from the next request on. All settings stay, and you can reactivate them with the same keys.".to_owned(),
        ),
        BulkAction::Reactivate => (
            "Reactivate",
            "The same keys work again from the next request on, unless they have expired. Their expiry dates do not move.".to_owned(),
        ),
        BulkAction::Revoke => (
            "Revoke",
            format!(
                "Whatever comes with their keys is refused from the next request on, for good. The tokens stay listed for {} days; deleting them takes them off at once. If you only want a pause, deactivate them instead.",
                REVOKED_LISTED.num_days()
            ),
        ),
    };
    let title = format!("{verb} {}", counted(count, "token"));
    let is_danger = step == BulkAction::Revoke;
    let question = Confirm {
        section: "tokens",
        lede,
        action: paths::SELECTED_TOKENS.to_owned(),
        button: if is_danger { format!("{title} for good") } else { title.clone() },
        title,
        is_danger,
        back: Link::new(back, "Access tokens"),
        cancel: if is_danger { "Keep them" } else { "" },
        asks_proof: step == BulkAction::Reactivate && me.must_prove(),
        ..Confirm::default()
    };
    match count {
        0 => question.without_form(format!("There is nothing to {} among the selected tokens.", step.as_str()), None),
        _ => question,
    }
}

fn done(step: BulkAction) -> Flash {
    match step {
        BulkAction::Deactivate => Flash::AllDeactivated,
        BulkAction::Reactivate => Flash::AllReactivated,
        BulkAction::Revoke => Flash::AllRevoked,
    }
}
