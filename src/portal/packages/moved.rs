//! Addresses of package pages before December 2026. They did not name the kind, which was always NuGet.

use actix_web::{HttpRequest, HttpResponse, http::header::LOCATION, web::Data};

use percent_encoding::percent_decode_str;

use crate::{app::App, packages::nuget::id::PackageId, web::error::PageError};

/// Leads to the page, for good; a form that is sent to the old address is sent on as it is.
pub async fn redirect_package_page(req: HttpRequest, app: Data<App>) -> Result<HttpResponse, PageError> {
    let public = app.settings.public_url.path();
    let path = req.uri().path().strip_prefix(public).and_then(with_kind).ok_or(PageError::NotFound)?;
    let query = req.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(HttpResponse::PermanentRedirect().insert_header((LOCATION, format!("{public}{path}{query}"))).finish())
}

/// The path below the public one with the kind in it, and what belongs to the package after `/-/`; none for what can be
/// no package.
fn with_kind(path: &str) -> Option<String> {
    let (feed, rest) = path.split_once("/packages/")?;
    let id = percent_decode_str(rest.split('/').next()?).decode_utf8().ok()?;
    PackageId::parse(&id).ok()?;
    Some(match rest.split_once('/') {
        Some((id, rest)) => format!("{feed}/packages/nuget/{id}/-/{rest}"),
        None => format!("{feed}/packages/nuget/{rest}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_address_gets_the_kind_and_keeps_the_rest() {
        for (old, new) in [
            ("/feeds/main/packages/A.B", "/feeds/main/packages/nuget/A.B"),
            ("/feeds/main/packages/%41", "/feeds/main/packages/nuget/%41"),
            ("/feeds/main/packages/A/1.0.0", "/feeds/main/packages/nuget/A/-/1.0.0"),
            ("/feeds/main/packages/A/1.0.0/unlist", "/feeds/main/packages/nuget/A/-/1.0.0/unlist"),
            ("/feeds/main/packages/A/owners/7", "/feeds/main/packages/nuget/A/-/owners/7"),
        ] {
            assert_eq!(with_kind(old).as_deref(), Some(new));
        }
        assert_eq!(with_kind("/feeds/main/packages/%00"), None);
    }
}
