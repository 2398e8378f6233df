//! Taking a tag from the lists, where its registry does not tell that it is gone: the image is the registry's.

use actix_web::{HttpRequest, HttpResponse, web::Data};

use super::view::Repository;
use crate::{
    app::App,
    web::{
        confirm::{Confirm, ConfirmForm, Fact, Link},
        error::PageError,
        flash::Flash,
        form::Form,
        page::go_to,
    },
};

/// `GET /feeds/{feed}/packages/container/{name}/-/{tag}/remove`
pub async fn ask_remove_tag(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    let repository = Repository::of(&req, &app).await?;
    let image = repository.image(&app).await?;
    if !repository.may_remove() {
        return Err(PageError::NotFound);
    }
    let path = repository.tag_path();
    let lede = "The tag is no longer shown here. Its image stays at the registry: a client with a token that may delete containers deletes it there, and then the tag leaves this list by itself. A tag that is pushed again is shown again.";
    let question = Confirm {
        section: "packages",
        title: format!("Remove {}:{} from the list", repository.name, image.tag),
        lede: lede.to_owned(),
        button: "Remove from the list".to_owned(),
        is_danger: true,
        cancel: "Keep it",
        facts: vec![
            Fact::text("Repository", repository.name.clone()),
            Fact::text("Tag", image.tag.clone()),
            Fact::text("Image", image.digest),
        ],
        action: format!("{path}/remove"),
        back: Link::new(path, format!("{}:{}", repository.name, image.tag)),
        ..Confirm::default()
    };
    question.ask(&req)
}

/// `POST /feeds/{feed}/packages/container/{name}/-/{tag}/remove`
pub async fn remove_tag(
    req: HttpRequest,
    app: Data<App>,
    Form(_): Form<ConfirmForm>,
) -> Result<HttpResponse, PageError> {
    let mut repository = Repository::of(&req, &app).await?;
    let mut tx = repository.begin(&app).await?;
    if !tx.remove_tag_of_repository(&repository.change()?, repository.key(), &repository.tag).await? {
        return Err(PageError::NotFound);
    }
    let is_last = !tx.has_repository(repository.key()).await?;
    tx.commit().await?;
    let to = if is_last { repository.visitor.path() } else { repository.path() };
    Ok(go_to(&req, Flash::TagRemoved.at(&to)))
}
