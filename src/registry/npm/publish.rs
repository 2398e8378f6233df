//! What clients put under a package's name: a version to publish, or the package with a deprecation in it. A version is
//! decided before its body is read, again when that is here, and last in the transaction that enters it.

use std::{
    fs::File,
    io::{BufReader, Write},
};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use tempfile::NamedTempFile;

use super::{
    change, leaked_keys,
    receive::{PUSH, receive_document},
    request::NpmRequest,
    response::{Answer, NpmError},
    upload::{Tgz, Upload},
};
use crate::{
    app::App,
    audit::Actor,
    auth::{Caller, PushPermit},
    packages::{
        NewVersion, PublishContext, VersionNumber,
        blobs::{BlobError, BlobKey},
        npm::{
            bad_document::BadDocument,
            document::{LATEST, Publication},
            files::{package_file, provenance_beside},
            manifest::NpmManifest,
            name::PackageName,
            tarball::{Limits, Tarball},
            unreadable::Unreadable,
            version,
        },
    },
    registry::{
        leaked_keys::Found,
        publish::{ATTEMPTS, changed_too_often, check_quota_in, check_store, owned_package, to_its_end},
    },
    store::Transaction,
    tokens::{PackageKey, Token, VersionKey, decision::Package, legacy},
};

/// `PUT {name}`
pub async fn put_package(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let mut caller = request.caller().await?;
    let name = request.name_to_publish()?;
    let (Upload { document, tarball }, permit) = receive_document(&request, &caller, &name, payload).await?;
    caller.reload(&app.store, request.feed).await?;
    if document.is_change() {
        document.check_name(&name)?;
        return change::deprecate(&request, caller, &name, &document).await;
    }
    let published = document.into_publication(&name)?;
    let tarball = tarball.ok_or_else(|| BadDocument::no_tarball(&name, &published.version.text))?;
    decide_early(&request, &caller, &name, &published.version).await?;
    published.check(tarball.size, &tarball.hashes)?;
    let read = read(&app, tarball, published).await?;
    read.found.refuse(&app).await?;
    let Read { inside, tarball, published, .. } = read;
    let has_provenance = published.provenance.is_some();
    let manifest = NpmManifest::of(inside, (&name, &published.version), tarball.hashes.shasum(), has_provenance)?;
    let push = Push { caller, name, published, manifest, tarball, permit };
    let (of, app) = (req.clone(), app.clone());
    to_its_end(&req, async move { store_and_enter(&NpmRequest::of(&of, &app)?, &app, push).await }).await
}

/// A version whose tarball is here and was read.
struct Push {
    caller: Caller,
    name: PackageName,
    published: Publication,
    manifest: NpmManifest,
    tarball: Tgz,
    /// Held until all is done.
    #[expect(dead_code, reason = "it ends the push when it is dropped")]
    permit: PushPermit,
}

/// A version, what is in its tarball, and what of it all may be keys.
struct Read {
    inside: Tarball,
    found: Found,
    tarball: Tgz,
    published: Publication,
}

/// Reads the tarball where blocking is allowed.
async fn read(app: &App, tarball: Tgz, published: Publication) -> Result<Read, NpmError> {
    let default = Limits::default();
    let unpacked = default.unpacked.max(app.settings.max_package_bytes.saturating_mul(4));
    let limits = Limits { unpacked, ..default };
    let shapes = app.legacy.shapes(&app.store).await?;
    let source: File = tarball.file.reopen().map_err(|error| NpmError::unavailable(&error))?;
    let reading = web::block(move || {
        let source = BufReader::with_capacity(64 * 1024, source);
        let read = leaked_keys::read(source, &limits, &published, &shapes);
        read.map(|(inside, found)| Read { inside, found, tarball, published })
    });
    match reading.await.map_err(|error| NpmError::unavailable(&error))? {
        Ok(read) => Ok(read),
        Err(Unreadable::Storage(error)) => Err(NpmError::unavailable(&error)),
        Err(error) => Err(NpmError::bad("This is not a package that can be taken", error.to_string())),
    }
}

/// The second decision, before anything is stored. It only saves work: the last one counts.
async fn decide_early(
    request: &NpmRequest<'_>,
    caller: &Caller,
    name: &PackageName,
    version: &VersionNumber,
) -> Result<(), NpmError> {
    let (_, found) = request.changeable(caller, PUSH, name).await?;
    let Some(found) = found else { return Ok(()) };
    if request.app.store.version(found.key, &version.key).await?.is_some() {
        return Err(exists(name, version));
    }
    if request.app.store.was_removed(found.key, &version.key).await? { Err(removed(name, version)) } else { Ok(()) }
}

fn exists(name: &PackageName, version: &VersionNumber) -> NpmError {
    let sentence = format!("{name}@{version} exists already. A version is published once; publish a higher one.");
    NpmError::new(StatusCode::CONFLICT, "This version exists already", sentence)
}

fn removed(name: &PackageName, version: &VersionNumber) -> NpmError {
    let sentence = format!("{name}@{version} was unpublished. A version is never used again; publish a higher one.");
    NpmError::new(StatusCode::CONFLICT, "This version was removed", sentence)
}

