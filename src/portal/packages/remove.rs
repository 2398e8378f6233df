//! Removing a version for good, which operators do. Its number is typed, so that nobody does it by mistake.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;

use super::{Seen, VersionAt, version_path};
use crate::{
    app::App,
    package_store,
    packages::VersionSummary,
    web::{
        confirm::{Confirm, Fact, Input},
        error::PageError,
        flash::Flash,
        form::{Form, FormError, or_again},
        late_form::typed,
        page::{SignedIn, go_to},
        reauth,
    },
};

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RemoveForm {
    number: String,
}

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/{version}/remove`
pub async fn ask_remove_version(req: HttpRequest, app: Data<App>, at: VersionAt) -> Result<HttpResponse, PageError> {
    let (seen, line) = Seen::version_at(&req, &app, &at, Seen::may_remove).await?;
    let question = question(&seen, &line, RemoveForm::default());
    let form = typed(&req, &question.action).unwrap_or_default();
    self::question(&seen, &line, form).ask(&req)
}

/// `POST /feeds/{feed}/packages/{kind}/{id}/-/{version}/remove`
pub async fn remove_version(
    req: HttpRequest,
    app: Data<App>,
    at: VersionAt,
    me: SignedIn,
    Form(form): Form<RemoveForm>,
) -> Result<HttpResponse, PageError> {
    let (mut seen, line) = Seen::version_at(&req, &app, &at, Seen::may_remove).await?;
    let outcome = remove(&req, &app, &me, &mut seen, &line, &form).await;
    or_again(outcome, async |status, problems| question(&seen, &line, form).draw(&req, status, problems)).await
}

async fn remove(
    req: &HttpRequest,
    app: &App,
    me: &SignedIn,
    seen: &mut Seen,
    line: &VersionSummary,
    form: &RemoveForm,
) -> Result<HttpResponse, FormError> {
    if !form.number.trim().eq_ignore_ascii_case(&line.version.text) {
        return Err(FormError::field("number", format!("Type {} to remove this version.", line.version)));
    }
    reauth::require(req, app, me).await?;
    let mut tx = seen.begin(app, Seen::may_remove).await?;
    let removed = tx.remove_version(&seen.change()?, &seen.package.stored, &line.version.key).await?;
    if removed.versions == 0 {
        return Err(PageError::NotFound.into());
    }
    tx.commit().await?;
    package_store::discard(&app.store, &app.blobs, &removed.blobs).await;
    Ok(go_to(req, Flash::VersionRemoved.at(&version_path(&seen.path(), &line.version.key))))
}

fn question(seen: &Seen, line: &VersionSummary, form: RemoveForm) -> Confirm {
    let back = version_path(&seen.path(), &line.version.key);
    let what = "Nobody can read this version any more, and builds that name it fail. Its bytes and its description are deleted for good, and nobody can publish this version again. To keep builds working, unlist it instead.";
    let question = Confirm {
        lede: what.to_owned(),
        button: "Remove for good".to_owned(),
        is_danger: true,
        cancel: "Keep it",
        action: format!("{back}/remove"),
        inputs: vec![Input {
            field: "number",
            label: format!("Type {} to confirm", line.version),
            value: form.number,
            hint: String::new(),
        }],
        asks_proof: seen.visitor.me.as_ref().is_some_and(SignedIn::must_prove),
        ..seen.question(format!("Remove {} {}", seen.name(), line.version), back)
    };
    question.with_fact(Fact::text("Version", line.version.to_string()))
}
