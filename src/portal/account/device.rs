//! The cookie by which an account's own devices are known; see [`crate::accounts::rate_limit`].

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, time::Duration as Age},
};
use chrono::{DateTime, Utc};

use crate::{
    accounts::{Account, KnownDevice, one_time_link},
    app::App,
    audit::Actor,
    store::Transaction,
    tokens::AccountId,
    web::{
        error::PageError,
        session::{cookie, cookie_value},
    },
};

const DEVICE: &str = "device";
/// Characters of its secret.
const LENGTH: usize = 43;

/// A browser that is known from now on.
pub(super) struct Remembered {
    cookie: Cookie<'static>,
    /// Whether it was not known before.
    pub(super) is_new: bool,
}

impl Remembered {
    /// The answer with the device's cookie.
    pub(super) fn mark(self, mut res: HttpResponse) -> Result<HttpResponse, PageError> {
        res.add_cookie(&self.cookie).map_err(|error| anyhow::anyhow!("a cookie that is none: {error}"))?;
        Ok(res)
    }
}

/// The device that a request comes from, whichever account it signed in to last.
pub(super) async fn of(req: &HttpRequest, app: &App) -> Result<Option<KnownDevice>, PageError> {
    match secret(req, app) {
        Some(secret) => Ok(app.store.device(&one_time_link::hash(&secret)).await?),
        None => Ok(None),
    }
}

fn secret(req: &HttpRequest, app: &App) -> Option<String> {
    cookie_value(req, app, DEVICE).filter(|secret| secret.len() == LENGTH)
}

/// Makes this browser one of the account's devices, or notes that it was seen again. A new one gets a fresh secret, so
/// that nobody plants one.
pub(super) async fn remember(
    req: &HttpRequest,
    app: &App,
    tx: &mut Transaction,
    account: AccountId,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<Remembered, PageError> {
    let known = of(req, app).await?.filter(|device| device.account == account);
    let seen = match known {
        Some(device) => tx.see_device(device.id, now).await?,
        None => false,
    };
    let secret = match secret(req, app).filter(|_| seen) {
        Some(secret) => secret,
        None => {
            let secret = one_time_link::generate(&mut crate::random::system());
            tx.add_device(&one_time_link::hash(&secret), account, by, now).await?;
            secret
        }
    };
    Ok(Remembered { cookie: cookie(app, DEVICE, secret, Some(Age::days(365))), is_new: !seen })
}

/// The account that this browser signed in to before, if it has this address. Only the browser's own account is looked
/// at, so that nobody learns of another.
pub(super) async fn account_with(req: &HttpRequest, app: &App, email: &str) -> Result<Option<Account>, PageError> {
    let Some(device) = of(req, app).await? else { return Ok(None) };
    Ok(app.store.account(device.account).await?.filter(|account| account.email.eq_ignore_ascii_case(email)))
}
