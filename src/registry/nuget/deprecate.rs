//! Deprecating versions with a key, in the words of nuget.org's address for it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use serde::Deserialize;

use super::{
    request::NuGetRequest,
    response::{Answer, NuGetError},
};
use crate::{
    app::App,
    auth::read_body,
    packages::{
        DeprecationReason, NewDeprecation, PublishContext, StoredPackage, VersionSet, deprecation::parse_message,
    },
    registry::{leaked_keys::refuse_keys, request::feed_and_account},
    store::Transaction,
    tokens::{
        Kind, TokenLookup,
        decision::{Action, Package},
    },
};

const DELETE: Action = Action::Delete(Kind::NuGet);
/// Bytes of a request: some thousand versions.
const LARGEST: usize = 256 * 1024;

/// What is asked for. Without a reason the versions are good again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    /// Each as [`VersionSet::parse`] reads it.
    versions: Vec<String>,
    #[serde(default)]
    is_legacy: bool,
    #[serde(default)]
    has_critical_bugs: bool,
    #[serde(default)]
    is_other: bool,
    #[serde(default)]
    alternate_package_id: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl Asked {
    fn reason(&self) -> Result<Option<DeprecationReason>, NuGetError> {
        let reasons = [
            (self.is_legacy, DeprecationReason::Legacy),
            (self.has_critical_bugs, DeprecationReason::CriticalBugs),
            (self.is_other, DeprecationReason::Other),
        ];
        let mut given = reasons.into_iter().filter(|(given, _)| *given).map(|(_, reason)| reason);
        let (first, second) = (given.next(), given.next());
        if second.is_some() {
            return Err(unprocessable("Give one reason: isLegacy, hasCriticalBugs or isOther."));
        }
        Ok(first)
    }

    fn set(&self) -> Result<VersionSet, NuGetError> {
        let mut set = VersionSet::default();
        for versions in &self.versions {
            set.and(VersionSet::parse(Kind::NuGet, versions).map_err(|error| unprocessable(error.to_string()))?);
        }
        Ok(set)
    }
}

/// `PUT package/{id}/deprecations`
pub async fn deprecate_versions(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let id = request.id()?;
    let mut caller = request.caller().await?;
    // Refused requests take no lock.
    request.decide(&caller, DELETE, Some(id.as_str()), Package::Unknown)?;
    let asked: Asked = serde_json::from_slice(&read_body(payload, LARGEST).await?).map_err(|error| {
        NuGetError::bad("The request cannot be read", format!("This is not what is expected: {error}."))
    })?;
    let message = asked.message.clone().unwrap_or_default();
    refuse_keys(&app, vec![("message".to_owned(), message)]).await?;
    let mut tx = app.store.begin().await?;
    caller.reload_in(&mut tx, request.feed).await?;
    let found = match feed_and_account(&caller) {
        Some((feed, account)) => tx.package(feed, Kind::NuGet, &id.key(), Some(account)).await?,
        None => None,
    };
    let known =
        request.decide(&caller, DELETE, Some(id.as_str()), StoredPackage::known_to_its_asker(found.as_ref()))?;
    let (feed, package) = known.feed.zip(found).ok_or_else(NuGetError::nothing_to_change)?;
    let by = caller.actor(known);
    let act = PublishContext { feed, feed_name: request.feed, token: &known.token, by: &by, now: request.now() };
    let set = asked.set()?;
    if tx.count_versions(package.key, &set).await? == 0 {
        return Err(NuGetError::nothing_to_change());
    }
    let said = said(&mut tx, known, &act, &package, &asked).await?;
    tx.deprecate(&act.change(), &package, &set, said.as_ref()).await?;
    tx.commit().await?;
    Ok(request
        .with_expiry_warning(HttpResponse::Ok(), Some(&known.token))
        .body("What is said of the versions is changed."))
}

/// What is to be said; nothing without a reason.
async fn said(
    tx: &mut Transaction,
    known: &TokenLookup,
    act: &PublishContext<'_>,
    package: &StoredPackage,
    asked: &Asked,
) -> Result<Option<NewDeprecation>, NuGetError> {
    let Some(reason) = asked.reason()? else { return Ok(None) };
    let message = parse_message(asked.message.as_deref().unwrap_or_default(), reason);
    let message = message.map_err(|error| unprocessable(error.to_string()))?;
    let name = asked.alternate_package_id.as_deref().map(str::trim).unwrap_or_default();
    if name.is_empty() {
        return Ok(Some(NewDeprecation { reason, message, alternative: None }));
    }
    if !known.token.settings.patterns.covers(name) {
        return Err(unprocessable("This key does not cover the package to use instead."));
    }
    let other = tx.alternative(act.feed, package, name, known.token.account).await?;
    let other = other.map_err(|error| unprocessable(error.to_string()))?;
    if !other.owned {
        return Err(unprocessable(
            "The package to use instead has other owners. Only a person can name it, on the page of the package.",
        ));
    }
    Ok(Some(NewDeprecation { reason, message, alternative: Some((other.key, other.name)) }))
}

fn unprocessable(sentence: impl Into<String>) -> NuGetError {
    NuGetError::new(StatusCode::UNPROCESSABLE_ENTITY, "This deprecation cannot be taken", sentence)
}
