//! Accounts: setting up, signing up, in and out, and the settings that are not about tokens.

mod dead_link;
pub mod notifications;
pub mod password;
pub mod profile;
pub mod reset;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
mod zones;

use actix_web::{HttpRequest, web::Data};
use serde::Deserialize;

use super::{
    error::PageError,
    form::Problems,
    page::actor,
    session::{TypedSession, seal},
};
use crate::{
    accounts::{identity, password as rules},
    app::App,
    store::{Actor, FIRST_EPOCH, NewAccount, Purpose, Registration},
    tokens::AccountId,
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

/// Makes an account from a form, signs it in, or says what is wrong. `setup` is the hash of the link that makes an
/// operator.
async fn register(
    req: &HttpRequest,
    app: &Data<App>,
    session: &TypedSession,
    form: &SignUpForm,
    setup: Option<[u8; 32]>,
) -> Result<Result<(), Problems>, PageError> {
    let mut problems = Problems::default();
    let username = problems.keep("username", identity::username(&form.username));
    let email = problems.keep("email", identity::email(&form.email));
    let zone = if form.zone.is_empty() { "UTC" } else { &form.zone };
    let time_zone = problems.keep("zone", identity::time_zone(zone));
    problems.keep("password", rules::check_new(&form.password, &[&form.username, &form.email]));
    let (Some(username), Some(email), Some(time_zone), true) = (username, email, time_zone, problems.is_empty()) else {
        return Ok(Err(problems));
    };
    let password_hash = app.gate.hash(&form.password).await?;
    let new = NewAccount {
        username,
        email,
        password_hash,
        time_zone,
        operator: setup.is_some(),
        max_token_days: app.settings.max_token_days,
    };
    let by = actor(req, app, None);
    match store(app, &new, setup, &by).await? {
        Some(Registration::Made(id)) => {
            session.begin(id, FIRST_EPOCH, &by, app.clock.now())?;
            Ok(Ok(()))
        }
        Some(Registration::UsernameTaken) => {
            Ok(Err(Problems::one("username", "This username is taken. Choose another.")))
        }
        Some(Registration::EmailTaken) => {
            Ok(Err(Problems::one("email", "There is an account with this address already. Sign in instead.")))
        }
        None => Err(PageError::NotFound),
    }
}

/// Stores the account, using up the setup link in the same transaction; none if the link is no longer good.
async fn store(
    app: &App,
    new: &NewAccount,
    setup: Option<[u8; 32]>,
    by: &Actor,
) -> Result<Option<Registration>, PageError> {
    let now = app.clock.now();
    let mut change = app.store.begin().await?;
    if let Some(link) = setup
        && change.use_link(&link, Purpose::Setup, now).await?.is_none()
    {
        return Ok(None);
    }
    let made = change.add_account(new, by, now).await?;
    if matches!(made, Registration::Made(_)) {
        change.commit().await?;
    }
    Ok(Some(made))
}

/// The cookie by which an account's own devices are known; see [`crate::accounts::limits`].
fn device_mark(app: &App, account: AccountId) -> String {
    let account = account.to_string();
    format!("{account}.{}", seal(app, "device", &[&account]))
}
