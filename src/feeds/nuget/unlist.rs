//! Unlisting and relisting a version. The bytes stay; only searches lose or find it.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    answer::{Answer, Refused},
    door::Door,
};
use crate::{
    access::Caller,
    app::App,
    store::{Act, StoredPackage},
    tokens::{
        Kind, Token,
        decision::{Action, Package},
    },
};

const DELETE: Action = Action::Delete(Kind::NuGet);

/// `DELETE package/{id}/{version}`
pub async fn unlist(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let token = set_listed(&door, &app, false).await?;
    Ok(door.told(HttpResponse::NoContent(), Some(&token)).finish())
}

/// `POST package/{id}/{version}`
pub async fn relist(req: HttpRequest, app: web::Data<App>) -> Answer {
    let door = Door::of(&req, &app)?;
    let token = set_listed(&door, &app, true).await?;
    Ok(door.told(HttpResponse::Ok(), Some(&token)).body("The version is listed again."))
}

async fn set_listed(door: &Door<'_>, app: &App, listed: bool) -> Result<Token, Refused> {
    let (id, version) = (door.id()?, door.version("version")?);
    let mut caller = door.caller().await?;
    // Refused requests take no lock.
    door.decide(&caller, DELETE, Some(&id), Package::Unknown)?;
    let mut change = app.store.begin().await?;
    caller.look_again(&mut change, door.feed).await?;
    let found = match feed_and_account(&caller) {
        Some((feed, account)) => change.package(feed, Kind::NuGet, &id.key(), Some(account)).await?,
        None => None,
    };
    let known = door.decide(&caller, DELETE, Some(&id), StoredPackage::known_to_its_asker(found.as_ref()))?;
    let (feed, package) = known.feed.zip(found).ok_or_else(Refused::nothing_to_change)?;
    let by = caller.actor(known);
    let act = Act { feed, feed_name: door.feed, token: &known.token, by: &by, now: door.now() };
    if !change.set_listed(&act.doing(), &package, &version, listed).await? {
        return Err(Refused::nothing_to_change());
    }
    change.commit().await?;
    Ok(known.token.clone())
}

fn feed_and_account(caller: &Caller) -> Option<(crate::tokens::FeedId, crate::tokens::AccountId)> {
    let known = caller.known()?;
    Some((known.feed?, known.token.account))
}
