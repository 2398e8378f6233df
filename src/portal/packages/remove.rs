//! Removing a version for good, which operators do.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use super::{
    Seen,
    confirm::{ConfirmForm, VersionQuestion},
    version_path,
};
use crate::{
    app::App,
    package_store,
    packages::nuget::VersionSummary,
    portal::tokens::confirmed,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        page::{SignedIn, go_to},
    },
};

type At = Path<(String, String, String)>;

/// `GET /feeds/{feed}/packages/nuget/{id}/-/{version}/remove`
pub async fn ask_remove_version(req: HttpRequest, app: Data<App>, at: At) -> Result<HttpResponse, PageError> {
    let (seen, line) = removable(&req, &app, at).await?;
    question(&seen, &line).ask(&req, &seen, StatusCode::OK, Problems::default())
}

/// `POST /feeds/{feed}/packages/nuget/{id}/-/{version}/remove`
pub async fn remove_version(
    req: HttpRequest,
    app: Data<App>,
    at: At,
    me: SignedIn,
    Form(form): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let (mut seen, line) = removable(&req, &app, at).await?;
    if let Err(problems) = confirmed(&req, &app, &me, &form.password).await? {
        return question(&seen, &line).ask(&req, &seen, StatusCode::UNPROCESSABLE_ENTITY, problems);
    }
    let mut tx = seen.begin(&app, Seen::may_remove).await?;
    let removed = tx.remove_version(&seen.doing()?, &seen.stored(), &line.version).await?;
    if removed.is_empty() {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    package_store::discard(&app, &removed).await;
    Ok(go_to(&req, Flash::VersionRemoved.at(&version_path(&seen.path(), &line.version.key()))))
}

/// The version of an address, for operators; for everybody else there is nothing here.
async fn removable(req: &HttpRequest, app: &App, at: At) -> Result<(Seen, VersionSummary), PageError> {
    let (feed, id, version) = at.into_inner();
    let seen = Seen::of(req, app, &feed, &id).await?;
    let line = seen.version(app, &version).await?.line;
    if seen.may_remove() && line.removed_at.is_none() { Ok((seen, line)) } else { Err(PageError::NotFound) }
}

fn question(seen: &Seen, line: &VersionSummary) -> VersionQuestion {
    let back = version_path(&seen.path(), &line.version.key());
    VersionQuestion {
        title: format!("Remove {} {}", seen.package.name, line.version),
        lede: "Nobody can read this version any more, and builds that name it fail. Its bytes and its description are deleted for good, and nobody can publish this version again. To keep builds working, unlist it instead.",
        button: "Remove for good",
        tone: "final",
        about: ("Version", line.version.to_string()),
        action: format!("{back}/remove"),
        back,
        sensitive: true,
    }
}
