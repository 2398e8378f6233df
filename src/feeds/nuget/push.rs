//! Pushing a package: decided before its body is read, again when its id is known and before the rest of it is inflated,
//! and last in the transaction that enters the version, from facts read there.

use std::io::{self, Write};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use tempfile::NamedTempFile;

use super::{
    answer::{Answer, Refused},
    door::Door,
    leaked_keys::refuse_keys,
    upload::{Upload, receive},
};
use crate::{
    access::{Caller, PushPermit, QueueFull},
    app::App,
    packages::{
        archive::{Archive, Limits, Nupkg, Unreadable},
        blobs::{BlobError, BlobKey},
    },
    runtime::WorkerTasks,
    store::{Act, Actor, Change, NewVersion, StoredPackage},
    tokens::{
        Kind, PackageKey, Token, VersionKey,
        decision::{Action, Package},
        legacy,
    },
};

pub(super) const PUSH: Action = Action::Push(Kind::NuGet);
/// How often the change of a push is made anew because its token was changed while it went on.
pub(super) const ATTEMPTS: u32 = 3;

/// `PUT package`
pub async fn push(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let door = Door::of(&req, &app)?;
    let Received { mut caller, upload, permit, limits } = receive_push(&door, &req, &app, payload).await?;
    let source = upload.file.reopen().map_err(|error| Refused::unavailable(&error))?;
    let archive = refuse_keys(&app, reading(move || Archive::open(source, &limits)).await?).await?;
    caller.look_afresh(&app.store, door.feed).await?;
    decide_early(&door, &app, &caller, archive.package()).await?;
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
    door: &Door<'_>,
    req: &HttpRequest,
    app: &App,
    payload: web::Payload,
) -> Result<Received, Refused> {
    let caller = door.caller().await?;
    let Token { id, account, .. } = door.decide(&caller, PUSH, None, Package::Unknown)?.token;
    let permit = app.pushes.turn(account, id).await?;
    let limit = usize::try_from(app.settings.max_package_bytes).unwrap_or(usize::MAX);
    let upload = receive(req, payload, &permit, &app.uploads(), limit).await?;
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
) -> Result<T, Refused> {
    let read = web::block(read).await.map_err(|error| Refused::unavailable(&error))?;
    read.map_err(|error| match error {
        Unreadable::Storage(error) => Refused::unavailable(&error),
        error => Refused::bad("This is not a package that can be taken", error.to_string()),
    })
}

/// The second decision, before anything is stored. It only saves work: the last one counts.
async fn decide_early(door: &Door<'_>, app: &App, caller: &Caller, package: &Nupkg) -> Result<(), Refused> {
    let (feed, account) = caller.known().map(|known| (known.feed, known.token.account)).unzip();
    let found = match feed.flatten() {
        Some(feed) => app.store.package(feed, Kind::NuGet, &package.id.key(), account).await?,
        None => None,
    };
    door.decide(caller, PUSH, Some(&package.id), StoredPackage::known_to_its_asker(found.as_ref()))?;
    match found {
        Some(found) if app.store.version(found.key, &package.version).await?.is_some() => Err(exists(package)),
        Some(found) if app.store.was_removed(found.key, &package.version).await? => Err(removed(package)),
        _ => Ok(()),
    }
}

/// Why a version cannot be entered.
async fn conflict(change: &mut Change, key: PackageKey, package: &Nupkg) -> Result<Refused, Refused> {
    let removed_before = change.was_removed(key, &package.version).await?;
    Ok(if removed_before { removed(package) } else { exists(package) })
}

fn removed(package: &Nupkg) -> Refused {
    let sentence = format!(
        "{} {} was removed by the operator. A removed version is never used again; push a higher one.",
        package.id, package.version
    );
    Refused::new(StatusCode::CONFLICT, "This version was removed", sentence)
}

fn exists(package: &Nupkg) -> Refused {
    let sentence =
        format!("{} {} exists already. A version is published once; push a higher one.", package.id, package.version);
    Refused::new(StatusCode::CONFLICT, "This version exists already", sentence)
}

/// Stores the bytes and enters the version, to its end even if the client goes away meanwhile.
async fn publish(req: &HttpRequest, app: &web::Data<App>, push: Push) -> Answer {
    let (of, app) = (req.clone(), app.clone());
    to_its_end(req, async move { store_and_enter(&Door::of(&of, &app)?, &app, push).await }).await
}

/// Runs what must not stop half way, even if the client goes away meanwhile.
pub(super) async fn to_its_end(req: &HttpRequest, task: impl Future<Output = Answer> + 'static) -> Answer {
    let done = match req.app_data::<WorkerTasks>().cloned() {
        Some(tasks) => tasks.run(task).await,
        None => None,
    };
    done.unwrap_or_else(|| Err(Refused::unavailable(&io::Error::other("the server is stopping"))))
}

