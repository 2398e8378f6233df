//! One request at this door: which feed it means, whose key it carries, and what that key may do.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    web::{self},
};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::answer::{Answer, Refused, WARNING};
use crate::{
    access::{Caller, Witness, ascii, presented_key},
    app::App,
    packages::{id::PackageId, version::Version},
    store::Known,
    tokens::{
        FeedId, Kind, Token,
        decision::{Action, Ask, Package},
        is_feed_name,
        pattern::Budget,
        warning,
    },
};

/// A request.
pub(super) struct Door<'r> {
    req: &'r HttpRequest,
    app: &'r web::Data<App>,
    /// The feed's name as asked; well formed.
    pub(super) feed: &'r str,
    /// Whether the short address of `main` was used.
    short: bool,
}

/// Who reads: a token, or anybody where the feed is public.
pub(super) struct Reader {
    /// The feed.
    pub(super) feed: FeedId,
    /// Whether the names of accounts are theirs to know: only members of the feed see who owns what.
    pub(super) sees_people: bool,
    token: Option<Token>,
}

impl<'r> Door<'r> {
    /// Reads which feed is meant. A name no feed can have is nothing to anybody.
    pub(super) fn of(req: &'r HttpRequest, app: &'r web::Data<App>) -> Result<Self, Refused> {
        let named = req.match_info().get("feed");
        let feed = named.unwrap_or("main");
        if is_feed_name(feed) {
            Ok(Self { req, app, feed, short: named.is_none() })
        } else {
            Err(Refused::nothing_here())
        }
    }

    /// The public address of a path below this door's root.
    pub(super) fn url(&self, path: &str) -> String {
        let public = &self.app.settings.public_url;
        if self.short {
            public.of(&format!("/v3{path}"))
        } else {
            public.of(&format!("/feeds/{}/nuget/v3{path}", self.feed))
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// The id in the address.
    pub(super) fn id(&self) -> Result<PackageId, Refused> {
        PackageId::parse(self.part("id")).map_err(|_| Refused::nothing_here())
    }

    /// A version in the address.
    pub(super) fn version(&self, part: &str) -> Result<Version, Refused> {
        Version::parse(self.part(part)).map_err(|_| Refused::nothing_here())
    }

    /// A part of the address.
    pub(super) fn part(&self, name: &str) -> &'r str {
        self.req.match_info().get(name).unwrap_or_default()
    }

    /// The caller, looked up; a request without credential gets the challenge.
    pub(super) async fn caller(&self) -> Result<Caller, Refused> {
        match presented_key(self.req.headers())? {
            Some(key) => {
                let key = self.app.legacy.recognise(&self.app.store, key).await?;
                let witness = Witness::of(self.req, &self.app.evidence, &self.app.settings.trusted_proxies);
                Ok(Caller::look_up(&self.app.store, key, self.feed, witness).await?)
            }
            None => Err(self.challenge()),
        }
    }

    fn challenge(&self) -> Refused {
        Refused::challenge(self.app.settings.public_url.host())
    }

    /// Asks the decision.
    pub(super) fn decide<'c>(
        &self,
        caller: &'c Caller,
        action: Action,
        name: Option<&PackageId>,
        package: Package,
    ) -> Result<&'c Known, Refused> {
        let feed = caller.known().and_then(|known| known.feed);
        let ask = Ask { action, feed: Some((self.feed, feed)), name: name.map(PackageId::as_str), package };
        let decided = caller.ask(&ask, self.now());
        decided.map_err(|refusal| Refused::of(refusal, self.app.settings.public_url.host()))
    }

    /// Who may read here, and this package if one is named.
    pub(super) async fn reader(&self, name: Option<&PackageId>) -> Result<Reader, Refused> {
        if presented_key(self.req.headers())?.is_none() {
            let found = self.app.store.feed(self.feed, None).await?.filter(|found| found.feed.is_public);
            return found
                .map(|found| Reader { feed: found.feed.id, sees_people: false, token: None })
                .ok_or_else(|| self.challenge());
        }
        let caller = self.caller().await?;
        let known = self.decide(&caller, Action::Pull(Kind::NuGet), name, Package::Unknown)?;
        let feed = known.feed.ok_or_else(Refused::nothing_here)?;
        Ok(Reader { feed, sees_people: known.holder.role.is_some(), token: Some(known.token.clone()) })
    }

    /// A JSON answer to a reader.
    pub(super) fn json(&self, reader: &Reader, value: &Value) -> Answer {
        Ok(self.told(HttpResponse::Ok(), reader.token.as_ref()).json(value))
    }

    /// An answer that tells the client when its key ends soon.
    pub(super) fn told(&self, mut answer: HttpResponseBuilder, token: Option<&Token>) -> HttpResponseBuilder {
        if let Some(sentence) = token.and_then(|token| warning::sentence(token, self.now())) {
            answer.insert_header((WARNING, ascii(&sentence)));
        }
        answer
    }
}

impl Reader {
    /// The token it reads with, if any.
    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// Whether a package of the feed is shown; none when the budget is spent.
    pub(super) fn sees_within(&self, name: &str, budget: &mut Budget) -> Option<bool> {
        self.token.as_ref().map_or(Some(true), |token| token.patterns.covers_within(name, budget))
    }
}