fn would_go_back(name: &PackageName, version: &VersionNumber, latest: &str) -> NpmError {
    let sentence = format!(
        "{name}@{version} is lower than {latest}, which is tagged latest. To publish it all the same, publish with --tag, such as --tag previous."
    );
    NpmError::new(StatusCode::CONFLICT, "Publish with --tag", sentence)
}

async fn store_and_enter(request: &NpmRequest<'_>, app: &App, mut push: Push) -> Answer {
    let key = VersionKey::generate(request.now(), &mut crate::random::system());
    let blob = package_file(key.uuid());
    let new = NewVersion {
        key,
        manifest: Box::new(push.manifest.clone()),
        size: i64::try_from(push.tarball.size).unwrap_or(i64::MAX),
        beside_size: i64::try_from(push.published.provenance.as_ref().map_or(0, String::len)).unwrap_or(i64::MAX),
        sha512: push.tarball.hashes.sha512(),
        blob: blob.clone(),
    };
    check_store(app).await?;
    // What a process that dies leaves behind is then known to be ours.
    app.store.note_upload(key, request.now()).await?;
    let entered = match store(app, &blob, &push).await {
        Ok(()) => enter_at_last(request, app, &mut push, &new).await,
        Err(error) => {
            app.health.suspect();
            Err(error.into())
        }
    };
    let (tx, token) = match entered {
        Ok(entered) => entered,
        Err(refused) => {
            app.blobs.discard(&[provenance_beside(&blob), blob]).await;
            return Err(refused);
        }
    };
    // Whether a commit that failed holds is unknown, so its bytes stay.
    tx.commit().await?;
    let text = format!("{}@{} is published.", push.name, push.published.version);
    let answer = serde_json::json!({ "ok": true, "success": text });
    Ok(request.with_expiry_warning(HttpResponse::Created(), Some(&token)).json(answer))
}

/// Makes the bytes durable: the package, and its provenance beside it.
async fn store(app: &App, blob: &BlobKey, push: &Push) -> Result<(), BlobError> {
    app.blobs.put(blob, push.tarball.file.path()).await?;
    let Some(text) = &push.published.provenance else { return Ok(()) };
    let mut provenance = NamedTempFile::with_prefix_in("push-", app.uploads())?;
    provenance.write_all(text.as_bytes())?;
    app.blobs.put(&provenance_beside(blob), provenance.path()).await
}

/// Enters the version; anew if the token was changed while that went on, so that what it is now decides.
async fn enter_at_last(
    request: &NpmRequest<'_>,
    app: &App,
    push: &mut Push,
    new: &NewVersion,
) -> Result<(Transaction, Token), NpmError> {
    for _ in 0..ATTEMPTS {
        if let Some(entered) = enter(request, app, push, new).await? {
            return Ok(entered);
        }
    }
    Err(changed_too_often())
}

/// The last decision and the version's row; what is returned holds when it is committed. None if the token was changed
/// meanwhile.
async fn enter(
    request: &NpmRequest<'_>,
    app: &App,
    push: &mut Push,
    new: &NewVersion,
) -> Result<Option<(Transaction, Token)>, NpmError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    push.caller.reload_in(&mut tx, request.feed).await?;
    let known = request.decide(&push.caller, PUSH, Some(push.name.as_str()), Package::Unknown)?;
    let feed = known.feed.ok_or_else(NpmError::nothing_to_change)?;
    let by: Actor = push.caller.actor(known);
    let act = PublishContext { feed, feed_name: request.feed, token: &known.token, by: &by, now };
    let package = owned_package(request, &mut tx, &push.caller, &act, push.name.as_str()).await?;
    check_tag(&mut tx, package.key, push).await?;
    if !tx.add_version(&act, package.key, new).await? {
        let version = &push.published.version;
        let was_removed = tx.was_removed(package.key, &version.key).await?;
        return Err(if was_removed { removed(&push.name, version) } else { exists(&push.name, version) });
    }
    tx.write_tag(package.key, &push.published.tag, &push.published.version.key).await?;
    check_quota_in(app, &mut tx, known.token.account, new.bytes()).await?;
    if !tx.note_push(&known.token, now).await? {
        return Ok(None);
    }
    Ok(Some((tx, legacy::pushed(known.token.clone(), now))))
}

/// Only npm itself looks whether `latest` would go back; the other clients send the same document. A release may take the
/// place of a prerelease, which is latest only while there is nothing else.
async fn check_tag(tx: &mut Transaction, package: PackageKey, push: &Push) -> Result<(), NpmError> {
    let new = &push.published.version;
    if push.published.tag != LATEST {
        return Ok(());
    }
    tx.lock_revision(package).await?;
    let latest = tx.tags(package).await?.remove(LATEST).and_then(|latest| version::parse(&latest));
    match latest {
        Some(latest) if *new < latest && (new.is_prerelease || !latest.is_prerelease) => {
            Err(would_go_back(&push.name, new, &latest.text))
        }
        _ => Ok(()),
    }
}
