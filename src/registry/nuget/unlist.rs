//! Unlisting and relisting a version. The bytes stay; only searches lose or find it.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    request::NuGetRequest,
    response::{Answer, NuGetError},
};
use crate::{
    app::App,
    packages::{PublishContext, StoredPackage},
    registry::request::feed_and_account,
    tokens::{
        Kind, Token,
        decision::{Action, Package},
    },
};

const DELETE: Action = Action::Delete(Kind::NuGet);

/// `DELETE package/{id}/{version}`
pub async fn unlist_version(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let token = set_listed(&request, &app, false).await?;
    Ok(request.with_expiry_warning(HttpResponse::NoContent(), Some(&token)).finish())
}

/// `POST package/{id}/{version}`
pub async fn relist_version(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let token = set_listed(&request, &app, true).await?;
    Ok(request.with_expiry_warning(HttpResponse::Ok(), Some(&token)).body("The version is listed again."))
}

async fn set_listed(request: &NuGetRequest<'_>, app: &App, listed: bool) -> Result<Token, NuGetError> {
    let (id, version) = (request.id()?, request.version("version")?);
    let mut caller = request.caller().await?;
    // Refused requests take no lock.
    request.decide(&caller, DELETE, Some(id.as_str()), Package::Unknown)?;
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
    if !tx.set_listed(&act.change(), &package, &version.key(), listed).await? {
        return Err(NuGetError::nothing_to_change());
    }
    tx.commit().await?;
    Ok(known.token.clone())
}
