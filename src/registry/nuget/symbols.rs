//! Symbol packages: taken in beside the package they belong to, and served to debuggers file by file.
//!
//! Protocol: `SymbolPackagePublish/4.9.0` of the NuGet API, and the Simple Symbol Query Protocol for portable PDBs.

use std::path::PathBuf;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::EntityTag},
    web,
};

use super::{
    leaked_keys::refuse_keys,
    push::{self, PUSH, Received},
    request::NuGetRequest,
    response::{Answer, NuGetError},
    stored,
};
use crate::{
    app::App,
    auth::{Caller, PushPermit},
    package_store,
    packages::{
        PublishContext, StoredPackage,
        blobs::BlobKey,
        nuget::{
            FoundSymbolFile, NewSymbolFile, StoredNuspec,
            archive::{Archive, Limits, Nupkg, SymbolFile},
            files::symbol_file,
        },
    },
    registry::{
        publish::{ATTEMPTS, changed_too_often, check_quota, check_quota_in, check_store, to_its_end},
        send::send,
    },
    store::Transaction,
    tokens::{Kind, Token, VersionKey, decision::Package},
};

/// The header in which debuggers name the checksums they would take.
const CHECKSUM: &str = "SymbolChecksum";

/// `PUT symbols`: takes the symbols of a published version, in place of those it had.
pub async fn push_symbols(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let Received { mut caller, upload, permit, limits } = push::receive_push(&request, &req, &app, payload).await?;
    let source = upload.file.reopen().map_err(|error| NuGetError::unavailable(&error))?;
    let archive = push::reading(move || Archive::open_symbols(source, &limits)).await?;
    let archive = refuse_keys(&app, archive).await?;
    caller.reload(&app.store, request.feed).await?;
    let about = archive.package().clone();
    let version = published(&request, &app, &caller, &about).await?;
    let folder = app.uploads();
    let files = push::reading(move || archive.unpack_symbols(&folder)).await?;
    let files = matching(&app, &version, files).await?;
    if let Some(known) = caller.known() {
        check_quota(&app, known.token.account, files.iter().map(|file| file.size).sum()).await?;
    }
    let symbols = Symbols { about, version, files, permit };
    let (of, app) = (req.clone(), app.clone());
    to_its_end(&req, async move { store_and_enter(&NuGetRequest::of(&of, &app)?, &app, caller, symbols).await }).await
}

/// Symbols whose package was found.
struct Symbols {
    about: Nupkg,
    version: StoredNuspec,
    files: Vec<SymbolFile>,
    /// Held until all is done.
    #[expect(dead_code, reason = "it ends the push when it is dropped")]
    permit: PushPermit,
}

/// The version that the symbols belong to, if the key may push its package.
async fn published(
    request: &NuGetRequest<'_>,
    app: &App,
    caller: &Caller,
    about: &Nupkg,
) -> Result<StoredNuspec, NuGetError> {
    let (feed, account) = caller.known().map(|known| (known.feed, known.token.account)).unzip();
    let found = match feed.flatten() {
        Some(feed) => app.store.package(feed, Kind::NuGet, &about.id.key(), account).await?,
        None => None,
    };
    request.decide(caller, PUSH, Some(about.id.as_str()), StoredPackage::known_to_its_asker(found.as_ref()))?;
    let package = found.ok_or_else(|| no_package(about))?;
    stored::version(&app.store, package.key, &about.version).await?.ok_or_else(|| no_package(about))
}

fn no_package(about: &Nupkg) -> NuGetError {
    let sentence = format!("{} {} is not published here. Push its .nupkg first.", about.id, about.version);
    NuGetError::new(StatusCode::NOT_FOUND, "The package of these symbols is not here", sentence)
}

/// The files, once each was found to belong to an assembly of the package.
async fn matching(app: &App, version: &StoredNuspec, files: Vec<SymbolFile>) -> Result<Vec<SymbolFile>, NuGetError> {
    let lost = || {
        std::io::Error::other(format!("the file {} of a published version is missing", version.stored.blob.as_str()))
    };
    let blob = app.blobs.reader(&version.stored.blob).await?.ok_or_else(|| NuGetError::unavailable(&lost()))?;
    let folder: PathBuf = app.uploads();
    let (files, guids) = push::reading(move || {
        let guids = Archive::open(blob, &Limits::of_any_size())?.debug_guids(&files, &folder)?;
        Ok((files, guids))
    })
    .await?;
    match files.iter().find(|file| !guids.contains(&file.pdb.guid)) {
        Some(stranger) => Err(belongs_to_nothing(stranger, version)),
        None => Ok(files),
    }
}

fn belongs_to_nothing(file: &SymbolFile, version: &StoredNuspec) -> NuGetError {
    let sentence = format!(
        "{} belongs to no assembly of {} {}. Push the symbols that were built together with the package.",
        file.name, version.nuspec.id, version.nuspec.version
    );
    NuGetError::bad("These symbols belong to another build", sentence)
}

