//! What an operator can see of the jobs: the last runs that did something or failed, and the last idle one.

use chrono::{DateTime, Duration, Utc};
use latchkey::audit::JobRun;

use crate::support::world::{World, on_both_engines};

on_both_engines! {
    the_last_runs_are_kept_and_idle_ones_take_one_place,
}

fn run(began_at: DateTime<Utc>, did: &str, error: Option<&str>) -> JobRun {
    let took = Duration::milliseconds(12);
    JobRun { job: "sweep".to_owned(), began_at, took, did: did.to_owned(), error: error.map(str::to_owned) }
}

async fn the_last_runs_are_kept_and_idle_ones_take_one_place(world: &World) {
    let store = &world.app().store;
    let begun = world.now();
    for minute in 0..150 {
        let at = begun + Duration::minutes(minute);
        store.note_run(&run(at, "", None)).await.unwrap();
        store.note_run(&run(at, &format!("{minute} links"), None)).await.unwrap();
    }
    let end = begun + Duration::hours(3);
    let failed = run(end, "", Some("the database does not answer"));
    store.note_run(&failed).await.unwrap();
    let runs = store.job_runs(1_000).await.unwrap();
    assert_eq!((runs.len(), &runs[0]), (101, &failed));
    assert_eq!(runs.iter().filter(|run| run.did.is_empty() && run.error.is_none()).count(), 1);
    assert_eq!(runs.last().unwrap().did, "51 links");
    assert_eq!(store.job_runs(3).await.unwrap(), runs[..3]);
}
