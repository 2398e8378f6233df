//! The service index, where every client begins. It is the same for every feed name, known or not, and for everybody:
//! a push with nothing but a key must find its way, and names must not leak.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::{request::NuGetRequest, response::Answer};
use crate::app::App;

/// Where each service is, under every type name that clients of any age look for.
const SERVICES: [(&str, &[&str]); 7] = [
    ("/package", &["PackagePublish/2.0.0"]),
    ("/symbols", &["SymbolPackagePublish/4.9.0"]),
    ("/flat/", &["PackageBaseAddress/3.0.0"]),
    ("/flat/{lower_id}/{lower_version}/readme", &["ReadmeUriTemplate/6.13.0"]),
    (
        "/registration/",
        &[
            "RegistrationsBaseUrl",
            "RegistrationsBaseUrl/3.0.0-beta",
            "RegistrationsBaseUrl/3.0.0-rc",
            "RegistrationsBaseUrl/3.4.0",
            "RegistrationsBaseUrl/3.6.0",
            "RegistrationsBaseUrl/Versioned",
        ],
    ),
    (
        "/query",
        &[
            "SearchQueryService",
            "SearchQueryService/3.0.0-beta",
            "SearchQueryService/3.0.0-rc",
            "SearchQueryService/3.4.0",
            "SearchQueryService/3.5.0",
        ],
    ),
    (
        "/autocomplete",
        &[
            "SearchAutocompleteService",
            "SearchAutocompleteService/3.0.0-beta",
            "SearchAutocompleteService/3.0.0-rc",
            "SearchAutocompleteService/3.5.0",
        ],
    ),
];

/// What clients open in a browser: the page of a version, which also says whom to tell of abuse. Without the second,
/// clients would send people to nuget.org.
const PAGES: [&str; 2] = ["PackageDetailsUriTemplate/5.1.0", "ReportAbuseUriTemplate/3.0.0"];

/// `GET index.json`
pub async fn show_service_index(req: HttpRequest, app: web::Data<App>) -> Answer {
    let request = NuGetRequest::of(&req, &app)?;
    let entry = |(path, kind): (&str, &str)| json!({ "@id": request.url(path), "@type": kind });
    let services = SERVICES.iter().flat_map(|(path, kinds)| kinds.iter().map(move |kind| (*path, *kind)));
    let page = app.settings.public_url.of(&format!("/feeds/{}/packages/nuget/{{id}}/-/{{version}}", request.feed));
    let pages = PAGES.iter().map(|kind| json!({ "@id": page, "@type": kind }));
    let owners = app.settings.public_url.of("/packages?q=owner%3A{owner}");
    let owners = [json!({ "@id": owners, "@type": "OwnerDetailsUriTemplate/6.11.0" })];
    let resources: Vec<Value> = services.map(entry).chain(pages).chain(owners).collect();
    Ok(HttpResponse::Ok().json(json!({ "version": "3.0.0", "resources": resources })))
}
