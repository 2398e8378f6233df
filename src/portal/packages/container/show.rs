//! One repository: its tags, with the images they stand for, and who pushed and pulled them.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;

use crate::{
    app::App,
    packages::container::image::{ImageUse, TaggedImage},
    portal::visitor::Visitor,
    web::{
        error::PageError,
        format::{Time, size, thousands},
        page::{Page, answer},
    },
};

/// Tags on the page.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "portal/packages/container/show.html")]
struct ShowRepository {
    page: Page,
    name: String,
    feed: String,
    /// How to pull the latest; none where this host gives access to no registry any more.
    pull: Option<String>,
    tags: Vec<TagRow>,
    more: bool,
}

struct TagRow {
    tag: String,
    digest: String,
    size: String,
    pulls: String,
    pushed: UseLine,
    pulled: Option<UseLine>,
}

struct UseLine {
    at: Time,
    /// Who, and with which key; for members alone.
    by: Option<String>,
    hint: Option<String>,
}

/// `GET /feeds/{feed}/packages/container/{name}`
pub async fn show_repository(
    req: HttpRequest,
    app: Data<App>,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, PageError> {
    let (feed, _, rest) = path.into_inner();
    let visitor = Visitor::of(&req, &app, &feed).await?;
    let name = format!("{}/{rest}", visitor.feed.name);
    let limit = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut images = app.store.images(visitor.feed.id, &name, limit).await?;
    let more = images.len() > MOST;
    images.truncate(MOST);
    let Some(latest) = images.first() else { return Err(PageError::NotFound) };
    let registry = app.settings.registry_services.first();
    let page = ShowRepository {
        page: Page::in_section(&req, name.clone(), "packages"),
        pull: registry.map(|registry| format!("docker pull {registry}/{name}:{}", latest.tag)),
        tags: images.into_iter().map(|image| TagRow::new(image, &visitor)).collect(),
        feed: visitor.feed.name,
        name,
        more,
    };
    answer(StatusCode::OK, &page)
}

impl TagRow {
    fn new(image: TaggedImage, visitor: &Visitor) -> Self {
        let shown = |used: ImageUse| {
            let by = (visitor.me.is_some() && !used.by.is_empty()).then_some(used.by);
            UseLine { at: visitor.time(used.at), hint: used.hint.filter(|_| by.is_some()), by }
        };
        Self {
            tag: image.tag,
            digest: image.digest,
            size: size(image.size),
            pulls: thousands(image.pulls),
            pushed: shown(image.pushed),
            pulled: image.pulled.map(shown),
        }
    }
}
