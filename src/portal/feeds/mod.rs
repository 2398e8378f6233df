//! Feeds: which ones there are for whoever looks, what is in one, and for its owners who may use it.

pub mod access;
pub mod list;
pub mod members;
pub mod show;

use actix_web::HttpRequest;

use super::visitor::{Visitor, begin, manages, path};
use crate::{
    app::App,
    feeds::Feed,
    store::Transaction,
    tokens::decision::Role,
    web::{error::PageError, page::SignedIn},
};

/// Somebody who looks after a feed, for the pages that only they have.
struct Manager {
    me: SignedIn,
    feed: Feed,
}

impl Manager {
    /// Whoever makes a request; for everybody else there is nothing here.
    async fn of(req: &HttpRequest, app: &App, feed: &str) -> Result<Self, PageError> {
        let visitor = Visitor::of(req, app, feed).await?;
        let manages = visitor.manages();
        match visitor.me {
            None => Err(PageError::SignInFirst),
            Some(me) if manages => Ok(Self { me, feed: visitor.feed }),
            Some(_) => Err(PageError::NotFound),
        }
    }

    /// Begins a change, if they look after the feed to this moment, which stays so until the change has ended.
    async fn begin(&mut self, app: &App) -> Result<Transaction, PageError> {
        let (tx, role) = begin(app, &mut self.me, &self.feed).await?;
        if manages(&self.me, &self.feed, role) { Ok(tx) } else { Err(PageError::NotFound) }
    }
}

/// A role as a label.
fn label(role: Role) -> &'static str {
    match role {
        Role::Reader => "Reader",
        Role::Writer => "Writer",
        Role::Owner => "Owner",
    }
}

/// What a role lets somebody do, in words.
fn words(role: Role) -> &'static str {
    match role {
        Role::Reader => "Reads packages",
        Role::Writer => "Also uploads new packages, and versions of their own",
        Role::Owner => "Also changes everybody’s packages, and looks after members",
    }
}

/// A role as a form offers it.
struct RoleChoice {
    word: &'static str,
    label: &'static str,
    words: &'static str,
}

fn choices(roles: &[Role]) -> Vec<RoleChoice> {
    roles.iter().map(|role| RoleChoice { word: role.as_str(), label: label(*role), words: words(*role) }).collect()
}
