//! Nights in which clocks change, where owners live: each is warned once, ten days of 24 hours before, and can tell which
//! of two equal hours is meant.

use chrono::{DateTime, Duration, DurationRound, Utc};
use chrono_tz::{America, Asia, Australia, Europe, Pacific, Tz};

use super::world::World;
use crate::support::{letter::Letter, world::on_both_engines};

on_both_engines! {
    World::mailing =>
    owners_are_warned_once_whichever_night_their_clocks_change,
}

const ENDS: [(Tz, &str, &str); 17] = [
    // The hour that is left out, and the one that comes twice.
    (Europe::Berlin, "2027-03-28T00:59:59Z", "Sunday, 28 March 2027, 01:59 (Europe/Berlin, UTC+01:00)"),
    (Europe::Berlin, "2027-03-28T01:00:00Z", "Sunday, 28 March 2027, 03:00 (Europe/Berlin, UTC+02:00)"),
    (Europe::Berlin, "2027-10-31T00:30:00Z", "Sunday, 31 October 2027, 02:30 (Europe/Berlin, UTC+02:00)"),
    (Europe::Berlin, "2027-10-31T01:30:00Z", "Sunday, 31 October 2027, 02:30 (Europe/Berlin, UTC+01:00)"),
    (America::New_York, "2027-03-14T07:00:00Z", "Sunday, 14 March 2027, 03:00 (America/New_York, UTC-04:00)"),
    (America::New_York, "2027-11-07T05:30:00Z", "Sunday, 7 November 2027, 01:30 (America/New_York, UTC-04:00)"),
    (America::New_York, "2027-11-07T06:30:00Z", "Sunday, 7 November 2027, 01:30 (America/New_York, UTC-05:00)"),
    (Pacific::Auckland, "2027-04-03T13:30:00Z", "Sunday, 4 April 2027, 02:30 (Pacific/Auckland, UTC+13:00)"),
    (Pacific::Auckland, "2027-04-03T14:30:00Z", "Sunday, 4 April 2027, 02:30 (Pacific/Auckland, UTC+12:00)"),
    // Half an hour is turned back.
    (Australia::Lord_Howe, "2027-04-03T14:45:00Z", "Sunday, 4 April 2027, 01:45 (Australia/Lord_Howe, UTC+11:00)"),
    (Australia::Lord_Howe, "2027-04-03T15:15:00Z", "Sunday, 4 April 2027, 01:45 (Australia/Lord_Howe, UTC+10:30)"),
    // Midnight itself is left out, or comes twice.
    (America::Santiago, "2027-09-05T04:00:00Z", "Sunday, 5 September 2027, 01:00 (America/Santiago, UTC-03:00)"),
    (America::Havana, "2027-11-07T04:00:00Z", "Saturday, 6 November 2027, 24:00 (America/Havana, UTC-04:00)"),
    (America::Havana, "2027-11-07T05:00:00Z", "Saturday, 6 November 2027, 24:00 (America/Havana, UTC-05:00)"),
    // Ahead of all others, and never in step with the full hour.
    (Pacific::Apia, "2027-03-28T01:00:00Z", "Sunday, 28 March 2027, 14:00 (Pacific/Apia, UTC+13:00)"),
    (Asia::Kathmandu, "2027-03-28T18:15:00Z", "Sunday, 28 March 2027, 24:00 (Asia/Kathmandu, UTC+05:45)"),
    (Asia::Kathmandu, "2027-10-31T01:00:00Z", "Sunday, 31 October 2027, 06:45 (Asia/Kathmandu, UTC+05:45)"),
];

async fn owners_are_warned_once_whichever_night_their_clocks_change(world: &World) {
    for (number, (zone, end, said)) in ENDS.into_iter().enumerate() {
        let end: DateTime<Utc> = end.parse().unwrap();
        // The night of the end, and the night of the warning.
        warned_once(world, &format!("end-{number}"), zone, end, Some(said)).await;
        warned_once(world, &format!("warning-{number}"), zone, end + Duration::days(10), None).await;
    }
}

async fn warned_once(world: &World, owner: &str, zone: Tz, end: DateTime<Utc>, said: Option<&str>) {
    let account = world.account_in(owner, zone).await;
    world.pass(end - Duration::days(30) - world.clock.now());
    world.token(account, owner).await;
    let due = (end - Duration::days(10)).duration_trunc(Duration::hours(1)).unwrap();
    let mut warnings = Vec::new();
    for (seconds, expected) in [(-7_200, 0), (-3_600, 0), (-1, 0), (0, 1), (3_600, 1), (7_200, 1), (86_400, 1)] {
        world.pass(due + Duration::seconds(seconds) - world.clock.now());
        world.tick().await;
        let to_owner = world.post().taken().into_iter().filter(|mail| mail.recipient == format!("{owner}@example.com"));
        warnings = to_owner.map(|mail| Letter::read(&mail.message)).collect();
        assert_eq!(warnings.len(), expected, "{zone}, {end}, {seconds} s after it was due");
    }
    let [warning] = &warnings[..] else { panic!("{}", warnings.len()) };
    let said = said.unwrap_or("in 10 days");
    assert!(warning.text.contains(said) && warning.html.contains(said), "{said} is missing in {}", warning.text);
}
