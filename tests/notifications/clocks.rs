//! Clocks that jump, forward and back, and clocks that differ: no warning is lost, none comes twice, none is of the past.

use std::{sync::Arc, time::Duration as Pause};

use chrono::Duration;
use latchkey::{
    app::App,
    clock::Clock,
    jobs::{self, JobsHandle, Pace, run_expiry_warnings},
    notifications::end_notice::EndNotice,
};

use super::world::World;
use crate::support::{
    post_office::{Mood, Stage},
    world::on_both_engines,
};

on_both_engines! {
    World::mailing =>
    the_jobs_of_a_server_send_nothing_by_a_clock_that_jumped_and_all_once_it_is_back,
    a_clock_that_goes_on_where_it_jumped_to_is_believed_and_nothing_tells_of_the_past,
    a_mail_put_off_or_claimed_by_a_clock_years_ahead_goes_out_once_that_is_right_again,
    processes_whose_clocks_are_five_minutes_apart_send_each_warning_once,
    a_claim_holds_for_a_process_whose_clock_is_five_minutes_ahead,
}

const YEARS: Duration = Duration::days(3650);
const WARNING: &str = "[Latchkey] Your access token “CI” expires on 23 Dec 2026";
const HELD: &str = "held: the clock jumped";

/// The jobs of a server whose minutes are short.
fn jobs_of(world: &World, doubt: Pause) -> JobsHandle {
    jobs::spawn(world.app().into_inner(), Pace { minute: Pause::from_millis(20), doubt })
}

/// How often a job came to this result.
async fn runs(world: &World, job: &str, did: &str) -> usize {
    let runs = world.app().store.job_runs(1_000).await.unwrap();
    runs.iter().filter(|run| run.job == job && run.did == did).count()
}

/// Waits until a job came to a result more often than until now.
async fn passes(world: &World, job: &str, did: &str) {
    let before = runs(world, job, did).await;
    while runs(world, job, did).await <= before {
        tokio::time::sleep(Pause::from_millis(5)).await;
    }
}

async fn the_jobs_of_a_server_send_nothing_by_a_clock_that_jumped_and_all_once_it_is_back(world: &World) {
    let ada = world.account("ada").await;
    let token = world.token(ada, "CI").await;
    world.pass(Duration::days(19) + Duration::hours(23));
    let jobs = jobs_of(world, Pause::from_secs(3600));
    while world.subjects().is_empty() {
        tokio::time::sleep(Pause::from_millis(5)).await; // what happened in the account; then nothing waits
    }
    for jump in [YEARS, -YEARS, Duration::days(11), -Duration::hours(2)] {
        world.pass(jump);
        passes(world, "mail", HELD).await;
        passes(world, "pauses", HELD).await;
        world.pass(-jump);
    }
    let cancelled = world.app().store.cancelled_notices(token, EndNotice::Warning).await.unwrap();
    assert_eq!((world.subjects().len(), cancelled.len()), (1, 0));
    // It is due within this hour; an hour back and forth is within what clocks are set by.
    for minutes in [40, -50, 50, -59, 59] {
        world.pass(Duration::minutes(minutes));
        while minutes == 40 && world.subjects().len() < 2 {
            tokio::time::sleep(Pause::from_millis(5)).await;
        }
        tokio::time::sleep(Pause::from_millis(60)).await;
    }
    jobs.stop().await;
    assert_eq!(world.subjects()[1..], [WARNING]);
}

async fn a_clock_that_goes_on_where_it_jumped_to_is_believed_and_nothing_tells_of_the_past(world: &World) {
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.tick().await;
    let jobs = jobs_of(world, Pause::ZERO);
    while runs(world, "mail", "1 sent").await == 0 {
        tokio::time::sleep(Pause::from_millis(5)).await;
    }
    world.pass(YEARS);
    while world.subjects().len() < 2 {
        tokio::time::sleep(Pause::from_millis(5)).await;
    }
    world.pass(-YEARS);
    tokio::time::sleep(Pause::from_millis(100)).await;
    jobs.stop().await;
    assert_eq!(world.subjects()[1..], ["[Latchkey] Your access token “CI” has expired"]);
}

