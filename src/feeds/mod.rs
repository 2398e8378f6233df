//! The doors of package clients. Each speaks its clients' language; what a key may do is decided in `tokens`.

mod nuget;

use actix_web::web::ServiceConfig;

/// The addresses of all feeds, below the public path.
pub fn routes(cfg: &mut ServiceConfig) {
    nuget::routes(cfg);
}
