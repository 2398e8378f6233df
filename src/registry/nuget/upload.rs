//! Receiving a package: streamed to a temporary file, bounded in size and time. What it holds is read elsewhere.
//!
//! As NuGet's protocol has it, the first part of a multipart body is the package, whatever its headers say, and the rest
//! is ignored. A body that begins like a zip file is the package itself.

use std::{io, path::Path};

use actix_web::{
    HttpRequest,
    http::{StatusCode, header::CONTENT_TYPE},
    web::Payload,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha512};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::response::NuGetError;
use crate::{
    auth::{
        BadBody, PushPermit,
        multipart::{FirstPart, Malformed, boundary, boundary_at_start},
    },
    registry::upload::{self, Body},
};

/// What a multipart body may add to the file.
const WRAPPING: usize = 64 * 1024;
/// What a zip file begins with; the second is an empty one.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// As much of a body as is needed to see what it is.
const BEGINNING: usize = 256;

/// A received file. It is gone when this is dropped.
pub(super) struct Upload {
    /// The file.
    pub(super) file: NamedTempFile,
    /// SHA-512 in base64.
    pub(super) sha512: String,
}

/// Receives the file a push carries.
pub(super) async fn receive(
    req: &HttpRequest,
    payload: Payload,
    permit: &PushPermit,
    folder: &Path,
    limit: usize,
) -> Result<Upload, NuGetError> {
    let sink = Sink::new(folder, limit).map_err(|error| NuGetError::unavailable(&error))?;
    let kind = content_type(req);
    upload::receive(req, payload, permit, (limit, limit + WRAPPING), async |body| read(body, kind, sink).await).await
}

fn content_type(req: &HttpRequest) -> &str {
    req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// As much as is needed to see what the body is.
async fn beginning(body: &mut Body<'_>) -> Result<Vec<u8>, BadBody> {
    let mut beginning = Vec::new();
    while beginning.len() < BEGINNING
        && !is_zip(&beginning)
        && let Some(chunk) = body.next().await?
    {
        beginning.extend_from_slice(&chunk);
    }
    Ok(beginning)
}

async fn read(mut body: Body<'_>, content_type: &str, sink: Sink) -> Result<Upload, NuGetError> {
    let beginning = beginning(&mut body).await?;
    if is_zip(&beginning) {
        return as_it_is(body, &beginning, sink).await;
    }
    match boundary(content_type).or_else(|| boundary_at_start(&beginning)) {
        Some(boundary) => first_part(body, &beginning, FirstPart::new(&boundary), sink).await,
        // It is no package, and the reader of packages says why.
        None if content_type.starts_with("application/octet-stream") => as_it_is(body, &beginning, sink).await,
        None => Err(unsupported()),
    }
}

fn is_zip(beginning: &[u8]) -> bool {
    ZIP.iter().any(|zip| beginning.starts_with(zip))
}

async fn as_it_is(mut body: Body<'_>, beginning: &[u8], mut sink: Sink) -> Result<Upload, NuGetError> {
    sink.write(beginning).await?;
    while let Some(chunk) = body.next().await? {
        sink.write(&chunk).await?;
    }
    sink.finish().await
}

async fn first_part(
    mut body: Body<'_>,
    beginning: &[u8],
    mut part: FirstPart,
    mut sink: Sink,
) -> Result<Upload, NuGetError> {
    sink.write(&part.push(beginning)?).await?;
    while !part.is_whole() {
        let chunk = body.next().await?.ok_or(Malformed)?;
        sink.write(&part.push(&chunk)?).await?;
    }
    // What is left does not matter.
    while let Ok(Some(_)) = body.next().await {}
    sink.finish().await
}

fn unsupported() -> NuGetError {
    let sentence = "Send the package as the first part of a multipart/form-data body, or as application/octet-stream.";
    NuGetError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send a package", sentence)
}

impl From<Malformed> for NuGetError {
    fn from(_: Malformed) -> Self {
        let sentence = "The multipart body of the request has no first part that ends. Send one package in it.";
        Self::bad("The request is no proper multipart body", sentence)
    }
}

/// Where the bytes go.
struct Sink {
    file: NamedTempFile,
    writer: tokio::fs::File,
    sum: Sha512,
    size: usize,
    limit: usize,
}

impl Sink {
    fn new(folder: &Path, limit: usize) -> io::Result<Self> {
        let file = NamedTempFile::with_prefix_in("push-", folder)?;
        let writer = tokio::fs::File::from_std(file.reopen()?);
        Ok(Self { file, writer, sum: Sha512::new(), size: 0, limit })
    }

    async fn write(&mut self, chunk: &[u8]) -> Result<(), NuGetError> {
        self.size += chunk.len();
        if self.size > self.limit {
            return Err(BadBody::TooLarge(self.limit).into());
        }
        self.sum.update(chunk);
        self.writer.write_all(chunk).await.map_err(|error| NuGetError::unavailable(&error))
    }

    async fn finish(mut self) -> Result<Upload, NuGetError> {
        self.writer.flush().await.map_err(|error| NuGetError::unavailable(&error))?;
        Ok(Upload { file: self.file, sha512: STANDARD.encode(self.sum.finalize()) })
    }
}
