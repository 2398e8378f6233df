//! `GET tokens/current/can`: whether the token could do something now, and if not, why.

use actix_web::{HttpRequest, web};
use serde_json::json;

use super::{
    problem::{Answer, Problem},
    query::Query,
    visit::{Visit, rfc3339},
};
use crate::{
    app::App,
    packages::id::PackageId,
    store::Known,
    tokens::{
        Kind, Permission,
        decision::{Action, Ask, Package},
        is_feed_name,
    },
};

/// Characters of the name of an npm package or a repository.
const LONGEST_NAME: usize = 255;

/// What is asked.
struct Question<'q> {
    action: Action,
    /// The kind the action is about; none for the API itself.
    kind: Option<Kind>,
    feed: &'q str,
    package: Option<&'q str>,
}

/// The handler.
pub async fn answer(req: HttpRequest, app: web::Data<App>) -> Answer {
    let feed = Query::of(&req, &["action", "package", "feed"]).ok();
    let feed = feed.as_ref().map_or("main", feed_of);
    let visit = Visit::of(&req, &app, feed).await.map_err(Problem::about_can)?;
    let known = visit.admit().map_err(Problem::about_can)?;
    let query = Query::of(&req, &["action", "package", "feed"])?;
    let question = Question::of(&query)?;
    let package = facts(&app, known, &question).await?;
    let asked_feed = question.kind.map(|_| (question.feed, known.feed));
    let ask = Ask { action: question.action, feed: asked_feed, name: question.package, package };
    let (reason, message) = match visit.could(&ask) {
        Ok(_) => (None, format!("{} may do this.", known.token.called())),
        Err(refusal) => (Some(refusal.reason.as_str()), refusal.sentence),
    };
    let document = json!({
        "allowed": reason.is_none(),
        "reason": reason,
        "message": message,
        "expires_at": known.token.expires_at.map(rfc3339),
    });
    visit.json(&known.token, &document)
}

/// The asked feed; `main` where none is named, and where the name is none.
fn feed_of(query: &Query) -> &str {
    query.get("feed").filter(|name| is_feed_name(name)).unwrap_or("main")
}

impl<'q> Question<'q> {
    fn of(query: &'q Query) -> Result<Self, Problem> {
        let scope = query.get("action").ok_or_else(|| bad_action("Name an action"))?;
        let action = Action::parse(scope).ok_or_else(|| bad_action("That is not an action"))?;
        if query.get("feed").is_some_and(|name| !is_feed_name(name)) {
            return Err(Problem::bad("feed must be the name of a feed, such as main."));
        }
        let kind = Permission::parse(scope).and_then(Permission::kind);
        let package = query.get("package");
        match (kind, package) {
            (None, Some(_)) => return Err(Problem::bad("This action is not about a package. Leave package out.")),
            (Some(kind), Some(name)) => check_name(kind, name)?,
            (_, None) => {}
        }
        Ok(Self { action, kind, feed: feed_of(query), package })
    }
}

fn bad_action(problem: &str) -> Problem {
    Problem::bad(format!("{problem} such as action=nuget:push, nuget:pull, nuget:delete or api:read."))
}

fn check_name(kind: Kind, name: &str) -> Result<(), Problem> {
    if kind == Kind::NuGet {
        return PackageId::parse(name).map(drop).map_err(|error| Problem::bad(error.to_string()));
    }
    let good = |b: u8| b.is_ascii_alphanumeric() || b"._-/@~".contains(&b);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(good) {
        return Err(Problem::bad("package must be the name of a package or repository, such as @team/ui."));
    }
    Ok(())
}

async fn facts(app: &App, known: &Known, question: &Question<'_>) -> Result<Package, Problem> {
    let Some((kind, name)) = question.kind.zip(question.package) else { return Ok(Package::Unknown) };
    let key = name.to_ascii_lowercase();
    Ok(app.store.facts(known, kind, &key).await?)
}
