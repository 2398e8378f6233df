//! When tokens end: the choices of the form, the bound an operator sets, and the moment a warning is due.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use thiserror::Error;

/// The lifetimes a form offers, in days (nuget.org's choices, with 30 and the default of 90 from its 2016 announcement).
pub const CHOICES: [i64; 6] = [1, 30, 90, 180, 270, 365];
/// The choice a form starts with, in days.
pub const DEFAULT_DAYS: i64 = 90;
/// No expiry lies further ahead than this many days, unless it is "never".
pub const FURTHEST_DAYS: i64 = 36_525;
/// A warning is due this long before the end.
pub const WARN_BEFORE: Duration = Duration::days(10);
/// Lives this short or shorter are warned one day before, or not at all.
pub const SHORT_LIFE: Duration = Duration::days(10);
/// Lives this short or shorter have no warning.
pub const ONE_DAY: Duration = Duration::days(1);

/// What somebody asks for in a form, a command or an API call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiryChoice {
    /// So many days of 24 hours from now.
    Days(i64),
    /// Until 24:00 of that day, where the account lives.
    EndOf(NaiveDate),
    /// Until an instant.
    At(DateTime<Utc>),
    /// No end.
    Never,
}

/// Why an expiry is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadExpiry {
    /// Not a number, date or `never`.
    #[error("Choose when the token ends: a number of days, a date such as 2027-02-21, or never.")]
    NotAChoice,
    /// Now or earlier.
    #[error("Choose a day that has not ended yet.")]
    Past,
    /// Further than [`FURTHEST_DAYS`].
    #[error("Choose a day within the next hundred years, or never.")]
    TooFar,
    /// Over the operator's maximum.
    #[error("On this host a token lives at most {0} days.")]
    OverMaximum(i64),
}

impl ExpiryChoice {
    /// Reads `90`, `90d`, `2027-02-21`, an instant as RFC 3339 writes it, or `never`.
    pub fn parse(text: &str) -> Result<Self, BadExpiry> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        let digits = text.strip_suffix('d').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return digits.parse().map(Self::Days).map_err(|_| BadExpiry::TooFar);
        }
        let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let date = plain.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten();
        let instant =
            || DateTime::parse_from_rfc3339(text).ok().map(|instant| Self::At(whole_second(instant.to_utc())));
        date.map(Self::EndOf).or_else(instant).ok_or(BadExpiry::NotAChoice)
    }

    /// The instant it means, to the second; `None` for never. `max_days` is the operator's bound.
    pub fn resolve(
        self,
        now: DateTime<Utc>,
        zone: Tz,
        max_days: Option<i64>,
    ) -> Result<Option<DateTime<Utc>>, BadExpiry> {
        let now = whole_second(now);
        let end = match self {
            Self::Never => return max_days.map_or(Ok(None), |days| Err(BadExpiry::OverMaximum(days))),
            Self::Days(0) => return Err(BadExpiry::Past),
            Self::Days(days) if days > FURTHEST_DAYS => return Err(BadExpiry::TooFar),
            Self::Days(days) => now + Duration::days(days),
            Self::EndOf(date) => end_of_day(date, zone).ok_or(BadExpiry::TooFar)?,
            Self::At(instant) => instant,
        };
        if end <= now {
            return Err(BadExpiry::Past);
        }
        if end > now + Duration::days(FURTHEST_DAYS) {
            return Err(BadExpiry::TooFar);
        }
        match max_days {
            // A whole day of grace: the last allowed day may be chosen as a date, whatever the hour is now.
            Some(days) if end > now + Duration::days(days) + self.grace() => Err(BadExpiry::OverMaximum(days)),
            Some(days) => Ok(Some(end.min(now + Duration::days(days)))),
            None => Ok(Some(end)),
        }
    }

    fn grace(self) -> Duration {
        if matches!(self, Self::EndOf(_)) { ONE_DAY } else { Duration::zero() }
    }
}

