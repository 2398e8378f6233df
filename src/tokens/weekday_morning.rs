//! Ends on weekday mornings, when somebody is there to put the new key in place.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// The hour, where the account lives.
const HOUR: u32 = 10;
/// No stretch without a weekday morning is longer than this, in days; calendars have skipped whole days.
const LONGEST_GAP: u64 = 7;

/// The first weekday morning at or after `end`. Where that is later than `latest`, the last one by then. None if even
/// that is not after `now`.
pub fn morning(
    end: DateTime<Utc>,
    zone: Tz,
    now: DateTime<Utc>,
    latest: Option<DateTime<Utc>>,
) -> Option<DateTime<Utc>> {
    let after = days_around(end, zone, |day, n| day.checked_add_days(Days::new(n))).find(|at| *at >= end);
    match latest {
        Some(latest) if after.is_none_or(|at| at > latest) => {
            days_around(latest, zone, |day, n| day.checked_sub_days(Days::new(n))).find(|at| *at <= latest && *at > now)
        }
        _ => after.filter(|at| *at > now),
    }
}

/// The weekday mornings of the days that are 0, 1, 2 … steps from an instant's day.
fn days_around(
    from: DateTime<Utc>,
    zone: Tz,
    step: impl Fn(NaiveDate, u64) -> Option<NaiveDate>,
) -> impl Iterator<Item = DateTime<Utc>> {
    let day = from.with_timezone(&zone).date_naive();
    (0..=LONGEST_GAP).filter_map(move |n| step(day, n)).filter_map(move |day| morning_of(day, zone))
}

/// Ten o'clock of a weekday; where clocks jump over it, the first quarter of an hour after.
fn morning_of(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
        return None;
    }
    let ten = day.and_time(NaiveTime::from_hms_opt(HOUR, 0, 0)?);
    let quarters = (0..12).map(|n| ten + Duration::minutes(15 * n));
    quarters.filter_map(|local| zone.from_local_datetime(&local).earliest()).next().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn after(end: &str, zone: Tz) -> DateTime<Utc> {
        morning(at(end), zone, at("2020-01-01T00:00:00Z"), None).unwrap()
    }

    #[test]
    fn an_end_at_night_or_on_a_weekend_moves_to_the_next_weekday_morning() {
        for (end, zone, morning) in [
            ("2027-02-21T14:05:00Z", Tz::Europe__Berlin, "2027-02-22T09:00:00Z"), // a Sunday
            ("2027-02-23T03:00:00Z", Tz::Europe__Berlin, "2027-02-23T09:00:00Z"),
            ("2027-02-23T09:00:00Z", Tz::Europe__Berlin, "2027-02-23T09:00:00Z"), // ten o'clock itself
            ("2027-02-26T09:00:01Z", Tz::Europe__Berlin, "2027-03-01T09:00:00Z"), // Friday, a second too late
            ("2027-02-21T23:00:00Z", Tz::Pacific__Auckland, "2027-02-22T21:00:00Z"),
        ] {
            assert_eq!(after(end, zone), at(morning), "{end}");
        }
    }

    #[test]
    fn ten_o_clock_is_ten_o_clock_before_and_after_the_clocks_change() {
        assert_eq!(after("2027-03-26T08:00:00Z", Tz::Europe__Berlin), at("2027-03-26T09:00:00Z"));
        assert_eq!(after("2027-03-27T08:00:00Z", Tz::Europe__Berlin), at("2027-03-29T08:00:00Z"));
        assert_eq!(after("2027-10-30T08:00:00Z", Tz::Europe__Berlin), at("2027-11-01T09:00:00Z"));
        // Samoa had no Friday, 30 December 2011.
        assert_eq!(
            morning(at("2011-12-30T00:00:00Z"), Tz::Pacific__Apia, at("2011-12-01T00:00:00Z"), None),
            Some(at("2012-01-01T20:00:00Z"))
        );
    }

    #[test]
    fn the_operators_maximum_makes_it_the_morning_before() {
        let now = at("2027-02-19T14:00:00Z"); // a Friday
        let within = |days| {
            let latest = now + Duration::days(days);
            morning(latest, Tz::UTC, now, Some(latest))
        };
        assert_eq!(within(30), Some(at("2027-03-19T10:00:00Z")), "a Sunday afternoon becomes the Friday before");
        assert_eq!(within(1), None, "there is no weekday morning until Saturday afternoon");
    }

    proptest! {
        #[test]
        fn it_is_a_weekday_morning_that_lies_ahead_and_within_the_maximum(
            start in 0i64..4_000_000_000, days in 1i64..800, zone in 0usize..chrono_tz::TZ_VARIANTS.len(), slack in 0i64..10
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let now = DateTime::from_timestamp(start, 0).unwrap();
            let (end, latest) = (now + Duration::days(days), now + Duration::days(days + slack));
            if let Some(at) = morning(end, zone, now, Some(latest)) {
                let local = at.with_timezone(&zone);
                prop_assert!(at > now && at <= latest);
                prop_assert!(!matches!(local.weekday(), Weekday::Sat | Weekday::Sun));
                prop_assert!((10..13).contains(&local.hour()), "{local}");
                prop_assert!((at - end).num_days().abs() <= LONGEST_GAP.cast_signed(), "{at} for {end}");
            } else {
                prop_assert!(days + slack < 5, "only so short a life has no weekday morning");
            }
        }
    }
}
