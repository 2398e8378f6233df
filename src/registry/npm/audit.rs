//! Questions about vulnerable packages. This host knows of none, and says so in the form that lets each client go on:
//! without an answer, some fail the installation.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::{request::NpmRequest, response::Answer};
use crate::app::App;

/// `POST -/npm/v1/security/advisories/bulk`
pub async fn list_advisories(req: HttpRequest, app: web::Data<App>) -> Answer {
    NpmRequest::of(&req, &app)?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// `POST -/npm/v1/security/audits` and `…/audits/quick`, as pnpm 9 and 10 ask.
pub async fn audit(req: HttpRequest, app: web::Data<App>) -> Answer {
    NpmRequest::of(&req, &app)?;
    let none = json!({ "info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0 });
    Ok(HttpResponse::Ok().json(json!({
        "actions": [],
        "advisories": {},
        "muted": [],
        "metadata": {
            "vulnerabilities": none,
            "dependencies": 0,
            "devDependencies": 0,
            "optionalDependencies": 0,
            "totalDependencies": 0,
        },
    })))
}
