//! The cookie by which an account's own devices are known; see [`crate::accounts::limits`].

use actix_web::{HttpRequest, HttpResponse, cookie::time::Duration as Age};
use subtle::ConstantTimeEq;

use crate::{
    app::App,
    portal::{
        error::PageError,
        session::{cookie, cookie_value, seal},
    },
    store::Account,
    tokens::AccountId,
};

const DEVICE: &str = "device";

/// The answer, after which the browser is known as one of the account's devices.
pub(super) fn marked(app: &App, account: AccountId, mut res: HttpResponse) -> Result<HttpResponse, PageError> {
    let device = cookie(app, DEVICE, mark(app, account), Some(Age::days(365)));
    res.add_cookie(&device).map_err(|error| anyhow::anyhow!("a cookie that is none: {error}"))?;
    Ok(res)
}

/// Whether this browser signed in to the account before.
pub(super) fn is_of(req: &HttpRequest, app: &App, account: AccountId) -> bool {
    let kept = cookie_value(req, app, DEVICE).unwrap_or_default();
    mark(app, account).as_bytes().ct_eq(kept.as_bytes()).into()
}

/// The account that this browser signed in to before, if it has this address. Only the browser's own account is looked
/// at, so that nobody learns of another.
pub(super) async fn account_with(req: &HttpRequest, app: &App, email: &str) -> Result<Option<Account>, PageError> {
    let kept = cookie_value(req, app, DEVICE).unwrap_or_default();
    let id = kept.split_once('.').and_then(|(id, _)| AccountId::parse(id)).filter(|id| is_of(req, app, *id));
    let Some(id) = id else { return Ok(None) };
    Ok(app.store.account(id).await?.filter(|account| account.email.eq_ignore_ascii_case(email)))
}

fn mark(app: &App, account: AccountId) -> String {
    let account = account.to_string();
    format!("{account}.{}", seal(app, DEVICE, &[&account]))
}