async fn a_mail_put_off_or_claimed_by_a_clock_years_ahead_goes_out_once_that_is_right_again(world: &World) {
    for name in ["ada", "bo"] {
        let owner = world.account(name).await;
        world.token_with(owner, "CI", "", YEARS + Duration::days(40)).await;
    }
    world.pass(YEARS + Duration::days(30));
    world.post().be(Mood::HangingUpAtOnce);
    world.tick().await;
    world.post().be(Mood::Accepting);
    let now = world.clock.now();
    // Both were tried or claimed by the wrong time, ten years on.
    let wrong = now + YEARS;
    for _ in 0..2 {
        world.app().store.claim_mail(wrong, wrong + Duration::minutes(10), None).await.unwrap().unwrap();
    }
    world.tick().await;
    assert!(world.subjects().is_empty(), "their worker may be at it");
    world.pass(Duration::minutes(10));
    world.tick().await;
    assert_eq!(world.subjects().len(), 2);

    let cy = world.account("cy").await;
    world.token_with(cy, "CI", "", Duration::days(30)).await;
    world.pass(Duration::days(20));
    let before = world.clock.now();
    world.post().be(Mood::HangingUpAtOnce);
    world.tick().await;
    world.pass(Duration::hours(12));
    world.tick().await;
    world.post().be(Mood::Accepting);
    run_expiry_warnings(&world.app(), false, before).await.unwrap();
    let to_cy = world.post().taken().iter().filter(|mail| mail.recipient.starts_with("cy@")).count();
    assert_eq!(to_cy, 1, "half a day back it is not put off until then");
}

async fn processes_whose_clocks_are_five_minutes_apart_send_each_warning_once(world: &World) {
    for number in 0..6 {
        let owner = world.account(&format!("owner-{number}")).await;
        world.token_with(owner, "CI", "", Duration::days(30) + Duration::minutes(10 * number)).await;
    }
    world.pass(Duration::days(20) - Duration::minutes(20));
    let ahead = Clock::fixed_at(world.clock.now() + Duration::minutes(5));
    let other = App::open(world.app().settings.clone(), ahead.clone()).await.unwrap();
    for _ in 0..30 {
        let (app, one, two) = (world.app(), world.clock.now(), ahead.now());
        let (one, two) = tokio::join!(run_expiry_warnings(&app, false, one), run_expiry_warnings(&other, false, two));
        assert!(one.is_ok() && two.is_ok());
        world.pass(Duration::minutes(4));
        ahead.advance(Duration::minutes(4));
    }
    let mut recipients: Vec<_> = world.post().taken().into_iter().map(|mail| mail.recipient).collect();
    recipients.sort();
    assert_eq!(recipients, (0..6).map(|number| format!("owner-{number}@example.com")).collect::<Vec<_>>());
    other.store.close().await;
}

async fn a_claim_holds_for_a_process_whose_clock_is_five_minutes_ahead(world: &World) {
    let ada = world.account("ada").await;
    world.token(ada, "CI").await;
    world.pass(Duration::days(20));
    let (app, at) = (world.app().into_inner(), world.clock.now() + Duration::minutes(5));
    let runtime = tokio::runtime::Handle::current();
    let (telling, told) = std::sync::mpsc::channel();
    // While the recipient is named, the other process looks for mails to send.
    let looking = move |stage| {
        if stage == Stage::Recipient {
            let (app, telling) = (Arc::clone(&app), telling.clone());
            runtime.spawn(async move { telling.send(run_expiry_warnings(&app, false, at).await.unwrap()).unwrap() });
        }
    };
    let counter = world.post().counter(Arc::new(looking)).await;
    let smtp_url = Some(latchkey::config::SecretText::new(format!("smtp://127.0.0.1:{}?tls=none", counter.port)));
    let settings = latchkey::config::Settings { smtp_url, ..world.app().settings.clone() };
    let slow = App::open(settings, world.clock.clone()).await.unwrap();
    assert_eq!(run_expiry_warnings(&slow, false, world.clock.now()).await.unwrap().warned.len(), 1);
    let other = loop {
        match told.try_recv() {
            Ok(report) => break report,
            Err(_) => tokio::time::sleep(Pause::from_millis(5)).await,
        }
    };
    assert!(other.warned.is_empty() && world.post().taken().len() == 1);
    slow.store.close().await;
}
