//! Receiving a document from whoever may do something with it, before it is known what that is.

use actix_web::web::Payload;

use super::{
    request::NpmRequest,
    response::{NpmDialect, NpmError},
    upload::{Upload, receive},
};
use crate::{
    auth::{Caller, PushPermit},
    packages::npm::name::PackageName,
    registry::{publish::check_quota, request::FeedRequest},
    tokens::{
        Token, TokenLookup,
        decision::{Action, Package},
    },
};

/// Publishing.
pub(super) const PUSH: Action = FeedRequest::<NpmDialect>::PUSH;
/// Deprecating and unpublishing.
pub(super) const DELETE: Action = FeedRequest::<NpmDialect>::DELETE;

/// Receives the document of whoever may publish or take something away.
pub(super) async fn receive_document(
    request: &NpmRequest<'_>,
    caller: &Caller,
    name: &PackageName,
    payload: Payload,
) -> Result<(Upload, PushPermit), NpmError> {
    let app = request.app;
    let Token { id, account, .. } = may_change_something(request, caller, name)?.token;
    if !may(request, caller, name, DELETE) {
        // Whoever can only publish is told before the upload; others may be about to make room.
        check_quota(app, account, 0).await?;
    }
    let permit = app.pushes.turn(account, id).await?;
    let limit = usize::try_from(app.settings.max_package_bytes).unwrap_or(usize::MAX);
    let upload = receive(request.req, payload, &permit, &app.uploads(), limit).await?;
    if let Some(tarball) = &upload.tarball {
        check_quota(app, account, tarball.size).await?;
    }
    Ok((upload, permit))
}

/// A document may publish, deprecate or unpublish, so either right lets it in; without both, the refusal is that of a push.
fn may_change_something<'c>(
    request: &NpmRequest<'_>,
    caller: &'c Caller,
    name: &PackageName,
) -> Result<&'c TokenLookup, NpmError> {
    let [may_delete, may_push] = [DELETE, PUSH].map(|action| may(request, caller, name, action));
    let action = if may_delete && !may_push { DELETE } else { PUSH };
    request.decide(caller, action, Some(name.as_str()), Package::Unknown)
}

fn may(request: &NpmRequest<'_>, caller: &Caller, name: &PackageName, action: Action) -> bool {
    let ask = request.ask(caller, action, Some(name.as_str()), Package::Unknown);
    caller.would_allow(&ask, request.now()).is_ok()
}
