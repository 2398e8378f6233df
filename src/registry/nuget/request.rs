//! One request at a NuGet feed: which feed it means, whose key it carries, and what that key may do.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header::EntityTag,
    web::{self},
};
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    response::{Answer, NuGetError, WARNING},
    source::no_source,
};
use crate::{
    app::App,
    auth::{Caller, Credentials, UsageRecorder, ascii},
    conditional::{Condition, condition},
    packages::{
        StoredPackage,
        nuget::{id::PackageId, version::Version},
    },
    tokens::{
        FeedId, Kind, Patterns, Token, TokenLookup,
        decision::{Action, Ask, Package, Reason},
        is_feed_name, warning,
    },
};

const PULL: Action = Action::Pull(Kind::NuGet);

/// A request of a NuGet client.
pub(super) struct NuGetRequest<'r> {
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
    sees_all: bool,
}

impl<'r> NuGetRequest<'r> {
    /// Reads which feed is meant. A name no feed can have is a mistake in the source.
    pub(super) fn of(req: &'r HttpRequest, app: &'r web::Data<App>) -> Result<Self, NuGetError> {
        let named = req.match_info().get("feed");
        let feed = named.unwrap_or("main");
        if is_feed_name(feed) {
            Ok(Self { req, app, feed, short: named.is_none() })
        } else {
            Err(no_source(app, req.path()))
        }
    }

    /// The public address of a path below the feed’s root.
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
    pub(super) fn id(&self) -> Result<PackageId, NuGetError> {
        PackageId::parse(&self.part("id")).map_err(|_| NuGetError::nothing_here())
    }

    /// A version in the address.
    pub(super) fn version(&self, part: &str) -> Result<Version, NuGetError> {
        Version::parse(&self.part(part)).map_err(|_| NuGetError::nothing_here())
    }

    /// A part of the address. The router leaves `%25`, `%2B` and `%2F` as they came; clients write the `+` of a version
    /// in either way.
    pub(super) fn part(&self, name: &str) -> String {
        let part = self.req.match_info().get(name).unwrap_or_default();
        percent_decode_str(part).decode_utf8_lossy().into_owned()
    }

    /// The caller, looked up; a request without credential gets the challenge.
    pub(super) async fn caller(&self) -> Result<Caller, NuGetError> {
        self.known_caller().await?.ok_or_else(|| self.challenge())
    }

    /// The caller, looked up; none for a request without credential.
    async fn known_caller(&self) -> Result<Option<Caller>, NuGetError> {
        let App { store, legacy, usage_buffer, settings, .. } = &***self.app;
        let credentials = Credentials::read(self.req.headers())?;
        let in_use = legacy.in_use(store, &credentials).await?;
        let Some(key) = credentials.into_key(&in_use)? else { return Ok(None) };
        let recorder = UsageRecorder::of(self.req, usage_buffer, &settings.trusted_proxies);
        Ok(Some(Caller::look_up(store, key, self.feed, recorder).await?))
    }

    fn challenge(&self) -> NuGetError {
        NuGetError::challenge(self.app.settings.public_url.host())
    }

