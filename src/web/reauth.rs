//! The fresh proof that sensitive acts ask for: whoever gave their password over 15 minutes ago gives it again. A page
//! that asks a question asks for it too; after any other form comes a page of its own, which keeps the form and goes on
//! by itself. Forms know nothing of it: their fields arrive without the proof.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    error::PageError,
    form::{FormError, PROOF, Problems, Sent},
    late_form,
    page::{Page, SignedIn, answer, below_prefix},
    query::with_query_of,
    rate_limited::too_many,
};
use crate::{
    accounts::{password::Verdict, rate_limit::RateLimitDecision},
    app::App,
    auth::{password_hasher::HashQueue, sign_in_attempt::SessionAttempt},
};

/// Goes on if the person behind the session gave their password within 15 minutes, or gives it with this form.
///
/// # Errors
/// [`PageError::Unproven`], which the guard answers with the page that asks for the password and keeps the form.
pub async fn require(req: &HttpRequest, app: &App, me: &SignedIn) -> Result<(), PageError> {
    if !me.must_prove() {
        return Ok(());
    }
    let sent = req.extensions().get::<Sent>().and_then(|sent| sent.proof.clone());
    let Some(password) = sent.filter(|password| !password.is_empty()) else {
        return Err(PageError::Unproven(None));
    };
    prove(req, app, me, (PROOF, &password)).await.map_err(|error| match error {
        FormError::Again(_, problems) => PageError::Unproven(problems.first()),
        FormError::Page(error) => error,
    })
}

/// Whether the signed-in person knows the password; the error says beside the field what is wrong with it.
/// A right one counts as proof for 15 minutes. Only the session's own wrong ones count: what others guess, from the same
/// address too, keeps nobody from proving who they are.
pub async fn prove(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    (field, password): (&'static str, &str),
) -> Result<(), FormError> {
    let place = app.passwords.in_line(HashQueue::Known(me.account.id)).enter()?;
    let session = me.session.name().map_or_else(|| me.account.id.to_string(), |name| name.to_string());
    let attempt = SessionAttempt::new(session);
    if let RateLimitDecision::Wait(wait) = attempt.count(&app.limits, &app.store, me.now).await? {
        return Err(FormError::field(field, too_many(req, wait)));
    }
    if place.verify(password, me.account.password_hash.as_deref()).await? == Verdict::Wrong {
        return Err(FormError::field(field, "This is not your password."));
    }
    attempt.forget(&app.limits, &app.store).await?;
    Ok(me.session.prove(me.now)?)
}

#[derive(Template)]
#[template(path = "web/reauth.html")]
struct Reauth {
    page: Page,
    action: String,
    /// Where the form stands that waits.
    back: String,
    fields: Vec<(String, String)>,
    is_upload: bool,
    problems: Problems,
}

/// The page that asks for the password and keeps the form of this request.
pub(crate) fn ask(req: &HttpRequest, problem: Option<String>) -> Result<HttpResponse, PageError> {
    let sent = req.extensions().get::<Sent>().cloned().ok_or(PageError::NotFromUs)?;
    let path = below_prefix(req);
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = Reauth {
        page: Page::new(req, "Confirm it is you"),
        back: late_form::page_of(&path, &sent.fields),
        action: with_query_of(&path, req.query_string()),
        fields: sent.fields.to_vec(),
        is_upload: sent.is_upload,
        problems: problem.map(|problem| Problems::one(PROOF, problem)).unwrap_or_default(),
    };
    answer(status, &page)
}