/// 24:00 of a day in a zone. Where that midnight does not exist (a clock change), the first instant after it.
pub fn end_of_day(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let mut local = date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    for _ in 0..48 {
        if let Some(instant) = zone.from_local_datetime(&local).earliest() {
            return Some(instant.to_utc());
        }
        local += Duration::minutes(30);
    }
    None
}

/// Instants are kept to the second, so that page, mail and database say the same.
pub fn whole_second(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant - Duration::nanoseconds(i64::from(instant.timestamp_subsec_nanos()))
}

/// How far ahead of its end a token of a long enough life is spoken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndRule {
    /// Only lives longer than this.
    pub life_over: Duration,
    /// How long before the end.
    pub ahead: Duration,
}

/// When a token expires soon; the first rule whose life is exceeded counts.
pub const WARNING: [EndRule; 2] =
    [EndRule { life_over: SHORT_LIFE, ahead: WARN_BEFORE }, EndRule { life_over: ONE_DAY, ahead: ONE_DAY }];

/// The instant that the first of the rules that fits a life says; none if none fits.
pub fn ahead_of_end(rules: &[EndRule], issued_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let rule = rules.iter().find(|rule| expires_at - issued_at > rule.life_over)?;
    Some(expires_at - rule.ahead)
}

/// From when on a token "expires soon": badge, banner, filter, client header and mail all ask this one function.
/// Ten days before the end; one day before for lives of ten days or less; never for a day or less.
/// The life counts from the last issue of the secret.
pub fn warn_from(issued_at: DateTime<Utc>, expires_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    ahead_of_end(&WARNING, issued_at, expires_at)
}

/// An end where somebody lives: the date in the given format, and the hour. A day that was chosen to its end ends at
/// 24:00 of that day, not at 00:00 of the next.
pub fn end_in(end: DateTime<Utc>, zone: Tz, date_format: &str) -> String {
    let local = end.with_timezone(&zone);
    if local.time() == NaiveTime::MIN {
        format!("{}, 24:00", (local.date_naive() - Days::new(1)).format(date_format))
    } else {
        format!("{}, {}", local.format(date_format), local.format("%H:%M"))
    }
}

