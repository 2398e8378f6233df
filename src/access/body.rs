//! Reading request bodies within bounds of size and patience. actix-web itself waits for ever.

use std::time::Duration;

use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use thiserror::Error;

/// A body that says nothing for this long is given up.
pub const BODY_SILENCE: Duration = Duration::from_secs(15);
/// A small body (form, JSON) must be whole after this long.
const SMALL_BODY: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadBody {
    /// Over the limit, in bytes.
    #[error("The request is larger than {0} bytes.")]
    TooLarge(usize),
    /// Silent for too long, or not whole in time.
    #[error("The request did not arrive in time. Send it again.")]
    TooSlow,
    /// The connection broke.
    #[error("The request broke off. Send it again.")]
    BrokenOff,
}

/// The next piece of a body; none at its end.
pub async fn next_chunk<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
) -> Result<Option<Bytes>, BadBody> {
    match tokio::time::timeout(BODY_SILENCE, body.next()).await {
        Err(_) => Err(BadBody::TooSlow),
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(_))) => Err(BadBody::BrokenOff),
    }
}

/// A whole small body of at most `limit` bytes.
pub async fn read_body<E>(
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    limit: usize,
) -> Result<Bytes, BadBody> {
    let whole = async {
        let mut read = BytesMut::new();
        while let Some(chunk) = next_chunk(&mut body).await? {
            if read.len() + chunk.len() > limit {
                return Err(BadBody::TooLarge(limit));
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read.freeze())
    };
    tokio::time::timeout(SMALL_BODY, whole).await.unwrap_or(Err(BadBody::TooSlow))
}
