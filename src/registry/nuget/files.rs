//! The icon, readme and licence of a version, read out of the package. What an author wrote is never active here: images
//! are what their first bytes say, and everything else is plain text in a sandbox.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETag, EntityTag, X_CONTENT_TYPE_OPTIONS},
    web,
};
use tokio::sync::Semaphore;

use super::{
    request::NuGetRequest,
    response::{Answer, NuGetError},
};
use crate::{
    app::App,
    conditional::Condition,
    packages::nuget::{
        StoredNuspec,
        archive::{self, Limits, Unreadable},
        nuspec::{License, Nuspec},
    },
    registry::request::Reader,
};

/// Packages that are opened at once; each may take as much memory as its directory is long.
static OPEN: Semaphore = Semaphore::const_new(4);

/// A file that the nuspec names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedFile {
    Icon,
    Readme,
    License,
}

impl NamedFile {
    /// The last part of its address.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Icon => "icon",
            Self::Readme => "readme",
            Self::License => "license",
        }
    }

    /// Reads the last part of an address.
    pub(super) fn parse(part: &str) -> Option<Self> {
        [Self::Icon, Self::Readme, Self::License].into_iter().find(|file| file.as_str() == part)
    }

    /// Where it is in the package; none if the package has none.
    pub(super) fn path(self, nuspec: &Nuspec) -> Option<&str> {
        match self {
            Self::Icon => nuspec.icon.as_deref(),
            Self::Readme => nuspec.readme.as_deref(),
            Self::License => match nuspec.license.as_ref()? {
                License::File(path) => Some(path),
                License::Expression(_) => None,
            },
        }
    }

    /// The type its content is given as; none for an icon that is no picture.
    fn content_type(self, content: &[u8]) -> Option<&'static str> {
        match self {
            Self::Icon => image_type(content),
            Self::Readme | Self::License => Some("text/plain; charset=utf-8"),
        }
    }
}

/// Sends the file. It never changes, so that a client that has it is told so without opening the package.
pub(super) async fn send(
    request: &NuGetRequest<'_>,
    app: &App,
    reader: &Reader,
    found: &StoredNuspec,
    file: NamedFile,
) -> Answer {
    let path = file.path(&found.nuspec).ok_or_else(NuGetError::nothing_here)?;
    let tag = EntityTag::new_strong(format!("{}.{}", found.stored.sha512, file.as_str()));
    match request.condition(&tag) {
        Condition::Send => {}
        Condition::NotModified => {
            let mut answer = request.with_expiry_warning(HttpResponse::NotModified(), reader.token());
            return Ok(answer.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header(ETag(tag)).finish());
        }
        Condition::Failed => return Err(NuGetError::another_one_wanted()),
    }
    let content = read(app, found, path.to_owned()).await?.ok_or_else(NuGetError::nothing_here)?;
    let kind = file.content_type(&content).ok_or_else(NuGetError::nothing_here)?;
    let mut answer = request.with_expiry_warning(HttpResponse::Ok(), reader.token());
    answer
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'"))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header(ETag(tag));
    Ok(answer.body(content))
}

async fn read(app: &App, found: &StoredNuspec, path: String) -> Result<Option<Vec<u8>>, NuGetError> {
    let _permit = OPEN.acquire().await.map_err(|error| NuGetError::unavailable(&error))?;
    let lost =
        || std::io::Error::other(format!("the file {} of a published version is missing", found.stored.blob.as_str()));
    let blob = app.blobs.reader(&found.stored.blob).await?.ok_or_else(|| NuGetError::unavailable(&lost()))?;
    let read = web::block(move || archive::read_file(blob, &path, &Limits::of_any_size())).await;
    match read.map_err(|error| NuGetError::unavailable(&error))? {
        Ok(content) => Ok(content),
        Err(Unreadable::Storage(error)) => Err(NuGetError::unavailable(&error)),
        // It was taken under other rules than today's.
        Err(_) => Ok(None),
    }
}

/// The pictures that packages may have as icons and that cannot hold a script, by their first bytes.
fn image_type(content: &[u8]) -> Option<&'static str> {
    match content {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_what_their_first_bytes_say() {
        for (content, kind) in [
            (&b"\x89PNG\r\n\x1a\n..."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", None),
            (b"RIFF\0\0\0\0WEBPVP8 ", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", None),
            (b"<html>", None),
            (b"GIF89", None),
            (b"", None),
        ] {
            assert_eq!(image_type(content), kind, "{}", content.escape_ascii());
        }
    }
}
