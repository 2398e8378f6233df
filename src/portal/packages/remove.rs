//! Removing a version for good, which operators do.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::{Seen, VersionAt, version_path};
use crate::{
    app::App,
    package_store,
    packages::VersionSummary,
    web::{
        confirm::{Confirm, ConfirmForm, Fact},
        error::PageError,
        flash::Flash,
        form::Form,
        page::{SignedIn, go_to},
        reauth,
    },
};

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/{version}/remove`
pub async fn ask_remove_version(req: HttpRequest, app: Data<App>, at: VersionAt) -> Result<HttpResponse, PageError> {
    let (seen, line) = Seen::version_at(&req, &app, &at, Seen::may_remove).await?;
    let asks_proof = seen.visitor.me.as_ref().is_some_and(SignedIn::must_prove);
    Confirm { asks_proof, ..question(&seen, &line) }.ask(&req)
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/{version}/remove`
pub async fn remove_version(
    req: HttpRequest,
    app: Data<App>,
    at: VersionAt,
    me: SignedIn,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (mut seen, line) = Seen::version_at(&req, &app, &at, Seen::may_remove).await?;
    reauth::require(&req, &app, &me).await?;
    let mut tx = seen.begin(&app, Seen::may_remove).await?;
    let removed = tx.remove_version(&seen.change()?, &seen.package.stored, &line.version.key).await?;
    if removed.versions == 0 {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    package_store::discard(&app.store, &app.blobs, &removed.blobs).await;
    Ok(go_to(&req, Flash::VersionRemoved.at(&version_path(&seen.path(), &line.version.key))))
}

fn question(seen: &Seen, line: &VersionSummary) -> Confirm {
    let back = version_path(&seen.path(), &line.version.key);
    let what = "Nobody can read this version any more, and builds that name it fail. Its bytes and its description are deleted for good, and nobody can publish this version again. To keep builds working, unlist it instead.";
    let question = Confirm {
        lede: what.to_owned(),
        button: "Remove for good".to_owned(),
        is_danger: true,
        cancel: "Keep it",
        action: format!("{back}/remove"),
        ..seen.question(format!("Remove {} {}", seen.name(), line.version), back)
    };
    question.with_fact(Fact::text("Version", line.version.to_string()))
}
