//! Changes of what is published: deprecating, and unpublishing a version or all of them. A version that was unpublished is
//! never used again, and the name stays its owners'.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, http::StatusCode, web};

use super::{
    download::version_in,
    packument::revision,
    receive::{DELETE, receive_document},
    request::NpmRequest,
    response::{Answer, NpmError},
    unchanged::check_unchanged,
};
use crate::{
    app::App,
    auth::Caller,
    package_store,
    packages::{
        Deprecation, DeprecationReason, NewDeprecation, PublishContext, RemovedFiles, StoredPackage, VersionNumber,
        VersionSet, deprecation,
        npm::{
            document::{Document, DocumentVersion},
            name::PackageName,
        },
    },
    registry::{leaked_keys::refuse_keys, request::feed_and_account},
    store::Transaction,
    tokens::{Kind, Token, decision::Package},
};

/// A change that was begun and decided: the package is locked.
struct Change {
    tx: Transaction,
    package: StoredPackage,
    caller: Caller,
    revision: String,
}

impl Change {
    /// Begins it, for whoever may take something away from the package, which has to be there.
    async fn begin(request: &NpmRequest<'_>, mut caller: Caller, name: &PackageName) -> Result<Self, NpmError> {
        // Refused requests take no lock.
        request.decide(&caller, DELETE, Some(name.as_str()), Package::Unknown)?;
        let mut tx = request.app.store.begin().await?;
        caller.reload_in(&mut tx, request.feed).await?;
        let found = match feed_and_account(&caller) {
            Some((feed, account)) => tx.package(feed, Kind::Npm, name.as_str(), Some(account)).await?,
            None => None,
        };
        let about = StoredPackage::known_to_its_asker(found.as_ref());
        request.decide(&caller, DELETE, Some(name.as_str()), about)?;
        let package = found.ok_or_else(NpmError::nothing_to_change)?;
        let revision = revision(tx.lock_revision(package.key).await?, package.key);
        Ok(Self { tx, package, caller, revision })
    }

    /// Whether the client has seen the package as it is.
    fn check_revision(&self, seen: &str) -> Result<(), NpmError> {
        if seen == self.revision {
            return Ok(());
        }
        Err(NpmError::changed_meanwhile(&self.package.name))
    }

    /// Who does it; the decision has allowed it.
    fn token(&self) -> Result<Token, NpmError> {
        Ok(self.caller.known().ok_or_else(NpmError::nothing_to_change)?.token.clone())
    }

    async fn act(
        &mut self,
        request: &NpmRequest<'_>,
        acting: impl AsyncFnOnce(&mut Transaction, &PublishContext<'_>, &StoredPackage) -> Result<(), NpmError>,
    ) -> Result<(), NpmError> {
        let known = self.caller.known().ok_or_else(NpmError::nothing_to_change)?;
        let by = self.caller.actor(known);
        let feed = known.feed.ok_or_else(NpmError::nothing_to_change)?;
        let act = PublishContext { feed, feed_name: request.feed, token: &known.token, by: &by, now: request.now() };
        acting(&mut self.tx, &act, &self.package).await
    }
}

/// Brings what is said of each version in line with a document, in which nothing else may differ.
pub(super) async fn deprecate(
    request: &NpmRequest<'_>,
    caller: Caller,
    name: &PackageName,
    document: &Document,
) -> Answer {
    let reasons: BTreeSet<&str> = document.versions.values().map(DocumentVersion::deprecation).collect();
    let texts = reasons.into_iter().map(|why| ("deprecation".to_owned(), why.to_owned())).collect();
    refuse_keys(request.app, texts).await?;
    let (known, found) = request.changeable(&caller, DELETE, name).await?;
    let found = found.ok_or_else(NpmError::nothing_to_change)?;
    check_unchanged(request, known, (&found, name), document).await?;
    let mut change = Change::begin(request, caller, name).await?;
    if let Some(seen) = &document.revision {
        change.check_revision(seen)?;
    }
    change
        .act(request, async |tx, act, package| {
            let versions = tx.deprecations(package).await?;
            for (why, set) in changes(&versions, document) {
                let said = if why.is_empty() { None } else { Some(said(why)?) };
                tx.deprecate(&act.change(), package, &set, said.as_ref()).await?;
            }
            Ok(())
        })
        .await?;
    let token = change.token()?;
    change.tx.commit().await?;
    request.done(&token, "What is said of the versions is changed.")
}

/// What is to be said of which versions, neighbours together; empty where nothing is to be said any more.
fn changes<'d>(
    versions: &[(VersionNumber, Option<Deprecation>)],
    document: &'d Document,
) -> BTreeMap<&'d str, VersionSet> {
    let mut changes: BTreeMap<&str, VersionSet> = BTreeMap::new();
    let wanted = |version: &VersionNumber, before: &Option<Deprecation>| {
        let why = document.versions.get(&version.key)?.deprecation();
        (before.as_ref().map(Deprecation::text).unwrap_or_default() != why).then_some(why)
    };
    let wanted: Vec<_> = versions.iter().map(|(version, before)| (version, wanted(version, before))).collect();
    for run in wanted.chunk_by(|(_, one), (_, other)| one == other) {
        if let [(first, Some(why)), ..] = run {
            let last = run.last().map_or(*first, |(last, _)| *last);
            changes.entry(why).or_default().and(VersionSet::between(first, last));
        }
    }
    changes
}

