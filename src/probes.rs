//! For load balancers and supervisors: whether the process lives, and whether it can work.

use std::time::Duration;

use actix_web::{HttpResponse, Responder, web::Data};
use tokio::time::timeout;

use crate::{app::App, disk, health, store::SchemaState};

/// How long the database may take to answer a supervisor.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process answers.
pub async fn show_liveness() -> impl Responder {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("alive\n")
}

/// The process and its database answer, and it can work with the database's schema. Whatever else is wrong is named, and
/// keeps nobody from using their keys.
pub async fn show_readiness(app: Data<App>) -> impl Responder {
    match timeout(PATIENCE, app.store.schema_state()).await {
        Ok(Ok(SchemaState::Older)) => {
            unready("the database's schema is older than this version: run latchkey migrate\n")
        }
        Ok(Ok(SchemaState::Current | SchemaState::Newer)) => {
            // These are asked now, as they cost little: the disk may have filled since the last look, and another process
            // may have changed the secret.
            if health::master_secret(&app.store, &app.settings.master).await.problem().is_some() {
                app.health.suspect();
            }
            app.health.look_again(&app.parts()).await;
            let disk = disk::warning(&app.settings, &app.store)
                .map(|warning| format!("warning: {warning}\n"))
                .unwrap_or_default();
            let checks = app.health.checks();
            let problems = checks
                .iter()
                .filter(|check| check.name != health::DISK)
                .filter_map(|check| Some((check.name, check.problem()?.0)));
            let lines: String = problems.map(|(name, what)| format!("{name} {what}\n")).collect();
            let hint =
                if lines.is_empty() { "" } else { "(the log, latchkey doctor and the operator's page say why)\n" };
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(format!("ready\n{disk}{lines}{hint}"))
        }
        Ok(Err(error)) => {
            tracing::warn!("the database does not answer: {}", health::chain(error));
            unready("the database does not answer\n")
        }
        Err(_) => unready("the database does not answer\n"),
    }
}

fn unready(why: &'static str) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header(("retry-after", "2"))
        .content_type("text/plain; charset=utf-8")
        .body(why)
}
