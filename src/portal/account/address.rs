//! The address of an account: asking for the mail that confirms it, and giving another one.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};

use super::{
    profile::{AddressForm, Typed, draw},
    sign_out::Nothing,
};
use crate::{
    accounts::{
        identity,
        rate_limit::{Demand, RateLimitDecision},
    },
    app::App,
    notifications::MailKind,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems, or_again},
        page::{SignedIn, go_to},
        rate_limited::too_many,
        reauth::prove,
    },
};

const PROFILE: &str = "/settings/profile";

/// `POST /settings/profile/confirm`: mails a link to the account's address.
pub async fn send_confirmation(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let mut tx = me.begin(&app).await?;
    let demand = Demand::confirmation(me.account.id);
    if let RateLimitDecision::Wait(wait) = app.limits.take(&mut tx, &demand, me.now).await? {
        drop(tx);
        let typed = Typed::nothing(&me.account);
        let problems = Problems::one("", too_many(&req, wait));
        return draw(&req, &app, StatusCode::TOO_MANY_REQUESTS, me, typed, problems).await;
    }
    let mail = app.new_mail(MailKind::ConfirmAddress, Some(me.account.id), &me.account.email);
    tx.add_mail(&mail, me.now).await?;
    tx.commit().await?;
    Ok(go_to(&req, mailed(&app, Flash::ConfirmationSent).at(PROFILE)))
}

/// `POST /settings/profile/address`: mails a link to another address, and tells the present one. Whether somebody has
/// that address already, only a mail to it says.
pub async fn change_address(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<AddressForm>,
) -> Result<HttpResponse, PageError> {
    let email = match acceptable(&me, &form) {
        Ok(email) => email,
        Err(problems) => return again(&req, &app, me, form, problems).await,
    };
    if let Err(error) = prove(&req, &app, &me, ("password", &form.password)).await {
        return or_again(Err(error), async |_, problems| again(&req, &app, me, form, problems).await).await;
    }
    let asked = app.store.address_state(me.account.id, me.now).await?.asked;
    let mut tx = me.begin(&app).await?;
    let demand = Demand::new_address(me.account.id);
    if let RateLimitDecision::Wait(wait) = app.limits.take(&mut tx, &demand, me.now).await? {
        drop(tx);
        let problems = Problems::one("", too_many(&req, wait));
        return again(&req, &app, me, form, problems).await;
    }
    // An address that has had too many mails gets none, and nobody is told so. A link to it that is out stays good.
    let granted = app.limits.take(&mut tx, &Demand::mail_to(&email), me.now).await? == RateLimitDecision::Granted;
    if granted || asked.is_none_or(|(asked, _)| asked != email) {
        tx.ask_for_address(&me.account, &email, &me.actor, me.now).await?;
    }
    if granted {
        tx.add_mail(&app.new_mail(MailKind::NewAddress, Some(me.account.id), &email), me.now).await?;
    }
    tx.commit().await?;
    Ok(go_to(&req, mailed(&app, Flash::NewAddressAsked).at(PROFILE)))
}

/// `POST /settings/profile/address/withdraw`: keeps the address that the account has.
pub async fn withdraw_address(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(Nothing {}): Form<Nothing>,
) -> Result<HttpResponse, PageError> {
    let mut tx = me.begin(&app).await?;
    if tx.withdraw_asked_address(me.account.id, &me.actor, me.now).await? {
        tx.commit().await?;
    }
    Ok(go_to(&req, Flash::AddressKept.at(PROFILE)))
}

/// What is said after a mail was queued: on a host without mail server it reaches nobody but the operator.
fn mailed(app: &App, done: Flash) -> Flash {
    if app.settings.smtp_url.is_some() { done } else { Flash::LinkFiled }
}

fn acceptable(me: &SignedIn, form: &AddressForm) -> Result<String, Problems> {
    let email = identity::email(&form.email).map_err(|problem| Problems::one("email", problem))?;
    if email.eq_ignore_ascii_case(&me.account.email) {
        return Err(Problems::one("email", "This is the address you have."));
    }
    if form.password.is_empty() {
        return Err(Problems::one("password", "Enter your password to go on."));
    }
    Ok(email)
}

async fn again(
    req: &HttpRequest,
    app: &App,
    me: SignedIn,
    form: AddressForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let typed = Typed { email: form.email, ..Typed::nothing(&me.account) };
    draw(req, app, StatusCode::UNPROCESSABLE_ENTITY, me, typed, problems).await
}
