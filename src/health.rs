//! For load balancers and supervisors.

use actix_web::{HttpResponse, Responder, web::Data};

use crate::{app::App, disk};

/// The process answers.
pub async fn alive() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// The process and its database answer; a disk that is full, or nearly so, is named beside it.
pub async fn ready(app: Data<App>) -> impl Responder {
    match app.store.ping().await {
        Ok(()) => {
            let warning = disk::warning(&app).map(|warning| format!("warning: {warning}\n")).unwrap_or_default();
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(format!("ready\n{warning}"))
        }
        Err(_) => HttpResponse::ServiceUnavailable()
            .insert_header(("retry-after", "2"))
            .content_type("text/plain; charset=utf-8")
            .body("the database does not answer\n"),
    }
}
