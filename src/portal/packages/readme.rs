//! What a package tells its readers: on its page, laid out, and as the text that it is.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    web::Data,
};

use super::{Seen, VersionAt, version_path};
use crate::{
    app::App,
    packages::{VersionDetails, readme::Readme},
    readmes::ReadmeOf,
    web::error::PageError,
};

/// A readme on a page.
pub struct ReadmeView {
    /// Laid out, or as it is.
    pub readme: Arc<Readme>,
    /// Where it is as it was written.
    pub source: String,
}

impl ReadmeView {
    /// Of a version. A page is shown without it where the package store does not answer.
    pub(super) async fn of(app: &App, seen: &Seen, version: &VersionDetails) -> Option<Self> {
        let shown = app.readmes.show(&app.blobs, asked(seen, version)?).await;
        let shown = shown.inspect_err(|error| tracing::warn!(%error, "a readme cannot be shown"));
        let source = format!("{}/readme", version_path(&seen.path(), &version.line.version.key));
        shown.ok().flatten().map(|readme| Self { readme, source })
    }
}

fn asked<'a>(seen: &Seen, version: &'a VersionDetails) -> Option<ReadmeOf<'a>> {
    let manifest = version.manifest.as_ref()?;
    Some(ReadmeOf { key: version.key, kind: seen.package.stored.kind, blob: &version.blob, manifest })
}

/// `GET /feeds/{feed}/packages/{kind}/{id}/-/{version}/readme`
pub async fn show_readme_source(req: HttpRequest, app: Data<App>, at: VersionAt) -> Result<HttpResponse, PageError> {
    let seen = Seen::of(&req, &app, &at.package).await?;
    let version = seen.version(&app, &at.version).await?;
    let asked = asked(&seen, &version).ok_or(PageError::NotFound)?;
    let text = app.readmes.text(&app.blobs, asked).await.map_err(anyhow::Error::from)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .body(text.ok_or(PageError::NotFound)?))
}
