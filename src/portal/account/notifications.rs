//! Which mails are sent, and to where; switching the optional ones on and off.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::App,
    mail,
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
    /// Where mails are files: the folder, for operators alone.
    mail_files: Option<MailFiles>,
    reminders: Reminders,
}

/// Mails that nobody sends.
struct MailFiles {
    folder: Option<String>,
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

impl MailFiles {
    fn of(app: &App, me: &SignedIn) -> Self {
        let folder = mail::folder_in(&app.settings.data_dir);
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Self { folder: me.account.is_operator.then(|| folder.display().to_string()) }
    }
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
        mail_files: app.settings.smtp_url.is_none().then(|| MailFiles::of(&app, &me)),
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
