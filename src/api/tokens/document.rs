//! A token as the API shows it.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::header::{CACHE_CONTROL, ETAG},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::request::rfc3339;
use crate::{
    feeds::Membership,
    tokens::{Feeds, State, Token, TokenLookup, state::state},
};

/// An access token. Times are RFC 3339 in UTC, to the second.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenDocument {
    /// Stays the same when the secret changes.
    id: String,
    /// 1 to 128 characters.
    name: String,
    /// Where its key lives; may be empty.
    note: String,
    /// The first characters of its secret; null before the first issue.
    hint: Option<String>,
    /// `personal`, `primary` (every account has one) or `legacy` (of an older system).
    kind: &'static str,
    /// `not issued`, `active`, `expires soon` (still active), `expired`, `deactivated`, `revoked` or `retired`.
    state: String,
    /// The username of its holder.
    account: String,
    /// Scope strings such as `nuget:push`.
    permissions: Vec<&'static str>,
    /// Package globs such as `Contoso.*`.
    patterns: Vec<String>,
    /// Names of feeds; `*` for every feed of the account, now and later.
    feeds: Vec<String>,
    /// When it was made.
    created_at: String,
    /// When its present secret was issued.
    issued_at: Option<String>,
    /// When it ends; null for never.
    expires_at: Option<String>,
    /// From when on it counts as expiring soon.
    warn_from: Option<String>,
    /// Since when it is off.
    deactivated_at: Option<String>,
    /// When it is on again by itself.
    reactivate_at: Option<String>,
    /// When it was ended for good.
    revoked_at: Option<String>,
    /// When it was used last, written at most once in ten seconds.
    last_used_at: Option<String>,
    /// By which client.
    last_used_by: Option<String>,
    /// The id of the token that made it through this API.
    made_by: Option<String>,
}

impl TokenDocument {
    /// A token of the account that asks; `memberships` are that account's.
    pub(in crate::api) fn new(
        token: &Token,
        own: &TokenLookup,
        memberships: &[Membership],
        now: DateTime<Utc>,
    ) -> Self {
        let state = state(token, now);
        let is_off = state == State::Deactivated;
        let settings = &token.settings;
        Self {
            id: token.id.to_string(),
            name: settings.name.clone(),
            note: settings.note.clone(),
            hint: token.hint.clone(),
            kind: token.kind.as_str(),
            state: state.label().to_lowercase(),
            account: own.username.clone(),
            permissions: settings.permissions.iter().map(|permission| permission.scope()).collect(),
            patterns: settings.patterns.iter().map(str::to_owned).collect(),
            feeds: feed_names(&settings.feeds, memberships),
            created_at: rfc3339(token.created_at),
            issued_at: token.issued_at.map(rfc3339),
            expires_at: token.end().map(rfc3339),
            warn_from: token.warn_from().map(rfc3339),
            deactivated_at: token.deactivated_at.filter(|_| is_off).map(rfc3339),
            reactivate_at: token.reactivate_at.filter(|_| is_off).map(rfc3339),
            revoked_at: token.revoked_at.map(rfc3339),
            last_used_at: token.last_use.as_ref().map(|last| rfc3339(last.at)),
            last_used_by: token.last_use.as_ref().map(|last| last.client.clone()),
            made_by: token.made_by.map(|id| id.to_string()),
        }
    }
}

/// A token whose secret was issued by this request.
#[derive(Debug, Serialize, ToSchema)]
pub struct IssuedToken {
    #[serde(flatten)]
    token: TokenDocument,
    /// The whole secret. It is in no other answer: null where the same request was answered before.
    secret: Option<String>,
}

impl IssuedToken {
    pub(super) fn new(token: TokenDocument, secret: Option<String>) -> Self {
        Self { token, secret }
    }
}

/// The covered feeds by name, `*` for all; those the account has lost its role in are left out.
fn feed_names(feeds: &Feeds, memberships: &[Membership]) -> Vec<String> {
    if *feeds == Feeds::All {
        return vec!["*".to_owned()];
    }
    let covered = memberships.iter().filter(|membership| feeds.cover(Some(membership.feed.id)));
    covered.map(|membership| membership.feed.name.clone()).collect()
}

/// The tag of a token's settings and state: the number of the last change. Uses of the token do not change it.
pub(super) fn etag(token: &Token) -> String {
    format!("\"{}\"", token.version)
}

/// An answer about one token, with its tag.
pub(super) fn answer(mut answer: HttpResponseBuilder, token: &Token, document: &impl Serialize) -> HttpResponse {
    answer.insert_header((ETAG, etag(token))).insert_header((CACHE_CONTROL, "no-store")).json(document)
}