    /// Asks the decision.
    pub(super) fn decide<'c>(
        &self,
        caller: &'c Caller,
        action: Action,
        name: Option<&PackageId>,
        package: Package,
    ) -> Result<&'c TokenLookup, NuGetError> {
        let decided = caller.ask(&self.ask(caller, action, name, package), self.now());
        decided.map_err(|refusal| NuGetError::of(refusal, action, self.app.settings.public_url.host()))
    }

    fn ask<'a>(&'a self, caller: &Caller, action: Action, name: Option<&'a PackageId>, package: Package) -> Ask<'a> {
        let feed = caller.known().and_then(|known| known.feed);
        Ask { action, feed: Some((self.feed, feed)), name: name.map(PackageId::as_str), package }
    }

    /// Who reads here, no package in particular.
    pub(super) async fn reader(&self) -> Result<Reader, NuGetError> {
        match self.known_caller().await? {
            Some(caller) => Reader::of(self.decide(&caller, PULL, None, Package::Unknown)?),
            None => self.anybody().await,
        }
    }

    /// Whoever reads without a key, where the feed is public.
    async fn anybody(&self) -> Result<Reader, NuGetError> {
        let found = self.app.store.feed(self.feed, None).await?.filter(|found| found.feed.is_public);
        found
            .map(|found| Reader { feed: found.feed.id, sees_people: false, token: None, sees_all: true })
            .ok_or_else(|| self.challenge())
    }

    /// Looks a package up; none if it is not here.
    ///
    /// Clients ask every source for every id, and take whatever one of them has. So what the feed has and the key does not
    /// cover is refused: with a 404 the client would go on to the next source, where a stranger may hold the name. What
    /// the feed does not have is not here, whatever the key covers, and leaves no trace.
    pub(super) async fn look_up(&self, id: &PackageId) -> Result<Option<(Reader, StoredPackage)>, NuGetError> {
        let Some(caller) = self.known_caller().await? else {
            let reader = self.anybody().await?;
            return Ok(self.package(reader.feed, id).await?.map(|package| (reader, package)));
        };
        let allowed = caller.would_allow(&self.ask(&caller, PULL, Some(id), Package::Unknown), self.now());
        let feed = caller.known().and_then(|known| known.feed);
        let found = match (&allowed, feed) {
            (Ok(_), Some(feed)) => self.package(feed, id).await?,
            (Err(refusal), Some(feed)) if refusal.reason == Reason::PackageNotCovered => {
                if !self.app.store.holds_back(feed, Kind::NuGet, &id.key()).await? {
                    return Ok(None);
                }
                None
            }
            _ => None,
        };
        // What is not here is not noted by its name.
        let named = (found.is_some() || allowed.is_err()).then_some(id);
        let reader = Reader::of(self.decide(&caller, PULL, named, Package::Unknown)?)?;
        Ok(found.map(|package| (reader, package)))
    }

    async fn package(&self, feed: FeedId, id: &PackageId) -> Result<Option<StoredPackage>, NuGetError> {
        Ok(self.app.store.package(feed, Kind::NuGet, &id.key(), None).await?)
    }

    /// What the conditions of the request come to, for a representation with this tag.
    pub(super) fn condition(&self, tag: &EntityTag) -> Condition {
        condition(self.req, tag)
    }

    /// A JSON answer to a reader.
    pub(super) fn json(&self, reader: &Reader, value: &Value) -> Answer {
        Ok(self.with_expiry_warning(HttpResponse::Ok(), reader.token.as_ref()).json(value))
    }

    /// An answer that tells the client when its key ends soon.
    pub(super) fn with_expiry_warning(
        &self,
        mut answer: HttpResponseBuilder,
        token: Option<&Token>,
    ) -> HttpResponseBuilder {
        if let Some(sentence) = token.and_then(|token| warning::sentence(token, self.now())) {
            answer.insert_header((WARNING, ascii(&sentence)));
        }
        answer
    }
}

impl Reader {
    /// A token that may read, as the decision saw it.
    fn of(known: &TokenLookup) -> Result<Self, NuGetError> {
        let feed = known.feed.ok_or_else(NuGetError::nothing_here)?;
        let (sees_people, sees_all) = (known.holder.role.is_some(), known.holder.feed_is_public);
        Ok(Self { feed, sees_people, token: Some(known.token.clone()), sees_all })
    }

    /// The token it reads with, if any.
    pub(super) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The patterns that limit what is shown; none where everything of the feed is.
    pub(super) fn patterns(&self) -> Option<&Patterns> {
        let patterns = self.token.as_ref().filter(|_| !self.sees_all).map(|token| &token.settings.patterns);
        patterns.filter(|patterns| !patterns.covers_all())
    }

    /// Whether a package of the feed is shown.
    pub(super) fn sees(&self, name: &str) -> bool {
        self.patterns().is_none_or(|patterns| patterns.covers(name))
    }
}
