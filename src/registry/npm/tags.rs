//! Tags of a package: words such as `latest` that stand for one of its versions.

use actix_web::{HttpRequest, http::StatusCode, web};
use serde_json::json;

use super::{
    receive::PUSH,
    request::NpmRequest,
    response::{Answer, NpmError},
};
use crate::{
    app::App,
    auth::read_body,
    packages::{
        PublishContext, StoredPackage,
        npm::document::{LATEST, check_tag},
    },
    registry::{leaked_keys::refuse_keys, request::feed_and_account},
    tokens::{Kind, Token, decision::Package},
};

/// Bytes of a body, which is a version in quotes.
const LARGEST: usize = 1_024;

/// `GET -/package/{name}/dist-tags`
pub async fn list_tags(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let (reader, package) = request.readable(&request.name()?).await?;
    let tags = app.store.tags(package.key).await?;
    if tags.is_empty() {
        return Err(NpmError::nothing_here());
    }
    request.json(reader.token(), &json!(tags))
}

/// `PUT -/package/{name}/dist-tags/{tag}`
pub async fn set_tag(req: HttpRequest, app: web::Data<App>, payload: web::Payload) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let tag = request.part("tag");
    let body = read_body(payload, LARGEST).await?;
    let version: Option<String> = serde_json::from_slice(&body).ok();
    let token = change(&request, &tag, Some(&version.unwrap_or_default())).await?;
    request.done(&token, "The tag is set.")
}

/// `DELETE -/package/{name}/dist-tags/{tag}`
pub async fn remove_tag(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NpmRequest::of(&req, &app)?;
    let token = change(&request, &request.part("tag"), None).await?;
    request.done(&token, "The tag is removed.")
}

/// Lets a tag stand for a version, or for none.
async fn change(request: &NpmRequest<'_>, tag: &str, version: Option<&str>) -> Result<Token, NpmError> {
    let name = request.name()?;
    let mut caller = request.caller().await?;
    // Refused requests take no lock.
    request.decide(&caller, PUSH, Some(name.as_str()), Package::Unknown)?;
    if version.is_some() {
        check_tag(tag)?;
        refuse_keys(request.app, vec![("tag".to_owned(), tag.to_owned())]).await?;
    }
    let mut tx = request.app.store.begin().await?;
    caller.reload_in(&mut tx, request.feed).await?;
    let found = match feed_and_account(&caller) {
        Some((feed, account)) => tx.package(feed, Kind::Npm, name.as_str(), Some(account)).await?,
        None => None,
    };
    let known =
        request.decide(&caller, PUSH, Some(name.as_str()), StoredPackage::known_to_its_asker(found.as_ref()))?;
    let (feed, package) = known.feed.zip(found).ok_or_else(NpmError::nothing_to_change)?;
    let by = caller.actor(known);
    let act = PublishContext { feed, feed_name: request.feed, token: &known.token, by: &by, now: request.now() };
    match version {
        Some(version) if !tx.set_tag(&act.change(), &package, tag, version).await? => {
            return Err(no_such_version(&package.name));
        }
        None if tag == LATEST => return Err(always_latest()),
        None if !tx.remove_tag(&act.change(), &package, tag).await? => return Err(NpmError::nothing_to_change()),
        _ => {}
    }
    tx.commit().await?;
    Ok(known.token.clone())
}

fn no_such_version(name: &str) -> NpmError {
    let sentence = format!("{name} has no such version that a tag could stand for. Name one that is published.");
    NpmError::new(StatusCode::NOT_FOUND, "There is no such version", sentence)
}

fn always_latest() -> NpmError {
    NpmError::bad(
        "Every package has a latest version",
        "The tag latest always stands for a version. Set it to another one.",
    )
}
