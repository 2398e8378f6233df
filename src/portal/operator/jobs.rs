//! What runs by the clock: the last runs, what they did, and why one failed.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use chrono::Duration;

use super::Operator;
use crate::{
    app::App,
    audit::{Job, JobRun},
    web::{
        error::PageError,
        format::Time,
        page::{Page, answer},
    },
};

/// The newest runs of all jobs that are shown. Of each job the store keeps its last hundred.
const SHOWN: i64 = 200;

#[derive(Template)]
#[template(path = "portal/operator/jobs.html")]
struct Jobs {
    page: Page,
    runs: Vec<RunView>,
}

/// A run, ready for templates.
struct RunView {
    job: String,
    about: &'static str,
    began: Time,
    took: String,
    did: String,
    error: Option<String>,
}

/// `GET /operator/jobs`
pub async fn list_jobs(req: HttpRequest, app: Data<App>, me: Operator) -> Result<HttpResponse, PageError> {
    let runs = app.store.job_runs(SHOWN).await?;
    let page = Jobs {
        page: Page::in_section(&req, "Jobs", "operator-jobs"),
        runs: runs.into_iter().map(|run| RunView::new(run, &me)).collect(),
    };
    answer(StatusCode::OK, &page)
}

impl RunView {
    fn new(run: JobRun, me: &Operator) -> Self {
        // One that only another release knows is called by its word.
        let job = Job::try_from(run.job.as_str()).ok();
        Self {
            about: job.map_or("", Job::about),
            job: job.map_or(run.job, |job| job.label().to_owned()),
            began: me.time(run.began_at),
            took: took(run.took),
            did: run.did,
            error: run.error,
        }
    }
}

fn took(took: Duration) -> String {
    match took.num_milliseconds() {
        0 => "under 1 ms".to_owned(),
        millis @ ..1_000 => format!("{millis} ms"),
        millis @ ..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        millis => format!("{} s", millis / 1_000),
    }
}
