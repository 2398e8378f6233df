//! No other site changes anything: unsafe requests must come from our own pages (`Sec-Fetch-Site`, else `Origin`),
//! and every form carries a value that only we can have made for this browser and session.

use actix_session::SessionExt;
use actix_web::{HttpMessage, HttpRequest, dev::ServiceRequest, http::header::ORIGIN};
use subtle::ConstantTimeEq;

use super::session::{TypedSession, seal};
use crate::app::App;

/// The random cookie that tells browsers apart before anybody signs in. Nothing is stored for it.
#[derive(Clone, Debug)]
pub struct VisitId(pub String);

/// Whether an unsafe request comes from our own pages.
pub fn comes_from_us(req: &ServiceRequest, app: &App) -> bool {
    let header = |name| req.headers().get(name).map(|value| value.as_bytes());
    match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
        (Some(site), _) => site == b"same-origin",
        (None, Some(origin)) => origin == app.settings.public_url.origin().as_bytes(),
        (None, None) => false,
    }
}

/// The value that forms shown to this request carry.
pub fn value(req: &HttpRequest, app: &App) -> String {
    let visit = req.extensions().get::<VisitId>().map(|visit| visit.0.clone()).unwrap_or_default();
    seal(app, "form", &[&visit, &TypedSession(req.get_session()).form_key()])
}

/// Whether a sent value is the right one.
pub fn is_right(sent: &str, req: &HttpRequest, app: &App) -> bool {
    value(req, app).as_bytes().ct_eq(sent.as_bytes()).into()
}
