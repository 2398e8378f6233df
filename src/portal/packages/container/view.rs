//! A repository that somebody looks at, and its tags as pages show them.

use actix_web::HttpRequest;
use serde::Deserialize;

use crate::{
    app::App,
    packages::{
        ChangeContext,
        container::{
            image::{ImageUse, TaggedImage},
            name,
        },
    },
    paths,
    portal::{package_path, packages::view::By, visitor::Visitor},
    store::Transaction,
    tokens::{FeedId, Kind},
    web::{
        error::PageError,
        format::{Time, size, thousands},
    },
};

/// The parts of an address, as the router gives them: `/feeds/{feed}/packages/container/{name}`, and perhaps `/-/{tag}`.
#[derive(Deserialize)]
struct Parts {
    feed: String,
    name: String,
    tag: Option<String>,
}

/// A repository of a feed that whoever asks can read.
pub(super) struct Repository {
    pub visitor: Visitor,
    /// The whole name.
    pub name: String,
    /// The tag in the address; may be empty.
    pub tag: String,
}

impl Repository {
    /// The repository of an address, whether anything was pushed to it or not.
    pub async fn of(req: &HttpRequest, app: &App) -> Result<Self, PageError> {
        let Parts { feed, name: rest, tag } = req.match_info().load().map_err(|_| PageError::NotFound)?;
        let visitor = Visitor::of(req, app, &feed).await?;
        let name = format!("{}/{rest}", visitor.feed.name);
        name::check(&name).map_err(|_| PageError::NotFound)?;
        Ok(Self { visitor, name, tag: tag.unwrap_or_default() })
    }

    /// Its feed and name, as the store knows it.
    pub fn key(&self) -> (FeedId, &str) {
        (self.visitor.feed.id, &self.name)
    }

    /// The path of its page.
    pub fn path(&self) -> String {
        package_path::path(&self.visitor.feed.name, Kind::Container, &self.name)
    }

    /// The path of the page of the tag in the address.
    pub fn tag_path(&self) -> String {
        package_path::version_path(&self.path(), &self.tag)
    }

    /// The image that the tag in the address stands for.
    pub async fn image(&self, app: &App) -> Result<TaggedImage, PageError> {
        let found = app.store.image(self.key(), self.visitor.account(), &self.tag).await?;
        found.ok_or(PageError::NotFound)
    }

    /// Whether they may take its tags from the lists: repositories have no owners but those of their feed.
    pub fn may_remove(&self) -> bool {
        self.visitor.manages()
    }

    /// Begins a change, if they may remove tags at this moment.
    pub async fn begin(&mut self, app: &App) -> Result<Transaction, PageError> {
        let tx = self.visitor.begin(app).await?;
        if self.may_remove() { Ok(tx) } else { Err(PageError::NotFound) }
    }

    /// A change of one of its tags, for the record.
    pub fn change(&self) -> Result<ChangeContext<'_>, PageError> {
        let me = self.visitor.me.as_ref().ok_or(PageError::NotFound)?;
        Ok(ChangeContext { feed_name: &self.visitor.feed.name, token: None, by: &me.actor, now: me.now })
    }
}

/// A tag with the image that it stands for.
pub struct TagRow {
    pub tag: String,
    pub path: String,
    pub digest: String,
    /// As much of the digest as tells images apart.
    pub short_digest: String,
    pub size: String,
    pub pulls: String,
    pub pushed: UseLine,
    pub pulled: Option<UseLine>,
}

/// Something that was done with an image.
pub struct UseLine {
    pub at: Time,
    /// Who, and with which key; for members alone.
    pub by: Option<By>,
}

impl TagRow {
    /// As whoever looks may see it.
    pub(super) fn new(image: TaggedImage, repository: &Repository) -> Self {
        let visitor = &repository.visitor;
        let shown = |used: ImageUse| {
            let by = (visitor.me.is_some() && !used.by.is_empty()).then(|| By {
                username: Some(used.by),
                hint: used.hint,
                token: used.token.map(paths::token),
            });
            UseLine { at: visitor.time(used.at), by }
        };
        Self {
            path: package_path::version_path(&repository.path(), &image.tag),
            tag: image.tag,
            short_digest: short(&image.digest),
            digest: image.digest,
            size: size(image.size),
            pulls: thousands(image.pulls),
            pushed: shown(image.pushed),
            pulled: image.pulled.map(shown),
        }
    }
}

/// A digest as container tools shorten it: twelve digits.
fn short(digest: &str) -> String {
    match digest.split_once(':').and_then(|(algorithm, hash)| Some((algorithm, hash.get(..12)?))) {
        Some((algorithm, hash)) => format!("{algorithm}:{hash}"),
        None => digest.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_shortened_as_container_tools_do() {
        assert_eq!(short("sha256:0123456789abcdef"), "sha256:0123456789ab");
        assert_eq!(short("sha256:0123"), "sha256:0123");
        assert_eq!(short("odd"), "odd");
    }
}
