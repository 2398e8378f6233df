//! Times as pages write them: date, hour and zone, and what is left or past in words.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

pub use crate::accounts::client_name::in_words as client;
use crate::tokens::expiry::{end_in, in_words};

/// The name of a browser by its `User-Agent`.
pub fn browser(agent: &str) -> String {
    let name = client(agent);
    if name.is_empty() { "Unknown browser".to_owned() } else { name }
}

/// An instant, three ways.
#[derive(Clone, Debug)]
pub struct Time {
    /// For machines: RFC 3339 in UTC.
    pub iso: String,
    /// For people: `2 Dec 2026, 14:05 UTC`, in the account's zone.
    pub text: String,
    /// From now: "in 9 days", "3 hours ago".
    pub words: String,
}

impl Time {
    /// An instant as seen from `now` by somebody in `zone`.
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        Self {
            iso: at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
            text: at.with_timezone(&zone).format("%-d %b %Y, %H:%M %Z").to_string(),
            words: from_now(at - now),
        }
    }

    /// The day alone: `2 Dec 2026`.
    pub fn day(&self) -> &str {
        self.text.split_once(',').map_or(self.text.as_str(), |(day, _)| day)
    }

    /// The end of a token: a whole day ends at its own 24:00.
    pub fn end(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        let text = format!("{} {}", end_in(at, zone, "%-d %b %Y"), at.with_timezone(&zone).format("%Z"));
        Self { text, ..Self::new(at, now, zone) }
    }
}

fn from_now(ahead: Duration) -> String {
    let minute = Duration::minutes(1);
    match ahead {
        ahead if ahead >= minute => format!("in {}", in_words(ahead)),
        ahead if ahead > Duration::zero() => "in under a minute".to_owned(),
        ahead if ahead > -minute => "just now".to_owned(),
        ahead => format!("{} ago", in_words(-ahead)),
    }
}

/// `1,234,567`.
pub fn thousands(number: i64) -> String {
    let digits = number.to_string();
    let grouped = digits.bytes().enumerate().flat_map(|(at, digit)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3) && digit.is_ascii_digit();
        comma.then_some(',').into_iter().chain([char::from(digit)])
    });
    grouped.collect()
}

/// `512 bytes`, `12.3 KB`, `4.0 MB`: thousands as people count them.
pub fn size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{}.{} KB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", thousands(bytes / 1_000_000), bytes % 1_000_000 / 100_000),
    }
}

/// A name in the parts between which a heading may break: behind its dots, hyphens, underscores and slashes.
pub fn name_parts(name: &(impl AsRef<str> + ?Sized)) -> impl Iterator<Item = &str> {
    let mut rest = name.as_ref();
    std::iter::from_fn(move || {
        let breaks = rest.char_indices().zip(rest.chars().skip(1));
        let at =
            breaks.into_iter().find(|((_, one), next)| matches!(one, '.' | '-' | '_' | '/') && next.is_alphanumeric());
        let (part, behind) = rest.split_at(at.map_or(rest.len(), |((at, one), _)| at + one.len_utf8()));
        rest = behind;
        (!part.is_empty()).then_some(part)
    })
}

/// With a capital first letter.
pub fn sentence(words: &str) -> String {
    let mut text = words.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

/// `1 token`, `2 tokens`.
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_in_the_accounts_zone_and_from_now() {
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let time = Time::new("2026-12-02T14:05:00Z".parse().unwrap(), now, Tz::Europe__Berlin);
        assert_eq!(
            (time.iso.as_str(), time.text.as_str(), time.words.as_str()),
            ("2026-12-02T14:05:00Z", "2 Dec 2026, 15:05 CET", "in 9 days")
        );
        assert_eq!(Time::new(now - Duration::hours(3), now, Tz::UTC).words, "3 hours ago");
        assert_eq!(Time::new(now, now, Tz::UTC).words, "just now");
        let chosen = now + Duration::days(90) - Duration::milliseconds(700);
        assert_eq!(Time::new(chosen, now, Tz::UTC).words, "in 90 days");
    }

    #[test]
    fn an_end_in_the_hour_that_comes_twice_says_which_of_the_two() {
        let end = |at: &str, zone| {
            let at: DateTime<Utc> = at.parse().unwrap();
            (Time::end(at, at, zone).text, Time::new(at, at, zone).text)
        };
        for (at, zone, text) in [
            ("2027-10-31T00:30:00Z", Tz::Europe__Berlin, "31 Oct 2027, 02:30 CEST"),
            ("2027-10-31T01:30:00Z", Tz::Europe__Berlin, "31 Oct 2027, 02:30 CET"),
            ("2027-11-07T05:30:00Z", Tz::America__New_York, "7 Nov 2027, 01:30 EDT"),
            ("2027-11-07T06:30:00Z", Tz::America__New_York, "7 Nov 2027, 01:30 EST"),
            ("2027-04-03T14:30:00Z", Tz::Pacific__Auckland, "4 Apr 2027, 02:30 NZST"),
            ("2027-03-28T01:00:00Z", Tz::Europe__Berlin, "28 Mar 2027, 03:00 CEST"),
            ("2027-03-28T01:00:00Z", Tz::Asia__Kathmandu, "28 Mar 2027, 06:45 +0545"),
        ] {
            assert_eq!(end(at, zone), (text.to_owned(), text.to_owned()));
        }
        assert_eq!(end("2027-10-31T23:00:00Z", Tz::Europe__Berlin).0, "31 Oct 2027, 24:00 CET");
        assert_eq!(end("2027-03-28T18:15:00Z", Tz::Asia__Kathmandu).0, "28 Mar 2027, 24:00 +0545");
    }

    #[test]
    fn a_name_breaks_behind_its_signs_and_nowhere_else() {
        for (name, parts) in [
            ("Contoso.Service-Client_x", vec!["Contoso.", "Service-", "Client_", "x"]),
            ("@team/ui", vec!["@team/", "ui"]),
            ("Größe.Ä..b", vec!["Größe.", "Ä..", "b"]),
            ("One sentence. And another.", vec!["One sentence. And another."]),
            ("", vec![]),
        ] {
            assert_eq!(name_parts(name).collect::<Vec<_>>(), parts);
        }
    }

    #[test]
    fn numbers_can_be_read_at_a_glance() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([999, 12_345, 262_144_000].map(size), ["999 bytes", "12.3 KB", "262.1 MB"]);
    }
}
