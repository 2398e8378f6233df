//! How a registry knows what this host has signed: the certificates for its `rootcertbundle`, and the same as JSON Web
//! Keys (RFC 7517).

use actix_web::{HttpResponse, web::Data};
use serde_json::json;

use super::refusal::ContainerError;
use crate::app::App;

/// `GET /container/certificate.pem`
///
/// # Errors
/// This host serves no containers, or cannot answer.
pub async fn show_certificates(app: Data<App>) -> Result<HttpResponse, ContainerError> {
    must_be_served(&app)?;
    let keys = app.signing_keys.current(&app.store, app.clock.now()).await?;
    let bundle: String = keys.iter().map(|key| key.certificate.as_str()).collect();
    Ok(HttpResponse::Ok().content_type("application/x-pem-file").body(bundle))
}

/// `GET /container/jwks.json`
///
/// # Errors
/// This host serves no containers, or cannot answer.
pub async fn show_key_set(app: Data<App>) -> Result<HttpResponse, ContainerError> {
    must_be_served(&app)?;
    let keys = app.signing_keys.current(&app.store, app.clock.now()).await?;
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            let (x, y) = key.coordinates();
            json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key.id, "x": x, "y": y })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "keys": keys })))
}

fn must_be_served(app: &App) -> Result<(), ContainerError> {
    if app.settings.registry_services.is_empty() { Err(ContainerError::not_served()) } else { Ok(()) }
}