impl From<QueueFull> for Refused {
    fn from(_: QueueFull) -> Self {
        Self::busy(
            "Too many pushes are under way: those of this key's account, or of everybody. Wait for some to end, then push again.",
        )
    }
}

async fn store_and_enter(door: &Door<'_>, app: &App, push: Push) -> Answer {
    let Push { mut caller, upload, package, permit: _permit } = push;
    let key = VersionKey::generate(door.now(), &mut crate::random::system());
    let blob = BlobKey::nuget(key.uuid());
    let new = NewVersion {
        key,
        nuspec: package.nuspec.clone(),
        size: i64::try_from(package.size).unwrap_or(i64::MAX),
        sha512: upload.sha512.clone(),
        blob: blob.clone(),
    };
    if app.health.store_is_foreign() {
        return Err(Refused::foreign_store());
    }
    // What a process that dies leaves behind is then known to be ours.
    app.store.note_upload(key, door.now()).await?;
    let entered = match store(app, &blob, &upload, &package).await {
        Ok(()) => enter_at_last(door, app, &mut caller, &package, &new).await,
        Err(error) => Err(error.into()),
    };
    let (change, token) = match entered {
        Ok(entered) => entered,
        Err(refused) => {
            app.blobs.discard(&blob).await;
            return Err(refused);
        }
    };
    // Whether a commit that failed holds is unknown, so its bytes stay.
    change.commit().await?;
    let text = format!("{} {} is published.", package.id, package.version);
    Ok(door.told(HttpResponse::Created(), Some(&token)).body(text))
}

/// Makes the bytes durable: the package, and its nuspec beside it.
async fn store(app: &App, blob: &BlobKey, upload: &Upload, package: &Nupkg) -> Result<(), BlobError> {
    app.blobs.put(blob, upload.file.path()).await?;
    let mut nuspec = NamedTempFile::with_prefix_in("push-", app.uploads())?;
    nuspec.write_all(&package.nuspec_file)?;
    app.blobs.put(&blob.nuspec(), nuspec.path()).await
}

/// Enters the version; anew if the token was changed while that went on, so that what it is now decides.
async fn enter_at_last(
    door: &Door<'_>,
    app: &App,
    caller: &mut Caller,
    package: &Nupkg,
    new: &NewVersion,
) -> Result<(Change, Token), Refused> {
    for _ in 0..ATTEMPTS {
        if let Some(entered) = enter(door, app, caller, package, new).await? {
            return Ok(entered);
        }
    }
    Err(changed_too_often())
}

pub(super) fn changed_too_often() -> Refused {
    let sentence = "This key is being changed again and again. Push again when its owner is done.";
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment", sentence)
}

/// The last decision and the version's row; what is returned holds when it is committed. None if the token was changed
/// meanwhile.
async fn enter(
    door: &Door<'_>,
    app: &App,
    caller: &mut Caller,
    package: &Nupkg,
    new: &NewVersion,
) -> Result<Option<(Change, Token)>, Refused> {
    let now = app.clock.now();
    let mut change = app.store.begin().await?;
    caller.look_again(&mut change, door.feed).await?;
    let known = door.decide(caller, PUSH, Some(&package.id), Package::Unknown)?;
    let feed = known.feed.ok_or_else(Refused::nothing_to_change)?;
    let by: Actor = caller.actor(known);
    let act = Act { feed, feed_name: door.feed, token: &known.token, by: &by, now };
    let key = owned_package(door, &mut change, caller, &act, package).await?;
    if !change.add_version(&act, key, new).await? {
        return Err(conflict(&mut change, key, package).await?);
    }
    if !change.note_push(&known.token, now).await? {
        return Ok(None);
    }
    Ok(Some((change, legacy::pushed(known.token.clone(), now))))
}

/// The package the version goes into, made if it is new, once the decision has seen whose it is.
async fn owned_package(
    door: &Door<'_>,
    change: &mut Change,
    caller: &Caller,
    act: &Act<'_>,
    package: &Nupkg,
) -> Result<PackageKey, Refused> {
    let account = Some(act.token.account);
    let mut found = change.package(act.feed, Kind::NuGet, &package.id.key(), account).await?;
    if found.is_none() {
        door.decide(caller, PUSH, Some(&package.id), Package::New)?;
        if let Some(key) = change.add_package(act, &package.id).await? {
            return Ok(key);
        }
        // Somebody else made it in the meantime.
        found = change.package(act.feed, Kind::NuGet, &package.id.key(), account).await?;
    }
    let found = found.ok_or_else(Refused::nothing_to_change)?;
    door.decide(caller, PUSH, Some(&package.id), StoredPackage::known_to_its_asker(Some(&found)))?;
    Ok(found.key)
}
