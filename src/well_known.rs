//! What the host says of itself at addresses that everybody knows, below `/.well-known/`.

use actix_web::{HttpResponse, Responder, web::Data};
use chrono::{Duration, SecondsFormat};

use crate::app::App;

/// How long what `security.txt` says is to be relied on (RFC 9116, section 2.5.5, wants less than a year).
const RELIABLE: Duration = Duration::days(180);

/// `GET /.well-known/security.txt`: where to report security problems (RFC 9116), if the operator says so.
pub async fn show_security_txt(app: Data<App>) -> impl Responder {
    let text = app.settings.security_contact.as_ref().map(|contact| {
        let expires = (app.clock.now() + RELIABLE).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n")
    });
    match text {
        Some(text) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text),
        None => HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("not found\n"),
    }
}
