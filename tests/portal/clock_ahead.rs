//! A clock that was ahead and was set right: nobody is locked out by it, and nothing lives longer for it.

use chrono::Duration;

use crate::support::{
    person::Browser,
    world::{World, on_both_engines, password_of},
};

on_both_engines! {
    guesses_of_a_clock_that_was_ahead_lock_nobody_out,
    a_session_of_a_clock_that_was_ahead_has_ended,
    a_link_of_a_clock_that_was_ahead_is_over,
}

const AHEAD: [Duration; 2] = [Duration::hours(2), Duration::days(480)];

async fn guess(browser: &Browser) -> u16 {
    browser.sign_in("ada", "a guess").await.status
}

async fn guesses_of_a_clock_that_was_ahead_lock_nobody_out(world: &World) {
    world.ada().await;
    let limits = "SELECT COUNT(*) FROM rate_limits WHERE free_at > CAST($1 AS BIGINT)";
    for ahead in AHEAD {
        world.pass(ahead);
        for _ in 0..3 {
            assert_eq!(guess(&world.browser()).await, 422);
        }
        world.pass(-ahead);
        assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 303, "{ahead}");
        // What is left of it counts as used: guesses are not free either.
        let mut answers = Vec::new();
        for _ in 0..12 {
            answers.push(guess(&world.browser()).await);
        }
        assert_eq!(answers[11], 429, "{ahead}: {answers:?}");
        world.pass(Duration::minutes(5));
        assert_eq!(world.browser().sign_in("ada", &password_of("ada")).await.status, 303, "{ahead}");
        world.pass(ahead);
        guess(&world.browser().from("198.51.100.9")).await;
        world.pass(-ahead);
        latchkey::jobs::cleanup(&world.app()).await.unwrap();
        let latest = (world.now() + Duration::days(2)).timestamp().to_string();
        assert_eq!(world.database.number(limits, &[&latest]).await, 0);
    }
}

async fn a_session_of_a_clock_that_was_ahead_has_ended(world: &World) {
    world.ada().await;
    world.pass(Duration::minutes(31)); // the session of the sign-up is over
    for ahead in AHEAD {
        let now = world.now();
        world.pass(ahead);
        let (early, listed) = (world.sign_in("ada").await, world.sign_in("ada").await);
        assert!(early.is_signed_in().await);
        world.pass(-ahead);
        assert!(!early.is_signed_in().await, "{ahead}");
        let ada = world.sign_in("ada").await;
        assert_eq!(ada.get("/settings/sessions").await.texts(".sessions tbody tr").len(), 1, "{ahead}");
        assert!(!listed.is_signed_in().await);
        world.pass(ahead + Duration::minutes(1));
        assert!(!early.is_signed_in().await && !listed.is_signed_in().await, "nor does it come back to life");
        world.pass(now - world.now() + Duration::hours(13));
    }
    // The clocks of two nodes may differ a little.
    let ada = world.sign_in("ada").await;
    world.pass(-Duration::seconds(50));
    assert!(ada.is_signed_in().await);
}

async fn a_link_of_a_clock_that_was_ahead_is_over(world: &World) {
    world.ada().await;
    let link = world.password_link("ada").await;
    assert_eq!(world.browser().get(&link).await.texts("input[name=password]").len(), 1);
    world.pass(Duration::days(480));
    let link = world.password_link("ada").await;
    world.pass(-Duration::days(480));
    assert_eq!(world.browser().get(&link).await.status, 410);
}
