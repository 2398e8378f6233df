//! Pushing a package: decided before its body is read, again when its id is known and before the rest of it is inflated,
//! and last in the transaction that enters the version, from facts read there.

use std::io::Write;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use tempfile::NamedTempFile;

use super::{
    leaked_keys::refuse_keys,
    request::NuGetRequest,
    response::{Answer, NuGetError},
    upload::{Upload, receive},
};
use crate::{
    app::App,
    audit::Actor,
    auth::{Caller, PushPermit},
    packages::{
        NewVersion, PublishContext, StoredPackage,
        blobs::{BlobError, BlobKey},
        nuget::{
            archive::{Archive, Limits, Nupkg, Unreadable},
            files::{nuspec_beside, package_file},
        },
    },
    registry::publish::{
        ATTEMPTS, changed_too_often, check_quota, check_quota_in, check_store, owned_package, to_its_end,
    },
    store::Transaction,
    tokens::{
        Kind, PackageKey, Token, VersionKey,
        decision::{Action, Package},
        legacy,
    },
};

pub(super) const PUSH: Action = Action::Push(Kind::NuGet);

/// `PUT package`
pub async fn push_package(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let Received { mut caller, upload, permit, limits } = receive_push(&request, &req, &app, payload).await?;
    let source = upload.file.reopen().map_err(|error| NuGetError::unavailable(&error))?;
    let archive = refuse_keys(&app, reading(move || Archive::open(source, &limits)).await?).await?;
    caller.reload(&app.store, request.feed).await?;
    decide_early(&request, &app, &caller, archive.package()).await?;
    let package = reading(move || archive.check()).await?;
    publish(&req, &app, Push { caller, upload, package, permit }).await
}

/// A push whose body is here and was not looked at.
pub(super) struct Received {
    pub(super) caller: Caller,
    pub(super) upload: Upload,
    pub(super) permit: PushPermit,
    pub(super) limits: Limits,
}

/// Receives the body of whoever may push something.
pub(super) async fn receive_push(
    request: &NuGetRequest<'_>,
    req: &HttpRequest,
    app: &App,
    payload: web::Payload,
) -> Result<Received, NuGetError> {
    let caller = request.caller().await?;
    let Token { id, account, .. } = request.decide(&caller, PUSH, None, Package::Unknown)?.token;
    check_quota(app, account, 0).await?;
    let permit = app.pushes.turn(account, id).await?;
    let limit = usize::try_from(app.settings.max_package_bytes).unwrap_or(usize::MAX);
    let upload = receive(req, payload, &permit, &app.uploads(), limit).await?;
    let size = upload.file.as_file().metadata().map_err(|error| NuGetError::unavailable(&error))?.len();
    check_quota(app, account, size).await?;
    let (default, file) = (Limits::default(), limit as u64);
    let limits = Limits { file, unpacked: default.unpacked.max(file.saturating_mul(4)), ..default };
    Ok(Received { caller, upload, permit, limits })
}

/// A push whose body is here.
struct Push {
    caller: Caller,
    upload: Upload,
    package: Nupkg,
    permit: PushPermit,
}

/// Reads where blocking is allowed.
pub(super) async fn reading<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Unreadable> + Send + 'static,
) -> Result<T, NuGetError> {
    let read = web::block(read).await.map_err(|error| NuGetError::unavailable(&error))?;
    read.map_err(|error| match error {
        Unreadable::Storage(error) => NuGetError::unavailable(&error),
        error => NuGetError::bad("This is not a package that can be taken", error.to_string()),
    })
}

/// The second decision, before anything is stored. It only saves work: the last one counts.
async fn decide_early(
    request: &NuGetRequest<'_>,
    app: &App,
    caller: &Caller,
    package: &Nupkg,
) -> Result<(), NuGetError> {
    let (feed, account) = caller.known().map(|known| (known.feed, known.token.account)).unzip();
    let found = match feed.flatten() {
        Some(feed) => app.store.package(feed, Kind::NuGet, &package.id.key(), account).await?,
        None => None,
    };
    request.decide(caller, PUSH, Some(package.id.as_str()), StoredPackage::known_to_its_asker(found.as_ref()))?;
    match found {
        Some(found) if app.store.version(found.key, &package.version.key()).await?.is_some() => Err(exists(package)),
        Some(found) if app.store.was_removed(found.key, &package.version.key()).await? => Err(removed(package)),
        _ => Ok(()),
    }
}

/// Why a version cannot be entered.
async fn conflict(tx: &mut Transaction, key: PackageKey, package: &Nupkg) -> Result<NuGetError, NuGetError> {
    let removed_before = tx.was_removed(key, &package.version.key()).await?;
    Ok(if removed_before { removed(package) } else { exists(package) })
}

