//! What a registry tells of its images, by which the pages of a feed know its repositories.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::AUTHORIZATION,
    web::{Data, Payload},
};
use subtle::ConstantTimeEq;

use super::refusal::ContainerError;
use crate::{
    app::App,
    auth::read_body,
    packages::container::{name, notification},
};

/// Bytes of the longest envelope.
const LONGEST: usize = 1024 * 1024;

/// `POST /container/notifications`
///
/// # Errors
/// 404 where this host expects none, 401 without the shared secret, 400 for what is no envelope.
pub async fn take_notifications(
    req: HttpRequest,
    app: Data<App>,
    body: Payload,
) -> Result<HttpResponse, ContainerError> {
    let secret = app.settings.registry_secret.as_ref().filter(|_| app.settings.served_kinds().containers);
    let secret = secret.ok_or_else(ContainerError::not_served)?;
    let expected = format!("Bearer {}", secret.reveal());
    let shown = req.headers().get(AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
    if !bool::from(shown.ct_eq(expected.as_bytes())) {
        let sentence = "The registry has to send the secret of LATCHKEY_REGISTRY_SECRET as its Bearer.";
        return Err(ContainerError::unauthorized(sentence).challenged("Bearer".to_owned()));
    }
    let events = notification::read(&read_body(body, LONGEST).await?).map_err(ContainerError::malformed)?;
    for event in events {
        let Ok(feed) = name::check(&event.repository) else { continue };
        let Some(found) = app.store.feed(feed, None).await? else { continue };
        let mut tx = app.store.begin().await?;
        tx.note_image(found.feed.id, &event).await?;
        tx.commit().await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
