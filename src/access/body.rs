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
    next_within(body, BODY_SILENCE).await
}

async fn next_within<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    silence: Duration,
) -> Result<Option<Bytes>, BadBody> {
    match tokio::time::timeout(silence, body.next()).await {
        Err(_) => Err(BadBody::TooSlow),
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(_))) => Err(BadBody::BrokenOff),
    }
}

/// A whole small body of at most `limit` bytes.
pub async fn read_body<E>(body: impl Stream<Item = Result<Bytes, E>> + Unpin, limit: usize) -> Result<Bytes, BadBody> {
    read_within(body, limit, BODY_SILENCE, SMALL_BODY).await
}

async fn read_within<E>(
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    limit: usize,
    silence: Duration,
    in_all: Duration,
) -> Result<Bytes, BadBody> {
    let whole = async {
        let mut read = BytesMut::new();
        while let Some(chunk) = next_within(&mut body, silence).await? {
            if read.len() + chunk.len() > limit {
                return Err(BadBody::TooLarge(limit));
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read.freeze())
    };
    tokio::time::timeout(in_all, whole).await.unwrap_or(Err(BadBody::TooSlow))
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const SHORT: Duration = Duration::from_millis(5);

    type Chunk = Result<Bytes, ()>;

    fn chunks(texts: &'static [&'static str]) -> impl Stream<Item = Chunk> + Unpin {
        stream::iter(texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        assert_eq!(read_body(chunks(&["ab", "c"]), 3).await, Ok(Bytes::from_static(b"abc")));
        assert_eq!(read_body(chunks(&["ab", "cd"]), 3).await, Err(BadBody::TooLarge(3)));
    }

    #[tokio::test]
    async fn a_body_that_falls_silent_is_given_up() {
        let silent = chunks(&["ab"]).chain(stream::pending());
        assert_eq!(read_within(silent, 10, SHORT, SMALL_BODY).await, Err(BadBody::TooSlow));
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_given_up_in_the_end() {
        let trickle = stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Chunk::Ok(Bytes::from_static(b"a"))
        });
        assert_eq!(read_within(Box::pin(trickle), usize::MAX, BODY_SILENCE, SHORT).await, Err(BadBody::TooSlow));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_taken_for_whole() {
        let broken = chunks(&["ab"]).chain(stream::iter([Err(())]));
        assert_eq!(read_body(broken, 10).await, Err(BadBody::BrokenOff));
    }
}
