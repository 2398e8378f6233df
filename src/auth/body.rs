//! Reading request bodies within bounds of size and time. That they keep a pace is seen to for all of them, in
//! `serve::bodies`.

use std::{io::ErrorKind, time::Duration};

use actix_web::{
    error::PayloadError,
    web::{Bytes, BytesMut},
};
use futures_util::{Stream, StreamExt};
use thiserror::Error;

/// A small body (form, JSON) must be whole after this long.
const SMALL_BODY: Duration = Duration::from_secs(30);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadBody {
    /// Over the limit, in bytes.
    #[error("The request is larger than {0} bytes.")]
    TooLarge(usize),
    /// Too slow, or not whole in time.
    #[error("The request did not arrive in time. Send it again.")]
    TooSlow,
    /// The connection broke.
    #[error("The request broke off. Send it again.")]
    BrokenOff,
}

impl From<PayloadError> for BadBody {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::Io(error) if error.kind() == ErrorKind::TimedOut => Self::TooSlow,
            _ => Self::BrokenOff,
        }
    }
}

/// A whole small body of at most `limit` bytes.
pub async fn read_body(
    body: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
) -> Result<Bytes, BadBody> {
    read_within(body, limit, SMALL_BODY).await
}

async fn read_within(
    mut body: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
    in_all: Duration,
) -> Result<Bytes, BadBody> {
    let whole = async {
        let mut read = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
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

    type Chunk = Result<Bytes, PayloadError>;

    fn chunks(texts: &'static [&'static str]) -> impl Stream<Item = Chunk> + Unpin {
        stream::iter(texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes()))))
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        assert_eq!(read_body(chunks(&["ab", "c"]), 3).await, Ok(Bytes::from_static(b"abc")));
        assert_eq!(read_body(chunks(&["ab", "cd"]), 3).await, Err(BadBody::TooLarge(3)));
    }

    #[tokio::test]
    async fn a_body_that_trickles_is_given_up_in_the_end() {
        let trickle = stream::repeat(()).then(|()| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Chunk::Ok(Bytes::from_static(b"a"))
        });
        let read = read_within(Box::pin(trickle), usize::MAX, Duration::from_millis(5)).await;
        assert_eq!(read, Err(BadBody::TooSlow));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_or_is_too_slow_is_not_taken_for_whole() {
        for (error, bad) in [
            (PayloadError::Incomplete(None), BadBody::BrokenOff),
            (PayloadError::Io(ErrorKind::TimedOut.into()), BadBody::TooSlow),
        ] {
            let broken = chunks(&["ab"]).chain(stream::iter([Err(error)]));
            assert_eq!(read_body(broken, 10).await, Err(bad));
        }
    }
}
