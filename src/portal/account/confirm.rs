//! Confirming an address by the link that was mailed to it. Opening the link shows a button and uses nothing up.

use actix_session::SessionExt;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{dead_link, device::remember, setup::SetupLink};
use crate::{
    accounts::{
        Account, NewAccount, Registration, SignUp, identity,
        one_time_link::{self, LinkPurpose},
        password::Verdict,
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    web::{
        error::PageError,
        flash::Flash,
        form::{LATE, Problems, Typed},
        page::{Page, actor, answer, go_to, signed_in},
        rate_limited::too_many,
        session::TypedSession,
    },
};

const WRONG: &str = "This is not the password chosen at sign-up. If you did not sign up, close this page: no account is made. If you did, but forgot it, sign up again.";

#[derive(Template)]
#[template(path = "portal/account/confirm.html")]
struct Confirm {
    page: Page,
    link: String,
    email: String,
    about: About,
    problems: Problems,
}

/// What the link confirms.
enum About {
    SignUp { username: String },
    Address { username: String },
    NewAddress { username: String },
}

/// The form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmForm {
    link: String,
    /// Another name than the one asked for at sign-up, if that is taken by now.
    #[serde(default)]
    username: String,
    /// The password chosen at sign-up: who did not choose it makes no account with it.
    #[serde(default)]
    password: String,
}

/// What a good link leads to.
enum Found {
    SignUp(SignUp),
    Address(Account, LinkPurpose, String),
}

/// `GET /confirm?link=…`
pub async fn show_confirm(
    req: HttpRequest,
    app: Data<App>,
    query: Result<Query<SetupLink>, actix_web::Error>,
) -> Result<HttpResponse, PageError> {
    let secret = query.map(|query| query.into_inner().link).unwrap_or_default();
    signed_in(&req).await?; // so that the page knows who looks at it
    match find(&app, &secret).await? {
        Some(found) => draw(&req, StatusCode::OK, found, secret, Problems::default()),
        None => dead_link::draw(&req),
    }
}

/// `POST /confirm`
pub async fn confirm_link(
    req: HttpRequest,
    app: Data<App>,
    Typed { form, is_ours }: Typed<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    match find(&app, &form.link).await? {
        Some(found) if !is_ours => late(&req, form, found),
        Some(Found::SignUp(sign_up)) => make_account(&req, &app, form, sign_up).await,
        Some(Found::Address(account, LinkPurpose::NewAddress, email)) => {
            change_address(&req, &app, &form, account, &email).await
        }
        Some(Found::Address(account, ..)) => confirm_address(&req, &app, &form, account).await,
        None => dead_link::count(&req, &app).await,
    }
}

fn late(req: &HttpRequest, form: ConfirmForm, found: Found) -> Result<HttpResponse, PageError> {
    let found = match found {
        Found::SignUp(sign_up) if !form.username.is_empty() => {
            Found::SignUp(SignUp { username: form.username, ..sign_up })
        }
        found => found,
    };
    draw(req, StatusCode::FORBIDDEN, found, form.link, Problems::one("", LATE))
}

async fn find(app: &App, secret: &str) -> Result<Option<Found>, PageError> {
    let hash = one_time_link::hash(secret);
    let Some(found) = app.store.link(&hash, app.clock.now()).await? else {
        return Ok(None);
    };
    match (found.purpose, found.account, found.email) {
        (LinkPurpose::SignUp, ..) => Ok(app.store.sign_up(&hash).await?.map(Found::SignUp)),
        (purpose @ (LinkPurpose::ConfirmAddress | LinkPurpose::NewAddress), Some(account), Some(email)) => {
            Ok(app.store.account(account).await?.map(|account| Found::Address(account, purpose, email)))
        }
        _ => Ok(None),
    }
}