/// A stretch of time in words, rounded to its largest unit and never "0": "9 days", "5 hours", "1 minute".
pub fn in_words(segment: Duration) -> String {
    let rounded = |unit: Duration| (segment + unit / 2).num_seconds() / unit.num_seconds();
    let (count, unit) = match segment {
        s if s >= Duration::days(2 * 365) => (rounded(Duration::days(365)), "year"),
        s if s >= Duration::days(2) => (rounded(Duration::days(1)), "day"),
        s if s >= Duration::hours(2) => (rounded(Duration::hours(1)), "hour"),
        _ => (rounded(Duration::minutes(1)).max(1), "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn resolve(choice: &str, zone: Tz, max_days: Option<i64>) -> Result<Option<DateTime<Utc>>, BadExpiry> {
        ExpiryChoice::parse(choice)?.resolve(at("2026-11-23T14:05:09.7Z"), zone, max_days)
    }

    #[test]
    fn days_are_days_of_24_hours_from_now_to_the_second() {
        assert_eq!(resolve("90", Tz::UTC, None), Ok(Some(at("2027-02-21T14:05:09Z"))));
        assert_eq!(resolve("90d", Tz::UTC, None), Ok(Some(at("2027-02-21T14:05:09Z"))));
    }

    #[test]
    fn a_date_ends_at_midnight_where_the_account_lives() {
        assert_eq!(resolve("2027-02-21", Tz::Europe__Berlin, None), Ok(Some(at("2027-02-21T23:00:00Z"))));
        assert_eq!(resolve("2026-11-23", Tz::Pacific__Auckland, None), Err(BadExpiry::Past));
        assert_eq!(resolve("2026-11-24", Tz::Pacific__Auckland, None), Ok(Some(at("2026-11-24T11:00:00Z"))));
        // Chile's clocks jump from 24:00 to 01:00 on 5 September 2027, so that midnight does not exist.
        assert_eq!(resolve("2027-09-04", Tz::America__Santiago, None), Ok(Some(at("2027-09-05T04:00:00Z"))));
    }

    #[test]
    fn an_instant_is_the_end_to_the_second() {
        let end = resolve("2026-12-24T12:30:00.9+02:00", Tz::UTC, None).unwrap();
        assert_eq!(end, Some("2026-12-24T10:30:00Z".parse().unwrap()));
        assert_eq!(resolve("9999-12-31T23:59:60Z", Tz::UTC, None), Err(BadExpiry::TooFar));
        assert_eq!(resolve("2020-01-01T00:00:00Z", Tz::UTC, None), Err(BadExpiry::Past));
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        for text in ["", "-1", "+30", "1.5", "٣٠", "0x10", "2026-02-29", "2026-13-01", "2026-11-23T10:00", "tomorrow"]
        {
            assert_eq!(resolve(text, Tz::UTC, None), Err(BadExpiry::NotAChoice), "{text}");
        }
        assert_eq!(resolve("0", Tz::UTC, None), Err(BadExpiry::Past));
        assert_eq!(resolve("2026-11-22", Tz::UTC, None), Err(BadExpiry::Past));
        for text in ["36526", "9223372036854775807", "99999999999999999999", "9999-12-31"] {
            assert_eq!(resolve(text, Tz::UTC, None), Err(BadExpiry::TooFar), "{text}");
        }
    }

    #[test]
    fn the_operators_maximum_holds_for_days_dates_and_never() {
        assert_eq!(resolve("365", Tz::UTC, Some(90)), Err(BadExpiry::OverMaximum(90)));
        assert_eq!(resolve("never", Tz::UTC, Some(90)), Err(BadExpiry::OverMaximum(90)));
        assert_eq!(resolve("2027-02-22", Tz::UTC, Some(90)), Err(BadExpiry::OverMaximum(90)));
        assert_eq!(resolve("2027-02-21", Tz::UTC, Some(90)), Ok(Some(at("2027-02-21T14:05:09Z"))));
        assert_eq!(resolve("never", Tz::UTC, None), Ok(None));
    }

    #[test]
    fn a_warning_is_due_ten_days_before_or_one_or_never() {
        let issued = at("2026-01-01T00:00:00Z");
        let warned = |days: i64| warn_from(issued, issued + Duration::days(days)).map(|at| (at - issued).num_days());
        assert_eq!(warned(90), Some(80));
        assert_eq!(warned(11), Some(1));
        assert_eq!(warned(10), Some(9));
        assert_eq!(warned(2), Some(1));
        assert_eq!(warned(1), None);
    }

    #[test]
    fn a_day_ends_at_its_own_24_hours() {
        let end = resolve("2027-02-21", Tz::Europe__Berlin, None).unwrap().unwrap();
        assert_eq!(end_in(end, Tz::Europe__Berlin, "%-d %b %Y"), "21 Feb 2027, 24:00");
        assert_eq!(end_in(end, Tz::UTC, "%-d %b %Y"), "21 Feb 2027, 23:00");
    }

    #[test]
    fn time_left_is_never_zero_of_anything() {
        assert_eq!(in_words(Duration::days(90) - Duration::minutes(5)), "90 days", "as chosen five minutes ago");
        assert_eq!(in_words(Duration::days(9) + Duration::hours(11)), "9 days");
        assert_eq!(in_words(Duration::days(729)), "729 days");
        assert_eq!(in_words(Duration::days(3_858)), "11 years");
        assert_eq!(in_words(Duration::hours(47)), "47 hours");
        assert_eq!(in_words(Duration::minutes(61)), "61 minutes");
        assert_eq!(in_words(Duration::seconds(3)), "1 minute");
    }

    proptest! {
        #[test]
        fn an_accepted_expiry_lies_ahead_and_within_the_maximum(days in 0i64..50_000, max in proptest::option::of(1i64..1_000)) {
            let now = at("2026-11-23T14:05:09Z");
            if let Ok(Some(end)) = ExpiryChoice::Days(days).resolve(now, Tz::UTC, max) {
                prop_assert!(end > now);
                prop_assert!(end - now <= Duration::days(max.unwrap_or(FURTHEST_DAYS)));
            }
        }
    }
}
