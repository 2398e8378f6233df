//! Unlisting a version, so that searches no longer show it, and listing it again.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::{Seen, VersionAt, version_path};
use crate::{
    app::App,
    web::{
        confirm::{Confirm, ConfirmForm, Fact},
        error::PageError,
        flash::Flash,
        form::Form,
        page::go_to,
    },
};

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/{version}/unlist`
pub async fn ask_unlist_version(req: HttpRequest, app: Data<App>, at: VersionAt) -> Result<HttpResponse, PageError> {
    ask(&req, &app, at, false).await
}

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/{version}/relist`
pub async fn ask_relist_version(req: HttpRequest, app: Data<App>, at: VersionAt) -> Result<HttpResponse, PageError> {
    ask(&req, &app, at, true).await
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/{version}/unlist`
pub async fn unlist_version(
    req: HttpRequest,
    app: Data<App>,
    at: VersionAt,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    set(&req, &app, at, false).await
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/{version}/relist`
pub async fn relist_version(
    req: HttpRequest,
    app: Data<App>,
    at: VersionAt,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    set(&req, &app, at, true).await
}

async fn ask(req: &HttpRequest, app: &App, at: VersionAt, list: bool) -> Result<HttpResponse, PageError> {
    let (seen, line) = Seen::version_at(req, app, &at, Seen::may_change).await?;
    let back = version_path(&seen.path(), &line.version.key);
    let verb = if list { "relist" } else { "unlist" };
    let what = if list {
        "Searches and lists show this version again from the next request on."
    } else {
        "Searches and lists no longer show this version. Builds that name it still get it, and you can relist it at any time."
    };
    let button = if list { "Relist" } else { "Unlist" };
    let question = Confirm {
        lede: what.to_owned(),
        button: button.to_owned(),
        action: format!("{back}/{verb}"),
        ..seen.question(format!("{button} {} {}", seen.name(), line.version), back)
    };
    question.with_fact(Fact::text("Version", line.version.to_string())).ask(req)
}

async fn set(req: &HttpRequest, app: &App, at: VersionAt, list: bool) -> Result<HttpResponse, PageError> {
    let (mut seen, line) = Seen::version_at(req, app, &at, Seen::may_change).await?;
    let mut tx = seen.begin(app, Seen::may_change).await?;
    if !tx.set_listed(&seen.change()?, &seen.package.stored, &line.version.key, list).await? {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    let done = if list { Flash::Relisted } else { Flash::Unlisted };
    Ok(go_to(req, done.at(&version_path(&seen.path(), &line.version.key))))
}