async fn make_account(
    req: &HttpRequest,
    app: &App,
    form: ConfirmForm,
    sign_up: SignUp,
) -> Result<HttpResponse, PageError> {
    let now = app.clock.now();
    // Counted before it is known what it comes to: neither passwords nor the names that are taken can be tried out. Only
    // the link's own tries count: what others try keeps nobody from following theirs.
    let place = app.passwords.enter()?;
    let demand = Demand::link_try(&form.link);
    if let RateLimitDecision::Wait(wait) = app.limits.take_now(&app.store, &demand, now).await? {
        return again(req, form, sign_up, Problems::one("password", too_many(req, wait)));
    }
    // Somebody else may have signed up with this address, so that its owner would confirm an account that others can
    // sign in to.
    if place.verify(&form.password, Some(&sign_up.password_hash)).await? == Verdict::Wrong {
        return again(req, form, sign_up, Problems::one("password", WRONG));
    }
    let wanted = if form.username.is_empty() { &sign_up.username } else { &form.username };
    let username = match identity::username(wanted) {
        Ok(username) => username,
        Err(problem) => return again(req, form, sign_up, Problems::one("username", problem)),
    };
    let new = NewAccount {
        username,
        email: sign_up.email.clone(),
        password_hash: Some(sign_up.password_hash.clone()),
        time_zone: sign_up.time_zone,
        operator: false,
        vouched: true,
        max_token_days: app.settings.max_token_days,
    };
    let (by, link) = (actor(req, app, None), one_time_link::hash(&form.link));
    let mut tx = app.store.begin().await?;
    if tx.use_link(&link, LinkPurpose::SignUp, now).await?.is_none() {
        return dead_link::draw(req);
    }
    match tx.add_account(&new, &by, now).await? {
        Registration::Made(id) => {
            tx.confirm_address(id, &by, now).await?;
            tx.remove_sign_ups_for(&sign_up.email).await?;
            let device = remember(req, app, &mut tx, id, &by, now).await?;
            tx.commit().await?;
            device.mark(go_to(req, Flash::AccountMade.at("/sign-in")))
        }
        Registration::UsernameTaken => {
            let problem = "This username is taken. Choose another.";
            again(req, form, sign_up, Problems::one("username", problem))
        }
        Registration::EmailTaken => dead_link::draw(req),
    }
}

fn again(req: &HttpRequest, form: ConfirmForm, sign_up: SignUp, problems: Problems) -> Result<HttpResponse, PageError> {
    let username = if form.username.is_empty() { sign_up.username.clone() } else { form.username };
    let found = Found::SignUp(SignUp { username, ..sign_up });
    draw(req, StatusCode::UNPROCESSABLE_ENTITY, found, form.link, problems)
}

async fn confirm_address(
    req: &HttpRequest,
    app: &App,
    form: &ConfirmForm,
    account: Account,
) -> Result<HttpResponse, PageError> {
    let (now, by) = (app.clock.now(), actor(req, app, Some(&account)));
    let mut tx = app.store.begin().await?;
    if tx.use_link(&one_time_link::hash(&form.link), LinkPurpose::ConfirmAddress, now).await?.is_none() {
        return dead_link::draw(req);
    }
    tx.confirm_address(account.id, &by, now).await?;
    tx.commit().await?;
    let at = if signed_in(req).await?.is_some() { "/settings/profile" } else { "/sign-in" };
    Ok(go_to(req, Flash::AddressConfirmed.at(at)))
}

async fn change_address(
    req: &HttpRequest,
    app: &App,
    form: &ConfirmForm,
    account: Account,
    email: &str,
) -> Result<HttpResponse, PageError> {
    let (now, by) = (app.clock.now(), actor(req, app, Some(&account)));
    let mut tx = app.store.begin().await?;
    let used = tx.use_link(&one_time_link::hash(&form.link), LinkPurpose::NewAddress, now).await?;
    if used.is_none() || !tx.set_address(&account, email, &by, now).await? {
        return dead_link::draw(req);
    }
    tx.commit().await?;
    TypedSession(req.get_session()).end_if_of(account.id);
    Ok(go_to(req, Flash::AddressChanged.at("/sign-in")))
}

fn draw(
    req: &HttpRequest,
    status: StatusCode,
    found: Found,
    link: String,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let (title, about, email) = match found {
        Found::SignUp(SignUp { username, email, .. }) => ("Create your account", About::SignUp { username }, email),
        Found::Address(Account { username, .. }, LinkPurpose::NewAddress, email) => {
            ("Change your address", About::NewAddress { username }, email)
        }
        Found::Address(Account { username, .. }, _, email) => {
            ("Confirm your address", About::Address { username }, email)
        }
    };
    answer(status, &Confirm { page: Page::new(req, title), link, email, about, problems })
}