/// A reason as npm clients give it: a text, and nothing else.
fn said(why: &str) -> Result<NewDeprecation, NpmError> {
    let reason = DeprecationReason::Other;
    let message = deprecation::parse_message(why, reason)
        .map_err(|error| NpmError::bad("This is not a reason that can be taken", error.to_string()))?;
    Ok(NewDeprecation { reason, message, alternative: None })
}

/// `PUT {name}/-rev/{revision}`: the package without the versions that are to go.
pub async fn unpublish_versions(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let mut caller = request.caller().await?;
    let name = request.name()?;
    request.decide(&caller, DELETE, Some(name.as_str()), Package::Unknown)?;
    let (upload, _permit) = receive_document(&request, &caller, &name, payload).await?;
    upload.document.check_name(&name)?;
    if upload.document.has_attachments() {
        return Err(NpmError::bad("Nothing is published here", "To publish a version, leave out the revision."));
    }
    caller.reload(&app.store, request.feed).await?;
    let mut change = Change::begin(&request, caller, &name).await?;
    change.check_revision(&request.part("revision"))?;
    let stay: BTreeSet<String> = upload.document.versions.into_keys().collect();
    let mut files = Vec::new();
    change
        .act(&request, async |tx, act, package| {
            for (version, _) in tx.deprecations(package).await? {
                if !stay.contains(&version.key) {
                    files.push(tx.remove_version(&act.change(), package, &version.key).await?);
                }
            }
            Ok(())
        })
        .await?;
    finish(&request, change, files, "The versions are unpublished.").await
}

/// `DELETE {name}/-rev/{revision}`: all of its versions.
pub async fn unpublish_package(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let caller = request.caller().await?;
    let name = request.name()?;
    let mut change = Change::begin(&request, caller, &name).await?;
    change.check_revision(&request.part("revision"))?;
    let mut files = Vec::new();
    change
        .act(&request, async |tx, act, package| {
            files.push(tx.remove_package(&act.change(), package).await?);
            Ok(())
        })
        .await?;
    finish(&request, change, files, "The package is unpublished.").await
}

async fn finish(request: &NpmRequest<'_>, change: Change, files: Vec<RemovedFiles>, success: &str) -> Answer {
    let token = change.token()?;
    change.tx.commit().await?;
    for removed in files {
        package_store::discard(&request.app.store, &request.app.blobs, &removed.blobs).await;
    }
    request.done(&token, success)
}

/// `DELETE {name}/-/{file}/-rev/{revision}`: clients ask for it after they have taken the version away, with which its
/// tarball went.
pub async fn delete_tarball(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let caller = request.caller().await?;
    let name = request.name()?;
    let version = version_in(&name, &request.part("file")).ok_or_else(NpmError::nothing_to_change)?;
    let (known, found) = request.changeable(&caller, DELETE, &name).await?;
    let package = found.ok_or_else(NpmError::nothing_to_change)?;
    if app.store.version(package.key, &version).await?.is_some() {
        let sentence = format!("{name}@{version} is still published. Unpublish the version: its tarball goes with it.");
        return Err(NpmError::new(StatusCode::CONFLICT, "It is still published", sentence));
    }
    request.done(&known.token, "The tarball is gone.")
}