/// Makes the files durable, then enters them.
async fn store_and_enter(request: &NuGetRequest<'_>, app: &App, mut caller: Caller, symbols: Symbols) -> Answer {
    check_store(app).await?;
    let mut new = Vec::new();
    for file in &symbols.files {
        let id = VersionKey::generate(request.now(), &mut crate::random::system());
        app.store.note_upload(id, request.now()).await?;
        let sha256 = hex::encode(file.pdb.sha256);
        new.push(NewSymbolFile {
            id: id.uuid(),
            file: file.name.clone(),
            key: file.pdb.key(),
            sha256,
            size: file.size,
        });
    }
    let blobs: Vec<BlobKey> = new.iter().map(|file| symbol_file(file.id)).collect();
    let entered = match put(app, &blobs, &symbols.files).await {
        Ok(()) => enter_at_last(request, app, &mut caller, &symbols, &new).await,
        Err(refused) => Err(refused),
    };
    let (tx, token, replaced) = match entered {
        Ok(entered) => entered,
        Err(refused) => {
            app.blobs.discard(&blobs).await;
            return Err(refused);
        }
    };
    // Whether a commit that failed holds is unknown, so the bytes stay.
    tx.commit().await?;
    package_store::discard(&app.store, &app.blobs, &replaced).await;
    let text = format!("The symbols of {} {} are published.", symbols.about.id, symbols.about.version);
    Ok(request.with_expiry_warning(HttpResponse::Created(), Some(&token)).body(text))
}

async fn put(app: &App, blobs: &[BlobKey], files: &[SymbolFile]) -> Result<(), NuGetError> {
    for (blob, file) in blobs.iter().zip(files) {
        app.blobs.put(blob, &file.file).await.inspect_err(|_| app.health.suspect())?;
    }
    Ok(())
}

/// A change that enters the files when it is committed, its token, and where the bytes of the replaced files are.
type Entered = (Transaction, Token, Vec<BlobKey>);

/// Enters the files; anew if the token was changed while that went on, so that what it is now decides.
async fn enter_at_last(
    request: &NuGetRequest<'_>,
    app: &App,
    caller: &mut Caller,
    symbols: &Symbols,
    new: &[NewSymbolFile],
) -> Result<Entered, NuGetError> {
    for _ in 0..ATTEMPTS {
        if let Some(entered) = enter(request, app, caller, symbols, new).await? {
            return Ok(entered);
        }
    }
    Err(changed_too_often())
}

/// The last decision and the rows. None if the token was changed meanwhile.
async fn enter(
    request: &NuGetRequest<'_>,
    app: &App,
    caller: &mut Caller,
    symbols: &Symbols,
    new: &[NewSymbolFile],
) -> Result<Option<Entered>, NuGetError> {
    let Symbols { about, version, .. } = symbols;
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    caller.reload_in(&mut tx, request.feed).await?;
    let known = request.decide(caller, PUSH, Some(about.id.as_str()), Package::Unknown)?;
    let feed = known.feed.ok_or_else(NuGetError::nothing_to_change)?;
    let by = caller.actor(known);
    let found = tx.package(feed, Kind::NuGet, &about.id.key(), Some(known.token.account)).await?;
    request.decide(caller, PUSH, Some(about.id.as_str()), StoredPackage::known_to_its_asker(found.as_ref()))?;
    let package = found.ok_or_else(|| no_package(about))?;
    let act = PublishContext { feed, feed_name: request.feed, token: &known.token, by: &by, now };
    let replaced = tx.replace_symbols(&act, package.key, version, new).await?.ok_or_else(|| no_package(about))?;
    check_quota_in(app, &mut tx, known.token.account, new.iter().map(|file| file.size).sum()).await?;
    if !tx.note_push(&known.token, now).await? {
        return Ok(None);
    }
    Ok(Some((tx, known.token.clone(), replaced)))
}

/// `GET symbols/{file}/{key}/{again}`: a file by the key that debuggers read out of an assembly. What the key of the
/// caller does not cover is not here, because debuggers ask every server for every file.
pub async fn show_symbol_file(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let [file, key, again] = ["file", "key", "again"].map(|part| request.part(part).to_ascii_lowercase());
    // A debugger looks for other things below a private address, and is not asked for a password there.
    if file == "-" {
        return Err(NuGetError::nothing_here());
    }
    let reader = request.reader().await?;
    if file != again {
        return Err(NuGetError::nothing_here());
    }
    let found = app.store.symbol_files(reader.feed, &file, &key).await?;
    let asked = req.headers().get(CHECKSUM).and_then(|value| value.to_str().ok());
    let shown = found.into_iter().find(|file| reader.sees(&file.package) && is_one_of(file, asked));
    let found = shown.ok_or_else(NuGetError::nothing_here)?;
    let tag = EntityTag::new_strong(found.sha256);
    send(&request, &reader, (&found.blob, tag), "application/octet-stream").await
}

/// Whether a file has one of the checksums a debugger named, such as `SHA256:0a1b…;SHA512:…`. Only SHA-256 is kept;
/// where none is named, any file will do.
fn is_one_of(file: &FoundSymbolFile, asked: Option<&str>) -> bool {
    let sums = asked.unwrap_or_default().split(';').filter_map(|sum| sum.trim().split_once(':'));
    let mut sums = sums.filter(|(kind, _)| kind.eq_ignore_ascii_case("SHA256")).peekable();
    sums.peek().is_none() || sums.any(|(_, sum)| sum.eq_ignore_ascii_case(&file.sha256))
}
