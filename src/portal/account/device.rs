//! The cookie by which an account's own devices are known; see [`crate::accounts::rate_limit`].

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, time::Duration as Age},
};
use chrono::{DateTime, Utc};

use crate::{
    accounts::link,
    app::App,
    portal::{
        error::PageError,
        session::{cookie, cookie_value},
    },
    store::{Account, Actor, Change, KnownDevice},
    tokens::AccountId,
};

const DEVICE: &str = "device";
/// Characters of its secret.
const LENGTH: usize = 43;

/// The device that a request comes from, whichever account it signed in to last.
pub(super) async fn of(req: &HttpRequest, app: &App) -> Result<Option<KnownDevice>, PageError> {
    match cookie_value(req, app, DEVICE).filter(|secret| secret.len() == LENGTH) {
        Some(secret) => Ok(app.store.device(&link::hash(&secret)).await?),
        None => Ok(None),
    }
}

/// Makes this browser one of the account's devices, or notes that it was seen again. Gives the cookie to set, if it is
/// new: always with a fresh secret, so that nobody plants one.
pub(super) async fn remember(
    app: &App,
    change: &mut Change,
    account: AccountId,
    known: Option<KnownDevice>,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<Option<Cookie<'static>>, PageError> {
    let known = known.filter(|device| device.account == account);
    if let Some(device) = known
        && change.see_device(device.id, now).await?
    {
        return Ok(None);
    }
    let secret = link::generate(&mut crate::random::system());
    change.add_device(&link::hash(&secret), account, by, now).await?;
    Ok(Some(cookie(app, DEVICE, secret, Some(Age::days(365)))))
}

/// The answer with the cookie of a new device, if there is one.
pub(super) fn marked(cookie: Option<Cookie<'static>>, mut res: HttpResponse) -> Result<HttpResponse, PageError> {
    if let Some(cookie) = cookie {
        res.add_cookie(&cookie).map_err(|error| anyhow::anyhow!("a cookie that is none: {error}"))?;
    }
    Ok(res)
}

/// The account that this browser signed in to before, if it has this address. Only the browser's own account is looked
/// at, so that nobody learns of another.
pub(super) async fn account_with(req: &HttpRequest, app: &App, email: &str) -> Result<Option<Account>, PageError> {
    let Some(device) = of(req, app).await? else { return Ok(None) };
    Ok(app.store.account(device.account).await?.filter(|account| account.email.eq_ignore_ascii_case(email)))
}
