//! Which mails are sent, and to where; switching the optional ones on and off.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::App,
    portal::{
        done::Done,
        error::PageError,
        form::Form,
        page::{Page, SignedIn, answer, go_to},
    },
    store::Reminders,
};

#[derive(Template)]
#[template(path = "portal/notifications.html")]
struct Notifications {
    page: Page,
    email: String,
    mails_are_files: bool,
    reminders: Reminders,
}

/// The form; a box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemindersForm {
    #[serde(default)]
    thirty_days: String,
    #[serde(default)]
    one_day: String,
}

/// `GET /settings/notifications`
pub async fn show(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let page = Notifications {
        page: Page::in_section(&req, "Notifications", "notifications"),
        mails_are_files: app.settings.smtp_url.is_none(),
        reminders: app.store.reminders(me.account.id).await?,
        email: me.account.email,
    };
    answer(StatusCode::OK, &page)
}

/// `POST /settings/notifications`
pub async fn submit(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<RemindersForm>,
) -> Result<HttpResponse, PageError> {
    let wanted = Reminders { thirty_days: !form.thirty_days.is_empty(), one_day: !form.one_day.is_empty() };
    app.store.set_reminders(me.account.id, wanted, &me.actor, me.now).await?;
    Ok(go_to(&req, &Done::RemindersSaved.at("/settings/notifications")))
}
