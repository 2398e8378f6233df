//! The NuGet V3 door of a feed: `/feeds/{feed}/nuget/v3/…`, and `/v3/…` for the feed `main`.

mod answer;
mod door;
mod download;
mod push;
mod query;
mod registration;
mod search;
mod service_index;
mod unlist;
mod upload;

use actix_web::{
    HttpResponse, Resource, guard,
    http::{StatusCode, header},
    web::{self, ServiceConfig},
};

use self::answer::{Answer, Refused};

/// The addresses of this door.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    for prefix in ["/feeds/{feed}/nuget/v3", "/v3"] {
        cfg.service(web::scope(prefix).configure(below).default_service(web::to(nothing_here)));
    }
}

fn below(cfg: &mut ServiceConfig) {
    cfg.service(reads("/index.json").route(get().to(service_index::show)))
        .service(only(web::resource(["/package", "/package/"]), "PUT").route(web::put().to(push::push)))
        .service(only(web::resource(["/symbols", "/symbols/"]), "PUT").route(web::put().to(push::refuse_symbols)))
        .service(
            only(web::resource("/package/{id}/{version}"), "DELETE, POST")
                .route(web::delete().to(unlist::unlist))
                .route(web::post().to(unlist::relist)),
        )
        .service(reads("/flat/{id}/index.json").route(get().to(download::versions)))
        .service(reads("/flat/{id}/{version}/{file}").route(get().to(download::file)))
        .service(reads("/registration/{id}/index.json").route(get().to(registration::index)))
        .service(reads("/registration/{id}/page/{lower}/{upper}.json").route(get().to(registration::page)))
        .service(reads("/registration/{id}/{version}.json").route(get().to(registration::leaf)))
        .service(reads("/query").route(get().to(search::query)))
        .service(reads("/autocomplete").route(get().to(search::autocomplete)));
}

fn reads(path: &str) -> Resource {
    only(web::resource(path), "GET, HEAD")
}

/// A resource that answers other methods with the ones it knows, whoever asks.
fn only(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(web::to(move || async move {
        HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)).finish()
    }))
}

fn get() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing_here() -> Answer {
    Err(Refused::nothing_here())
}

impl Refused {
    fn nothing_here() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", "There is nothing here, or this key cannot see it.")
    }
}
