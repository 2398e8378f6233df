//! Which mails are sent, and to where; switching the optional ones on and off.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::App,
    notifications::Reminders,
    web::{
        error::PageError,
        flash::Flash,
        form::Form,
        late_form::typed,
        page::{Page, SignedIn, answer, go_to},
    },
};

#[derive(Template)]
#[template(path = "portal/account/notifications.html")]
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

impl RemindersForm {
    fn wanted(&self) -> Reminders {
        Reminders { thirty_days: !self.thirty_days.is_empty(), one_day: !self.one_day.is_empty() }
    }
}

/// `GET /settings/notifications`
pub async fn show_notifications(req: HttpRequest, app: Data<App>, me: SignedIn) -> Result<HttpResponse, PageError> {
    let reminders = match typed::<RemindersForm>(&req, "/settings/notifications") {
        Some(form) => form.wanted(),
        None => app.store.reminders(me.account.id).await?,
    };
    let page = Notifications {
        page: Page::in_section(&req, "Notifications", "notifications"),
        mails_are_files: app.settings.smtp_url.is_none(),
        reminders,
        email: me.account.email,
    };
    answer(StatusCode::OK, &page)
}

/// `POST /settings/notifications`
pub async fn change_notifications(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    Form(form): Form<RemindersForm>,
) -> Result<HttpResponse, PageError> {
    let changed = app.store.set_reminders(me.account.id, form.wanted(), &me.actor, me.now).await?;
    let done = if changed { Flash::RemindersSaved } else { Flash::Unchanged };
    Ok(go_to(&req, done.at("/settings/notifications")))
}