fn removed(package: &Nupkg) -> NuGetError {
    let sentence = format!(
        "{} {} was removed by the operator. A removed version is never used again; push a higher one.",
        package.id, package.version
    );
    NuGetError::new(StatusCode::CONFLICT, "This version was removed", sentence)
}

fn exists(package: &Nupkg) -> NuGetError {
    let (id, version) = (&package.id, &package.version);
    let number = version.normalized();
    let sentence = if version.to_string() == number {
        format!("{id} {number} exists already. A version is published once; push a higher one.")
    } else {
        format!("{id} {number} exists already, and {version} is the same version. Push a higher one.")
    };
    NuGetError::new(StatusCode::CONFLICT, "This version exists already", sentence)
}

/// Stores the bytes and enters the version, to its end even if the client goes away meanwhile.
async fn publish(req: &HttpRequest, app: &web::Data<App>, push: Push) -> Answer {
    let (of, app) = (req.clone(), app.clone());
    to_its_end(req, async move { store_and_enter(&NuGetRequest::of(&of, &app)?, &app, push).await }).await
}

async fn store_and_enter(request: &NuGetRequest<'_>, app: &App, push: Push) -> Answer {
    let Push { mut caller, upload, package, permit: _permit } = push;
    let key = VersionKey::generate(request.now(), &mut crate::random::system());
    let blob = package_file(key.uuid());
    let new = NewVersion {
        key,
        manifest: Box::new(package.nuspec.clone()),
        size: i64::try_from(package.size).unwrap_or(i64::MAX),
        beside_size: i64::try_from(package.nuspec_file.len()).unwrap_or(i64::MAX),
        sha512: upload.sha512.clone(),
        blob: blob.clone(),
    };
    check_store(app).await?;
    // What a process that dies leaves behind is then known to be ours.
    app.store.note_upload(key, request.now()).await?;
    let entered = match store(app, &blob, &upload, &package).await {
        Ok(()) => enter_at_last(request, app, &mut caller, &package, &new).await,
        Err(error) => {
            app.health.suspect();
            Err(error.into())
        }
    };
    let (tx, token) = match entered {
        Ok(entered) => entered,
        Err(refused) => {
            app.blobs.discard(&[nuspec_beside(&blob), blob]).await;
            return Err(refused);
        }
    };
    // Whether a commit that failed holds is unknown, so its bytes stay.
    tx.commit().await?;
    let text = format!("{} {} is published.", package.id, package.version);
    Ok(request.with_expiry_warning(HttpResponse::Created(), Some(&token)).body(text))
}

/// Makes the bytes durable: the package, and its nuspec beside it.
async fn store(app: &App, blob: &BlobKey, upload: &Upload, package: &Nupkg) -> Result<(), BlobError> {
    app.blobs.put(blob, upload.file.path()).await?;
    let mut nuspec = NamedTempFile::with_prefix_in("push-", app.uploads())?;
    nuspec.write_all(&package.nuspec_file)?;
    app.blobs.put(&nuspec_beside(blob), nuspec.path()).await
}

/// Enters the version; anew if the token was changed while that went on, so that what it is now decides.
async fn enter_at_last(
    request: &NuGetRequest<'_>,
    app: &App,
    caller: &mut Caller,
    package: &Nupkg,
    new: &NewVersion,
) -> Result<(Transaction, Token), NuGetError> {
    for _ in 0..ATTEMPTS {
        if let Some(entered) = enter(request, app, caller, package, new).await? {
            return Ok(entered);
        }
    }
    Err(changed_too_often())
}

/// The last decision and the version's row; what is returned holds when it is committed. None if the token was changed
/// meanwhile.
async fn enter(
    request: &NuGetRequest<'_>,
    app: &App,
    caller: &mut Caller,
    package: &Nupkg,
    new: &NewVersion,
) -> Result<Option<(Transaction, Token)>, NuGetError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    caller.reload_in(&mut tx, request.feed).await?;
    let known = request.decide(caller, PUSH, Some(package.id.as_str()), Package::Unknown)?;
    let feed = known.feed.ok_or_else(NuGetError::nothing_to_change)?;
    let by: Actor = caller.actor(known);
    let act = PublishContext { feed, feed_name: request.feed, token: &known.token, by: &by, now };
    let key = owned_package(request, &mut tx, caller, &act, package.id.as_str()).await?.key;
    if !tx.add_version(&act, key, new).await? {
        return Err(conflict(&mut tx, key, package).await?);
    }
    check_quota_in(app, &mut tx, known.token.account, new.bytes()).await?;
    if !tx.note_push(&known.token, now).await? {
        return Ok(None);
    }
    Ok(Some((tx, legacy::pushed(known.token.clone(), now))))
}
