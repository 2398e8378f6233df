//! Deactivating or revoking the tokens that an operator ticked in the inventory, in one confirmed step.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use super::Operator;
use crate::{
    app::App,
    portal::tokens::chosen::Chosen,
    tokens::{
        AccountId, Token, TokenId,
        bulk::{BulkAction, MOST_SELECTED},
    },
    web::{
        confirm::{Confirm, Link, Piece},
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        format::counted,
        page::{Page, answer, go_to},
        query::with_query_of,
    },
};

#[derive(Template)]
#[template(path = "portal/operator/bulk_tokens.html")]
struct BulkTokens {
    page: Page,
    confirm: Confirm,
    step: &'static str,
    fit: Vec<Chosen>,
    left_out: Vec<Chosen>,
    from: String,
    problems: Problems,
}

/// What the list sends, and the page after it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectedForm {
    step: String,
    token: Vec<String>,
    /// The query of the list.
    from: String,
}

impl SelectedForm {
    /// What operators may do to the tokens of others: what makes keys work again is for their owners.
    fn action(&self) -> Result<BulkAction, PageError> {
        let action = self.step.parse().map_err(|_| PageError::NotFound)?;
        if action == BulkAction::Reactivate { Err(PageError::NotFound) } else { Ok(action) }
    }

    fn list(&self) -> String {
        with_query_of("/operator/tokens", self.from.trim_start_matches('?'))
    }

    async fn tokens(&self, app: &App) -> Result<Vec<Token>, PageError> {
        let mut ids: Vec<_> = self.token.iter().filter_map(|id| TokenId::parse(id)).take(MOST_SELECTED).collect();
        ids.sort();
        ids.dedup();
        Ok(app.store.tokens_with_ids(&ids).await?)
    }
}

/// `GET /operator/tokens/selected?step=revoke&token=…&token=…`
pub async fn ask_bulk_change(req: HttpRequest, app: Data<App>, me: Operator) -> Result<HttpResponse, PageError> {
    let form: SelectedForm = serde_html_form::from_str(req.query_string()).map_err(|_| PageError::NotFound)?;
    let (step, tokens) = (form.action()?, form.tokens(&app).await?);
    if tokens.is_empty() {
        return Ok(go_to(&req, Flash::NoneSelected.at(&form.list())));
    }
    let mut selected = Vec::with_capacity(tokens.len());
    for token in &tokens {
        selected.push(chosen(&app, &me, token, step).await?);
    }
    let (fit, left_out): (Vec<_>, Vec<_>) = selected.into_iter().partition(|one| one.why.is_empty());
    let confirm = question(step, fit.len(), form.list());
    let page = BulkTokens {
        page: confirm.page(&req),
        confirm,
        step: step.as_str(),
        fit,
        left_out,
        from: form.from,
        problems: Problems::default(),
    };
    answer(StatusCode::OK, &page)
}

/// `POST /operator/tokens/selected`
pub async fn change_selected_tokens(
    req: HttpRequest,
    app: Data<App>,
    me: Operator,
    Form(form): Form<SelectedForm>,
) -> Result<HttpResponse, PageError> {
    let (step, tokens) = (form.action()?, form.tokens(&app).await?);
    let mut by_account: BTreeMap<AccountId, Vec<TokenId>> = BTreeMap::new();
    for token in tokens.iter().filter(|token| step.skip_reason(token, me.now).is_none()) {
        by_account.entry(token.account).or_default().push(token.id);
    }
    let mut changed = 0;
    for (account, ids) in by_account {
        changed += app.store.change_selected(account, &ids, step, &me.actor, me.now).await?;
    }
    let done = match step {
        _ if changed == 0 => Flash::Unchanged,
        BulkAction::Revoke => Flash::AllRevoked,
        _ => Flash::AllDeactivated,
    };
    Ok(go_to(&req, done.at(&form.list())))
}

fn question(step: BulkAction, count: usize, back: String) -> Confirm {
    let is_danger = step == BulkAction::Revoke;
    let (verb, lede) = if is_danger {
        ("Revoke", "Their keys stop working at once. This cannot be undone. Their owners are told by email.")
    } else {
        (
            "Deactivate",
            "Their keys are refused from the next request on. Their owners are told by email, and can reactivate them.",
        )
    };
    let title = format!("{verb} {}", counted(count, "token"));
    let question = Confirm {
        section: "operator-tokens",
        lede: lede.to_owned(),
        action: "/operator/tokens/selected".to_owned(),
        button: title.clone(),
        title,
        is_danger,
        back: Link::new(back, "Tokens"),
        ..Confirm::default()
    };
    match count {
        0 => question.without_form(format!("There is nothing to {} among the selected tokens.", step.as_str()), None),
        _ => question,
    }
}

/// A token as the table of the question shows it.
async fn chosen(app: &App, me: &Operator, token: &Token, step: BulkAction) -> Result<Chosen, PageError> {
    let owner = app.store.account(token.account).await?.map(|account| account.username);
    Ok(Chosen::new(token, owner.unwrap_or_default(), step, me))
}
