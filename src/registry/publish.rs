//! What publishing takes at every door: room in the account's quota, a package store that is ours, and a change that goes
//! on to its end.

use std::io;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};

use super::{
    error::{Dialect, DoorError},
    request::FeedRequest,
};
use crate::{
    app::App,
    auth::Caller,
    package_store::Custody,
    packages::{PublishContext, StoredPackage},
    runtime::WorkerTasks,
    store::Transaction,
    tokens::{AccountId, decision::Package},
};

/// How often the change of a push is made anew because its token was changed while it went on.
pub(super) const ATTEMPTS: u32 = 3;

/// Refuses what would bring an account over its quota, if there is one. It saves an upload: what counts is
/// [`check_quota_in`].
pub(super) async fn check_quota<D: Dialect>(app: &App, account: AccountId, more: u64) -> Result<(), DoorError<D>> {
    let Some(quota) = app.settings.account_quota else { return Ok(()) };
    let used = app.store.published_bytes(account).await?;
    if used.saturating_add(more.max(1)) <= quota { Ok(()) } else { Err(quota_used_up(used, quota)) }
}

/// Refuses a change that has brought an account over its quota, also together with pushes that went on beside it; `more` is
/// what the change itself has entered. The last step before [`Transaction::note_push`].
pub(super) async fn check_quota_in<D: Dialect>(
    app: &App,
    tx: &mut Transaction,
    account: AccountId,
    more: u64,
) -> Result<(), DoorError<D>> {
    let Some(quota) = app.settings.account_quota else { return Ok(()) };
    let used = tx.published_bytes(account).await?;
    if used <= quota { Ok(()) } else { Err(quota_used_up(used.saturating_sub(more), quota)) }
}

fn quota_used_up<D: Dialect>(used: u64, quota: u64) -> DoorError<D> {
    let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    let sentence = format!(
        "The account of this key has published {} of the {} that one account may. Ask the operator to remove old versions or to allow more.",
        mib(used),
        mib(quota)
    );
    DoorError::new(StatusCode::FORBIDDEN, "The quota of this account is used up", sentence)
}

/// Runs what must not stop half way, even if the client goes away meanwhile.
pub(super) async fn to_its_end<D: Dialect>(
    req: &HttpRequest,
    task: impl Future<Output = Result<HttpResponse, DoorError<D>>> + 'static,
) -> Result<HttpResponse, DoorError<D>> {
    let done = match req.app_data::<WorkerTasks>().cloned() {
        Some(tasks) => tasks.run(task).await,
        None => None,
    };
    done.unwrap_or_else(|| Err(DoorError::unavailable(&io::Error::other("the server is stopping"))))
}

/// Refuses to publish where it would get lost: in a package store of somebody else, or in an empty folder that stands where
/// a disk is to be mounted. Asked each time, because disks come and go.
pub(super) async fn check_store<D: Dialect>(app: &App) -> Result<(), DoorError<D>> {
    match Custody::of(&app.store, &app.blobs).await {
        Ok(custody) if custody.ownership.takes_packages() => Ok(()),
        Ok(custody) => {
            app.health.suspect();
            Err(DoorError::wrong_store(&custody.ownership))
        }
        Err(error) => {
            app.health.suspect();
            Err(DoorError::of_store(error))
        }
    }
}

pub(super) fn changed_too_often<D: Dialect>() -> DoorError<D> {
    let sentence = "This key is being changed again and again. Push again when its owner is done.";
    DoorError::new(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment", sentence)
}

/// The package the version goes into, made if it is new, once the decision has seen whose it is.
pub(super) async fn owned_package<D: Dialect>(
    request: &FeedRequest<'_, D>,
    tx: &mut Transaction,
    caller: &Caller,
    act: &PublishContext<'_>,
    name: &str,
) -> Result<StoredPackage, DoorError<D>> {
    let account = Some(act.token.account);
    let mut found = tx.package(act.feed, D::KIND, &name.to_ascii_lowercase(), account).await?;
    if found.is_none() {
        request.decide(caller, FeedRequest::<D>::PUSH, Some(name), Package::New)?;
        if let Some(key) = tx.add_package(act, D::KIND, name).await? {
            return Ok(StoredPackage { key, kind: D::KIND, name: name.to_owned(), owned: true });
        }
        // Somebody else made it in the meantime.
        found = tx.package(act.feed, D::KIND, &name.to_ascii_lowercase(), account).await?;
    }
    let found = found.ok_or_else(DoorError::nothing_to_change)?;
    request.decide(caller, FeedRequest::<D>::PUSH, Some(name), StoredPackage::known_to_its_asker(Some(&found)))?;
    Ok(found)
}
