//! The description of the API (OpenAPI 3.1), made from its handlers: what programs read at `/api/v1/openapi.json` and people
//! at `/api/docs`.

use actix_web::{HttpResponse, web};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Server,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::{
    api::{can, current, packages, tokens},
    app::App,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Latchkey",
        description = "Manages access tokens. Send a token with the permission api:read or api:manage as a bearer token. A token reaches only what it covers itself: its permissions, patterns, feeds and end."
    ),
    paths(
        tokens::list::list_tokens,
        tokens::create::create_token,
        tokens::list::show_token,
        tokens::edit::edit_token,
        tokens::acts::delete_token,
        tokens::acts::refresh_token,
        tokens::acts::deactivate_token,
        tokens::acts::reactivate_token,
        tokens::acts::revoke_token,
        current::show_current_token,
        can::check_access,
        packages::list_packages,
    ),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Description;

/// How a program shows its token.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, api: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An access token: lk_…"));
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// The description for a host.
pub fn description(app: &App) -> openapi::OpenApi {
    let mut description = Description::openapi();
    description.info.license = None;
    description.servers = Some(vec![Server::new(app.settings.public_url.of("/api/v1"))]);
    description
}

/// `GET openapi.json`, for anybody: it tells nothing of what is here.
pub async fn show_description(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(description(&app))
}
