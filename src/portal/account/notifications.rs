//! Which mails are sent, and to where.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use crate::{
    app::App,
    portal::{
        error::PageError,
        page::{Page, SignedIn, answer},
    },
};

#[derive(Template)]
#[template(path = "portal/notifications.html")]
struct Notifications {
    page: Page,
    email: String,
    mails_are_files: bool,
}

/// `GET /settings/notifications`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let page = Page::in_section(&req, "Notifications", "notifications");
    let mails_are_files = app.settings.smtp_url.is_none();
    answer(StatusCode::OK, &Notifications { page, email: me.account.email, mails_are_files })
}
