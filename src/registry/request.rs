//! One request at a feed, whatever the door: whose key it carries, and what that key may do.

use std::marker::PhantomData;

use actix_web::{HttpRequest, HttpResponseBuilder, http::header::EntityTag, web};
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;

use super::error::{Dialect, DoorError};
use crate::{
    accounts::one_time_link,
    app::App,
    auth::{Caller, Credentials, UsageRecorder, ascii},
    conditional::{Condition, condition},
    packages::StoredPackage,
    tokens::{
        AccountId, FeedId, Patterns, Token, TokenLookup,
        decision::{Action, Ask, Package, Reason},
        warning,
    },
};

/// A request of a package client.
pub(super) struct FeedRequest<'r, D> {
    pub(super) req: &'r HttpRequest,
    pub(super) app: &'r web::Data<App>,
    /// The feed's name as asked; well formed.
    pub(super) feed: &'r str,
    dialect: PhantomData<D>,
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

impl<'r, D: Dialect> FeedRequest<'r, D> {
    /// Reading.
    pub(super) const PULL: Action = Action::Pull(D::KIND);
    /// Publishing.
    pub(super) const PUSH: Action = Action::Push(D::KIND);
    /// Taking away.
    pub(super) const DELETE: Action = Action::Delete(D::KIND);

    /// At the feed of a name that a feed can have.
    pub(super) fn new(req: &'r HttpRequest, app: &'r web::Data<App>, feed: &'r str) -> Self {
        Self { req, app, feed, dialect: PhantomData }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// A part of the address. The router leaves `%25`, `%2B` and `%2F` as they came; clients write the `+` of a version
    /// in either way.
    pub(super) fn part(&self, name: &str) -> String {
        let part = self.req.match_info().get(name).unwrap_or_default();
        percent_decode_str(part).decode_utf8_lossy().into_owned()
    }

    /// The caller, looked up; a request without credential gets the challenge.
    pub(super) async fn caller(&self) -> Result<Caller, DoorError<D>> {
        self.known_caller().await?.ok_or_else(|| self.challenge())
    }

    /// The caller, looked up; none for a request without credential. A private address for debuggers stands for its token.
    pub(super) async fn known_caller(&self) -> Result<Option<Caller>, DoorError<D>> {
        let App { store, legacy, usage_buffer, settings, .. } = &***self.app;
        if let Some(secret) = self.req.match_info().get("address") {
            let known = store.lookup_symbols_address(&one_time_link::hash(secret), self.feed).await?;
            let recorder = UsageRecorder::of(self.req, usage_buffer, &settings.trusted_proxies);
            return known.map(|known| Some(Caller::by_address(known, recorder))).ok_or_else(DoorError::nothing_here);
        }
        let credentials = Credentials::read(self.req.headers())?;
        let in_use = legacy.in_use(store, &credentials).await?;
        let Some(key) = credentials.into_key(&in_use)? else { return Ok(None) };
        let recorder = UsageRecorder::of(self.req, usage_buffer, &settings.trusted_proxies);
        Ok(Some(self.app.password_reads.look_up(store, (key, self.feed), recorder, self.now()).await?))
    }

    fn challenge(&self) -> DoorError<D> {
        DoorError::<D>::challenge(self.app.settings.public_url.host())
    }

    /// Asks the decision.
    pub(super) fn decide<'c>(
        &self,
        caller: &'c Caller,
        action: Action,
        name: Option<&str>,
        package: Package,
    ) -> Result<&'c TokenLookup, DoorError<D>> {
        let decided = caller.ask(&self.ask(caller, action, name, package), self.now());
        decided.map_err(|refusal| DoorError::<D>::of(refusal, action, self.app.settings.public_url.host()))
    }

    pub(super) fn ask<'a>(
        &'a self,
        caller: &Caller,
        action: Action,
        name: Option<&'a str>,
        package: Package,
    ) -> Ask<'a> {
        let feed = caller.known().and_then(|known| known.feed);
        Ask { action, feed: Some((self.feed, feed)), name, package, is_served: true }
    }

    /// Who reads here, no package in particular.
    pub(super) async fn reader(&self) -> Result<Reader, DoorError<D>> {
        match self.known_caller().await? {
            Some(caller) => Reader::of(self.decide(&caller, Self::PULL, None, Package::Unknown)?),
            None => self.anybody().await,
        }
    }

    /// Whoever reads without a key, where the feed is public.
    async fn anybody(&self) -> Result<Reader, DoorError<D>> {
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
    pub(super) async fn look_up(&self, name: &str) -> Result<Option<(Reader, StoredPackage)>, DoorError<D>> {
        let Some(caller) = self.known_caller().await? else {
            let reader = self.anybody().await?;
            return Ok(self.package(reader.feed, name).await?.map(|package| (reader, package)));
        };
        let allowed = caller.would_allow(&self.ask(&caller, Self::PULL, Some(name), Package::Unknown), self.now());
        let feed = caller.known().and_then(|known| known.feed);
        let found = match (&allowed, feed) {
            (Ok(_), Some(feed)) => self.package(feed, name).await?,
            (Err(refusal), Some(feed)) if refusal.reason == Reason::PackageNotCovered => {
                if !self.app.store.holds_back(feed, D::KIND, &name.to_ascii_lowercase()).await? {
                    return Ok(None);
                }
                None
            }
            _ => None,
        };
        // What is not here is not noted by its name.
        let named = (found.is_some() || allowed.is_err()).then_some(name);
        let reader = Reader::of(self.decide(&caller, Self::PULL, named, Package::Unknown)?)?;
        Ok(found.map(|package| (reader, package)))
    }

    async fn package(&self, feed: FeedId, name: &str) -> Result<Option<StoredPackage>, DoorError<D>> {
        Ok(self.app.store.package(feed, D::KIND, &name.to_ascii_lowercase(), None).await?)
    }

    /// What the conditions of the request come to, for a representation with this tag.
    pub(super) fn condition(&self, tag: &EntityTag) -> Condition {
        condition(self.req, tag)
    }

    /// An answer that tells the client when its key ends soon.
    pub(super) fn with_expiry_warning(
        &self,
        mut answer: HttpResponseBuilder,
        token: Option<&Token>,
    ) -> HttpResponseBuilder {
        if let Some(sentence) = token.and_then(|token| warning::sentence(token, self.now())) {
            answer.insert_header((D::WARNING, ascii(&sentence)));
        }
        answer
    }
}

/// The feed that was found and the account that asks.
pub(super) fn feed_and_account(caller: &Caller) -> Option<(FeedId, AccountId)> {
    let known = caller.known()?;
    Some((known.feed?, known.token.account))
}

impl Reader {
    /// A token that may read, as the decision saw it.
    fn of<D: Dialect>(known: &TokenLookup) -> Result<Self, DoorError<D>> {
        let feed = known.feed.ok_or_else(DoorError::nothing_here)?;
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
