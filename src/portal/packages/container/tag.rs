//! One tag: the image that it stands for now, how to pull it, and who pushed and pulled it.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;

use super::view::{Repository, TagRow};
use crate::{
    app::App,
    packages::container::image::TaggedImage,
    web::{
        error::PageError,
        page::{Page, answer},
    },
};

/// Other tags of the image that are named.
const OTHERS: i64 = 20;

#[derive(Template)]
#[template(path = "portal/packages/container/tag.html")]
struct ShowTag {
    page: Page,
    name: String,
    repository_path: String,
    feed: String,
    row: TagRow,
    /// Lines to copy; none where this host gives access to no registry any more.
    commands: Option<Commands>,
    /// Other tags that stand for the same image, with their pages.
    others: Vec<(String, String)>,
    may_remove: bool,
}

/// What clients do with the image.
struct Commands {
    pull: String,
    pull_exactly: String,
    delete: String,
}

impl Commands {
    fn of(registry: &str, repository: &str, image: &TaggedImage) -> Self {
        let name = format!("{registry}/{repository}");
        let TaggedImage { tag, digest, .. } = image;
        Self {
            pull: format!("docker pull {name}:{tag}"),
            pull_exactly: format!("docker pull {name}@{digest}"),
            delete: format!("skopeo delete docker://{name}:{tag}"),
        }
    }
}

/// `GET /feeds/{feed}/packages/container/{name}/-/{tag}`
pub async fn show_tag(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    let repository = Repository::of(&req, &app).await?;
    let image = repository.image(&app).await?;
    let others = app.store.tags_of_image(repository.key(), &image.digest, OTHERS).await?;
    let others = others.into_iter().filter(|tag| *tag != image.tag);
    let (path, registry) = (repository.path(), app.settings.registry_services.first());
    let page = ShowTag {
        page: Page::in_section(&req, format!("{}:{}", repository.name, image.tag), "packages"),
        commands: registry.map(|registry| Commands::of(registry, &repository.name, &image)),
        others: others.map(|tag| (format!("{path}/-/{tag}"), tag)).collect(),
        row: TagRow::new(image, &repository),
        may_remove: repository.may_remove(),
        repository_path: path,
        feed: repository.visitor.feed.name.clone(),
        name: repository.name,
    };
    answer(StatusCode::OK, &page)
}
