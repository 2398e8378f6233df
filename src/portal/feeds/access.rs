//! Who may use a feed besides its members: everybody who reads without a key, and in `main` every account.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use askama::Template;
use serde::Deserialize;

use super::{Manager, RoleChoice, choices, path};
use crate::{
    app::App,
    tokens::decision::Role,
    web::{
        error::PageError,
        flash::Flash,
        form::{Form, Problems},
        late_form::typed,
        page::{Page, answer, go_to},
        reauth,
    },
};

#[derive(Template)]
#[template(path = "portal/feeds/access.html")]
struct Access {
    page: Page,
    name: String,
    path: String,
    readers: String,
    uncovered: String,
    /// Offered in `main` alone.
    everyone: Option<String>,
    roles: Vec<RoleChoice>,
    problems: Problems,
}

/// The form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessForm {
    readers: String,
    /// What a look-up gets for a package that its key does not cover: `refuse` or `pass-on`.
    uncovered: String,
    #[serde(default)]
    everyone: Option<String>,
}

/// What the form asks for.
struct Asked {
    public: bool,
    passes_on: bool,
    everyone: Option<Option<Role>>,
}

impl Manager {
    /// Everybody's role in `main` is the operator's to set.
    fn sets_everyones_role(&self) -> bool {
        self.feed.is_main() && self.me.account.is_operator
    }
}

/// `GET /feeds/{feed}/access`
pub async fn show_access(req: HttpRequest, app: Data<App>, feed: Path<String>) -> Result<HttpResponse, PageError> {
    let manager = Manager::of(&req, &app, &feed).await?;
    let role = app.store.everyones_role(manager.feed.id).await?;
    let readers = if manager.feed.is_public { "public" } else { "private" };
    let uncovered = if app.store.passes_on(manager.feed.id).await? { "pass-on" } else { "refuse" };
    let everyone = Some(role.map_or("none", Role::as_str).to_owned());
    let form = AccessForm { readers: readers.to_owned(), uncovered: uncovered.to_owned(), everyone };
    let form = typed(&req, &format!("{}/access", path(&manager.feed.name))).unwrap_or(form);
    draw(&req, &manager, StatusCode::OK, form, Problems::default())
}

/// `POST /feeds/{feed}/access`
pub async fn change_access(
    req: HttpRequest,
    app: Data<App>,
    feed: Path<String>,
    Form(form): Form<AccessForm>,
) -> Result<HttpResponse, PageError> {
    let mut manager = Manager::of(&req, &app, &feed).await?;
    let asked = match check(&manager, &form) {
        Ok(asked) => asked,
        Err(problems) => return draw(&req, &manager, StatusCode::UNPROCESSABLE_ENTITY, form, problems),
    };
    reauth::require(&req, &app, &manager.me).await?;
    let mut tx = manager.begin(&app).await?;
    if asked.everyone.is_some() && !manager.sets_everyones_role() {
        return Err(PageError::NotFound);
    }
    let (by, now) = (&manager.me.actor, manager.me.now);
    let mut changed = tx.set_public(&manager.feed, asked.public, by, now).await?;
    changed |= tx.set_passes_on(&manager.feed, asked.passes_on, by, now).await?;
    if let Some(role) = asked.everyone {
        changed |= tx.set_everyones_role(&manager.feed, role, by, now).await?;
    }
    tx.commit().await?;
    let done = if changed { Flash::Saved } else { Flash::Unchanged };
    Ok(go_to(&req, done.at(&path(&manager.feed.name))))
}

fn check(manager: &Manager, form: &AccessForm) -> Result<Asked, Problems> {
    let public = match form.readers.as_str() {
        "public" => true,
        "private" => false,
        _ => return Err(Problems::one("readers", "Choose who may read this feed.")),
    };
    let passes_on = match form.uncovered.as_str() {
        "pass-on" => true,
        "refuse" => false,
        _ => return Err(Problems::one("uncovered", "Choose what a key gets for a package that it does not cover.")),
    };
    let everyone = match form.everyone.as_deref().filter(|_| manager.sets_everyones_role()) {
        None => None,
        Some("none") => Some(None),
        Some(word) => match Role::parse(word).filter(|role| *role < Role::Owner) {
            Some(role) => Some(Some(role)),
            None => return Err(Problems::one("everyone", "Choose what every account may do.")),
        },
    };
    Ok(Asked { public, passes_on, everyone })
}

fn draw(
    req: &HttpRequest,
    manager: &Manager,
    status: StatusCode,
    form: AccessForm,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let name = manager.feed.name.clone();
    let page = Access {
        page: Page::in_section(req, format!("Who may use {name}"), "feeds"),
        path: path(&name),
        name,
        readers: form.readers,
        uncovered: form.uncovered,
        everyone: form.everyone.filter(|_| manager.sets_everyones_role()),
        roles: choices(&[Role::Reader, Role::Writer]),
        problems,
    };
    answer(status, &page)
}
