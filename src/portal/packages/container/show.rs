//! One repository: its tags, with the images they stand for, and who pushed and pulled them.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::view::{Repository, TagRow};
use crate::{
    app::App,
    web::{
        error::PageError,
        page::{Page, answer},
        paging::{Rows, limit},
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

/// `GET /feeds/{feed}/packages/container/{name}`
pub async fn show_repository(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    let repository = Repository::of(&req, &app).await?;
    let images = app.store.images(repository.key(), repository.visitor.account(), limit(MOST)).await?;
    let Rows { shown, more } = Rows::new(images, MOST);
    let Some(latest) = shown.first() else { return Err(PageError::NotFound) };
    let registry = app.settings.registry_services.first();
    let page = ShowRepository {
        page: Page::in_section(&req, repository.name.clone(), "packages"),
        pull: registry.map(|registry| format!("docker pull {registry}/{}:{}", repository.name, latest.tag)),
        tags: shown.into_iter().map(|image| TagRow::new(image, &repository)).collect(),
        feed: repository.visitor.feed.name.clone(),
        name: repository.name,
        more,
    };
    answer(StatusCode::OK, &page)
}
