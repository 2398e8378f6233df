//! Answers that are kept until their package changes: made once, with their tag, and compressed once.

use std::future::Future;

use actix_web::{
    HttpResponse,
    http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETag, EntityTag, VARY},
    web,
};

use super::{
    request::NuGetRequest,
    response::{Answer, NuGetError},
};
use crate::{
    app::App,
    conditional::Condition,
    packages::kept::{KeptAnswer, KeptKind},
    registry::request::Reader,
    tokens::PackageKey,
};

/// What is kept, or is made now and kept for the revision that is read first: what changes meanwhile is asked for again.
/// None for what is too large to be kept.
pub(super) async fn kept_or_made(
    app: &App,
    package: PackageKey,
    kind: KeptKind,
    made: impl Future<Output = Result<Option<Vec<u8>>, NuGetError>>,
) -> Result<Option<KeptAnswer>, NuGetError> {
    let revision = app.store.package_revision(package).await?;
    if let Some(known) = app.kept.get(package, &kind, revision) {
        return Ok(Some(known));
    }
    let Some(bytes) = made.await? else { return Ok(None) };
    let answer = web::block(move || KeptAnswer::with_gzip(bytes)).await;
    let answer = answer.map_err(|error| NuGetError::unavailable(&error))?;
    app.kept.keep(package, kind, revision, &answer);
    Ok(Some(answer))
}

/// Sends it, or says that the client has it.
pub(super) fn send_kept(request: &NuGetRequest<'_>, reader: &Reader, kept: KeptAnswer) -> Answer {
    let zipped = kept.gzip.filter(|_| takes_gzip(request));
    let tag = EntityTag::new_strong(if zipped.is_some() { format!("{}-gzip", kept.tag) } else { kept.tag });
    let condition = request.condition(&tag);
    let mut answer = match condition {
        Condition::Send => request.with_expiry_warning(HttpResponse::Ok(), reader.token()),
        Condition::NotModified => request.with_expiry_warning(HttpResponse::NotModified(), reader.token()),
        Condition::Failed => return Err(NuGetError::another_one_wanted()),
    };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((VARY, "Accept-Encoding"));
    answer.insert_header(ETag(tag));
    if condition == Condition::NotModified {
        return Ok(answer.finish());
    }
    answer.content_type("application/json");
    Ok(match zipped {
        Some(zipped) => answer.insert_header((CONTENT_ENCODING, "gzip")).body(zipped),
        None => answer.body(kept.bytes),
    })
}

/// Whether the client names gzip, and does not name it as what it cannot read.
fn takes_gzip(request: &NuGetRequest<'_>) -> bool {
    let all = request.req.headers().get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let named = all.flat_map(|value| value.split(',')).filter_map(|one| {
        let (name, parameters) = one.split_once(';').unwrap_or((one, ""));
        name.trim().eq_ignore_ascii_case("gzip").then_some(parameters)
    });
    let is_refused = |parameters: &str| {
        let quality = parameters.split(';').find_map(|one| one.trim().strip_prefix("q="));
        quality.and_then(|quality| quality.trim().parse::<f32>().ok()).is_some_and(|quality| quality <= 0.0)
    };
    named.last().is_some_and(|parameters| !is_refused(parameters))
}
