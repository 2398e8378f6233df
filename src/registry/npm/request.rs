//! One request at an npm feed: which feed and package it means, and which addresses its answers hold.

use std::{net::IpAddr, ops::Deref};

use actix_web::{HttpRequest, HttpResponse, http::header::HOST, web};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::response::{Answer, NpmDialect, NpmError};
use crate::{
    app::App,
    auth::Caller,
    packages::{StoredPackage, npm::name::PackageName},
    registry::{
        error::Dialect,
        request::{FeedRequest, Reader, feed_and_account},
    },
    tokens::{Token, TokenLookup, decision::Action, is_feed_name},
};

/// What a version may hold and an address may not.
const IN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'@').remove(b'/');

/// A request of an npm client.
pub(super) struct NpmRequest<'r> {
    request: FeedRequest<'r, NpmDialect>,
}

impl<'r> NpmRequest<'r> {
    /// Reads which feed is meant.
    pub(super) fn of(req: &'r HttpRequest, app: &'r web::Data<App>) -> Result<Self, NpmError> {
        let feed = req.match_info().get("feed").filter(|feed| is_feed_name(feed));
        let feed = feed.ok_or_else(NpmError::nothing_here)?;
        Ok(Self { request: FeedRequest::new(req, app, feed) })
    }

    /// The package in the address: `ui`, `@team/ui`, `@team%2fui` or `@team%2Fui`. What can be no package is none.
    pub(super) fn name(&self) -> Result<PackageName, NpmError> {
        PackageName::parse(&self.part("name")).map_err(|_| NpmError::nothing_here())
    }

    /// The same where something is to be published, and the sender has to be told why it cannot be called so.
    pub(super) fn name_to_publish(&self) -> Result<PackageName, NpmError> {
        let name = PackageName::parse(&self.part("name"));
        name.map_err(|error| NpmError::bad("No package can be called that", error.to_string()))
    }

    /// The address of the feed without a slash at its end. Clients refuse tarballs of another origin than the registry's as
    /// they wrote it, so on a host that is only used on its own machine it is as asked.
    pub(super) fn base(&self) -> String {
        let public = &self.app.settings.public_url;
        let path = format!("/feeds/{}/npm", self.feed);
        let is_local = is_loopback(public.host()) && self.app.settings.trusted_proxies.is_empty();
        let host = self.req.headers().get(HOST).and_then(|host| host.to_str().ok());
        match host.filter(|host| is_local && is_loopback(without_port(host))) {
            Some(host) => format!("http://{host}{}{path}", public.path()),
            None => public.of(&path),
        }
    }

    /// Where a version's tarball is: the last part goes without the scope.
    pub(super) fn tarball(&self, name: &PackageName, version: &str) -> String {
        let file = name.file(version);
        format!("{}/{name}/-/{}", self.base(), utf8_percent_encode(&file, IN_ADDRESS))
    }

    /// The package of the address, if the reader may see it.
    pub(super) async fn readable(&self, name: &PackageName) -> Result<(Reader, StoredPackage), NpmError> {
        self.look_up(name.as_str()).await?.ok_or_else(NpmError::nothing_here)
    }

    /// The package that somebody wants to change, as they may; none if there is none and they might make it.
    pub(super) async fn changeable<'c>(
        &self,
        caller: &'c Caller,
        action: Action,
        name: &PackageName,
    ) -> Result<(&'c TokenLookup, Option<StoredPackage>), NpmError> {
        let found = match feed_and_account(caller) {
            Some((feed, account)) => {
                self.app.store.package(feed, NpmDialect::KIND, name.as_str(), Some(account)).await?
            }
            None => None,
        };
        let about = StoredPackage::known_to_its_asker(found.as_ref());
        Ok((self.decide(caller, action, Some(name.as_str()), about)?, found))
    }

    /// A JSON answer to a reader.
    pub(super) fn json(&self, token: Option<&Token>, value: &Value) -> Answer {
        Ok(self.with_expiry_warning(HttpResponse::Ok(), token).json(value))
    }

    /// The answer to a change that was made. yarn 1 wants a true `ok`.
    pub(super) fn done(&self, token: &Token, success: &str) -> Answer {
        self.json(Some(token), &serde_json::json!({ "ok": true, "success": success }))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl<'r> Deref for NpmRequest<'r> {
    type Target = FeedRequest<'r, NpmDialect>;

    fn deref(&self) -> &Self::Target {
        &self.request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_counts_as_loopback() {
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.com", "localhost.example.com", "10.0.0.1", "[::2]", "127.0.0.1.example.com"] {
            assert!(!is_loopback(host), "{host}");
        }
        for (host, name) in
            [("localhost:8080", "localhost"), ("[::1]:8080", "[::1]"), ("[::1]", "[::1]"), ("a", "a"), ("a:b", "a:b")]
        {
            assert_eq!(without_port(host), name);
        }
    }
}
