//! Receiving a package: streamed to a temporary file, bounded in size and patience. What it holds is read elsewhere.

use std::{io, path::Path, time::Duration};

use actix_multipart::{Multipart, MultipartError};
use actix_web::{
    HttpRequest,
    error::PayloadError,
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    web::{Bytes, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::{Stream, StreamExt, stream};
use sha2::{Digest, Sha512};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::answer::Refused;
use crate::access::{BadBody, next_chunk};

/// What a multipart body may add to the file.
const WRAPPING: usize = 64 * 1024;
/// An upload may take this long in all, however steadily it drips.
const WHOLE_UPLOAD: Duration = Duration::from_secs(30 * 60);

/// A received file. It is gone when this is dropped.
pub(super) struct Upload {
    /// The file.
    pub(super) file: NamedTempFile,
    /// SHA-512 in base64.
    pub(super) sha512: String,
}

/// Receives the file a push carries: the one part of a multipart body, or the body itself.
pub(super) async fn receive(
    req: &HttpRequest,
    payload: Payload,
    folder: &Path,
    limit: usize,
) -> Result<Upload, Refused> {
    let announced = req.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > (limit + WRAPPING) as u64) {
        return Err(BadBody::TooLarge(limit).into());
    }
    let kind = essence(req);
    let sink = Sink::new(folder, limit).map_err(|error| Refused::unavailable(&error))?;
    let received = async {
        match kind.as_str() {
            "multipart/form-data" => from_multipart(req, paced(payload, limit + WRAPPING), sink).await,
            "application/octet-stream" => from_body(paced(payload, limit), sink).await,
            _ => Err(unsupported()),
        }
    };
    tokio::time::timeout(WHOLE_UPLOAD, received).await.unwrap_or(Err(BadBody::TooSlow.into()))
}

fn essence(req: &HttpRequest) -> String {
    let kind = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn unsupported() -> Refused {
    let sentence =
        "Send the package as multipart/form-data with one part named package, or as application/octet-stream.";
    Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send a package", sentence)
}

/// The body, cut off when it is too long or falls silent. The cause travels inside the error.
fn paced(payload: Payload, limit: usize) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    stream::try_unfold((payload, 0), move |(mut payload, before)| async move {
        let chunk = next_chunk(&mut payload).await.map_err(carried)?;
        let seen = before + chunk.as_ref().map_or(0, Bytes::len);
        if seen > limit {
            Err(carried(BadBody::TooLarge(limit)))
        } else {
            Ok(chunk.map(|chunk| (chunk, (payload, seen))))
        }
    })
}

fn carried(cause: BadBody) -> PayloadError {
    PayloadError::Io(io::Error::other(cause))
}

fn cause(error: &PayloadError) -> BadBody {
    let carried = match error {
        PayloadError::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<BadBody>()).copied(),
        _ => None,
    };
    carried.unwrap_or(BadBody::BrokenOff)
}

async fn from_body(body: impl Stream<Item = Result<Bytes, PayloadError>>, mut sink: Sink) -> Result<Upload, Refused> {
    let mut body = std::pin::pin!(body);
    while let Some(chunk) = body.next().await {
        sink.write(&chunk.map_err(|error| cause(&error))?).await?;
    }
    sink.finish().await
}

async fn from_multipart(
    req: &HttpRequest,
    body: impl Stream<Item = Result<Bytes, PayloadError>> + 'static,
    mut sink: Sink,
) -> Result<Upload, Refused> {
    let mut parts = Multipart::new(req.headers(), body);
    let mut part = parts.next().await.ok_or_else(one_part)?.map_err(malformed)?;
    if part.name() != Some("package") {
        return Err(one_part());
    }
    while let Some(chunk) = part.next().await {
        sink.write(&chunk.map_err(malformed)?).await?;
    }
    drop(part);
    match parts.next().await {
        None => sink.finish().await,
        Some(Ok(_)) => Err(one_part()),
        Some(Err(error)) => Err(malformed(error)),
    }
}

fn one_part() -> Refused {
    Refused::bad(
        "Send one package",
        "The request must carry exactly one part, named package. Push one package at a time.",
    )
}

fn malformed(error: MultipartError) -> Refused {
    match error {
        MultipartError::Payload(error) => cause(&error).into(),
        _ => {
            Refused::bad("The request is no proper multipart body", "The multipart body of the request cannot be read.")
        }
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

    async fn write(&mut self, chunk: &[u8]) -> Result<(), Refused> {
        self.size += chunk.len();
        if self.size > self.limit {
            return Err(BadBody::TooLarge(self.limit).into());
        }
        self.sum.update(chunk);
        self.writer.write_all(chunk).await.map_err(|error| Refused::unavailable(&error))
    }

    async fn finish(mut self) -> Result<Upload, Refused> {
        self.writer.flush().await.map_err(|error| Refused::unavailable(&error))?;
        Ok(Upload { file: self.file, sha512: STANDARD.encode(self.sum.finalize()) })
    }
}
