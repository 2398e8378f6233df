//! Receives the body of a push, bounded in size and time, and gives way where others wait.

use std::time::Duration;

use actix_web::{
    HttpRequest,
    http::header::CONTENT_LENGTH,
    web::{Bytes, Payload},
};
use futures_util::StreamExt;

use super::error::{Dialect, DoorError};
use crate::auth::{BadBody, PushPermit};

/// An upload may take this long in all, however steadily it drips.
const WHOLE_UPLOAD: Duration = Duration::from_secs(30 * 60);

/// Receives the body of a push: at most `most` bytes, of which a refusal names `limit`, what a package may have.
pub(super) async fn receive<D: Dialect, T>(
    req: &HttpRequest,
    payload: Payload,
    permit: &PushPermit,
    (limit, most): (usize, usize),
    read: impl AsyncFnOnce(Body<'_>) -> Result<T, DoorError<D>>,
) -> Result<T, DoorError<D>> {
    let announced = req.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > most as u64) {
        return Err(BadBody::TooLarge(limit).into());
    }
    let body = Body { payload, permit, left: most, limit };
    let read = tokio::select! {
        read = read(body) => read?,
        () = permit.ended() => return Err(made_way()),
        () = tokio::time::sleep(WHOLE_UPLOAD) => return Err(BadBody::TooSlow.into()),
    };
    permit.is_whole();
    Ok(read)
}

fn made_way<D: Dialect>() -> DoorError<D> {
    DoorError::busy("The upload hardly moved while others waited for their turn. Push again, over a faster connection.")
}

/// A request's body, cut off when it is too long.
pub(super) struct Body<'p> {
    payload: Payload,
    permit: &'p PushPermit,
    left: usize,
    limit: usize,
}

impl Body<'_> {
    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, BadBody> {
        let Some(chunk) = self.payload.next().await else { return Ok(None) };
        let chunk = chunk?;
        self.permit.received(chunk.len());
        self.left = self.left.checked_sub(chunk.len()).ok_or(BadBody::TooLarge(self.limit))?;
        Ok(Some(chunk))
    }
}
