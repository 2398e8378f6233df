//! Accounts: setting up, signing up, in and out, and the settings that are not about tokens.

pub mod address;
pub mod confirm;
mod dead_link;
mod device;
pub mod devices;
pub mod forgot;
pub mod invitations;
pub mod notifications;
pub mod password;
pub mod profile;
pub mod reset;
pub mod security_log;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod unsubscribe;
mod zones;

use actix_web::{HttpRequest, web::Data};
use chrono_tz::Tz;
use serde::Deserialize;

use self::device::{Remembered, remember};
use crate::{
    accounts::{
        FIRST_EPOCH, NewAccount, Registration, identity,
        one_time_link::LinkPurpose,
        password as rules,
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    audit::Actor,
    auth::client_address,
    tokens::AccountId,
    web::{
        error::PageError,
        form::{FormError, Problems},
        page::actor,
        rate_limited::too_many,
        session::TypedSession,
    },
};

/// What a new account is asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignUpForm {
    username: String,
    email: String,
    password: String,
    #[serde(default)]
    zone: String,
    /// The secret of the setup link; only that form sends it.
    #[serde(default)]
    setup: String,
}

impl SignUpForm {
    /// Its parts as they are stored, but for the password, or what is wrong with any of them.
    fn read(&self) -> Result<(String, String, Tz), Problems> {
        let mut problems = Problems::default();
        let username = problems.keep("username", identity::username(&self.username));
        let email = problems.keep("email", identity::email(&self.email));
        let zone = if self.zone.is_empty() { "UTC" } else { &self.zone };
        let time_zone = problems.keep("zone", identity::time_zone(zone));
        problems.keep("password", rules::check_new(&self.password, &[&self.username, &self.email]));
        match (username, email, time_zone, problems.is_empty()) {
            (Some(username), Some(email), Some(time_zone), true) => Ok((username, email, time_zone)),
            _ => Err(problems),
        }
    }
}

/// Makes an account from a form, signs it in and gives its device's cookie, or says what is wrong. `setup` is the hash of
/// the link that makes an operator.
async fn register(
    req: &HttpRequest,
    app: &Data<App>,
    session: &TypedSession,
    form: &SignUpForm,
    setup: Option<[u8; 32]>,
) -> Result<Remembered, FormError> {
    let (username, email, time_zone) = form.read()?;
    let gate = if setup.is_some() { app.passwords.clone() } else { app.passwords.for_strangers() };
    let place = gate.enter()?;
    if setup.is_none()
        && let RateLimitDecision::Wait(wait) = take_request(req, app).await?
    {
        return Err(FormError::field("", too_many(req, wait)));
    }
    let password_hash = place.hash(&form.password).await?;
    let new = NewAccount {
        username,
        email,
        password_hash: Some(password_hash),
        time_zone,
        operator: setup.is_some(),
        vouched: setup.is_some(),
        max_token_days: app.settings.max_token_days,
    };
    let by = actor(req, app, None);
    let (id, device) = store(req, app, &new, setup, &by).await?;
    session.begin(id, FIRST_EPOCH, &by, app.clock.now())?;
    Ok(device)
}

/// Takes one from what strangers may ask for, before it costs anything.
async fn take_request(req: &HttpRequest, app: &App) -> Result<RateLimitDecision, PageError> {
    let demand = Demand::request(client_address(req, &app.settings.trusted_proxies));
    Ok(app.limits.take_now(&app.store, &demand, app.clock.now()).await?)
}

/// Stores the account with the device it is made on, using up the setup link in the same transaction.
async fn store(
    req: &HttpRequest,
    app: &App,
    new: &NewAccount,
    setup: Option<[u8; 32]>,
    by: &Actor,
) -> Result<(AccountId, Remembered), FormError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if let Some(link) = setup
        && tx.use_link(&link, LinkPurpose::Setup, now).await?.is_none()
    {
        return Err(PageError::NotFound.into());
    }
    let id = match tx.add_account(new, by, now).await? {
        Registration::Made(id) => id,
        Registration::UsernameTaken => {
            return Err(FormError::field("username", "This username is taken. Choose another."));
        }
        Registration::EmailTaken => {
            return Err(FormError::field("email", "There is an account with this address already. Sign in instead."));
        }
    };
    tx.note_sign_in(id, now).await?;
    let device = remember(req, app, &mut tx, id, by, now).await?;
    tx.commit().await?;
    Ok((id, device))
}
