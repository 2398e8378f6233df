//! Files of packages, sent as they are kept.

use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::{
        Method, StatusCode,
        header::{CACHE_CONTROL, ETag, EntityTag, RANGE},
    },
};

use super::{
    error::{Dialect, DoorError},
    request::{FeedRequest, Reader},
};
use crate::{
    auth::client_address,
    conditional::Condition,
    packages::blobs::BlobKey,
    tokens::{PackageKey, VersionKey},
};

/// Counts a download that this answer begins, once for a token (or an address without one), a version and a day.
pub(super) fn note_download<D: Dialect>(
    request: &FeedRequest<'_, D>,
    reader: &Reader,
    (package, version): (PackageKey, VersionKey),
    answer: &HttpResponse,
) {
    if answer.status() != StatusCode::OK || !is_a_download(request.req) {
        return;
    }
    let address = || client_address(request.req, &request.app.settings.trusted_proxies).to_string();
    let by = reader.token().map_or_else(address, |token| token.id.to_string());
    request.app.downloads.count(package, version, &by, request.now());
}

/// Whoever only looks, or comes back for the rest, is not counted.
fn is_a_download(req: &HttpRequest) -> bool {
    let range = req.headers().get(RANGE).and_then(|value| value.to_str().ok());
    req.method() == Method::GET && range.is_none_or(|range| range.trim().starts_with("bytes=0-"))
}

/// Sends a file, or says that the client has it, or that it is not the one the client wants.
pub(super) async fn send<D: Dialect>(
    request: &FeedRequest<'_, D>,
    reader: &Reader,
    (key, tag): (&BlobKey, EntityTag),
    kind: &'static str,
) -> Result<HttpResponse, DoorError<D>> {
    let condition = request.condition(&tag);
    let mut answer = match condition {
        Condition::Send => request.with_expiry_warning(HttpResponse::Ok(), reader.token()),
        Condition::NotModified => request.with_expiry_warning(HttpResponse::NotModified(), reader.token()),
        Condition::Failed => return Err(DoorError::another_one_wanted()),
    };
    answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header(ETag(tag));
    if condition == Condition::NotModified {
        return Ok(answer.finish());
    }
    let found = request.app.blobs.get(key).await.inspect_err(|_| request.app.health.suspect())?;
    let Some(blob) = found else {
        request.app.health.suspect();
        let lost = std::io::Error::other(format!("the file {} of a published version is missing", key.as_str()));
        return Err(DoorError::unavailable(&lost));
    };
    Ok(answer.content_type(kind).body(SizedStream::new(blob.size, blob.stream)))
}
