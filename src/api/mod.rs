//! The HTTP API, `/api/v1/…` and the same under `/v1/…`: Bearer only, answers and refusals in JSON.

mod can;
mod current;
mod packages;
mod problem;
mod query;
mod visit;

use actix_web::{
    HttpResponse, Resource, guard,
    web::{self, ServiceConfig},
};

use self::problem::{Answer, Problem};

/// The addresses of the API, below the public path.
pub fn routes(cfg: &mut ServiceConfig) {
    for prefix in ["/api/v1", "/v1"] {
        cfg.service(web::scope(prefix).configure(below).default_service(web::to(nothing_here)));
    }
}

fn below(cfg: &mut ServiceConfig) {
    cfg.service(reads("/packages").route(get().to(packages::list)))
        .service(reads("/tokens/current").route(get().to(current::show)))
        .service(reads("/tokens/current/can").route(get().to(can::answer)));
}

fn reads(path: &str) -> Resource {
    web::resource(path).default_service(web::to(wrong_method))
}

fn get() -> actix_web::Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing_here() -> Answer {
    Err(Problem::not_found())
}

async fn wrong_method() -> HttpResponse {
    Problem::wrong_method("GET, HEAD")
}
