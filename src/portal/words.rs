//! Times as pages write them: date, hour and zone, and what is left or past in words.

use chrono::{DateTime, Duration, Utc};
use chrono_tz::Tz;

use crate::tokens::expiry::{end_in, in_words};

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

    /// The end of a token: a whole day ends at its own 24:00.
    pub fn end(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        let text = format!("{} {}", end_in(at, zone, "%-d %b %Y"), at.with_timezone(&zone).format("%Z"));
        Self { text, ..Self::new(at, now, zone) }
    }
}

fn from_now(ahead: Duration) -> String {
    let minute = Duration::minutes(1);
    match ahead {
        // What was chosen as 90 days reads so on the page that answers, a second later.
        ahead if ahead >= minute => format!("in {}", in_words(ahead + Duration::seconds(59))),
        ahead if ahead > Duration::zero() => "in under a minute".to_owned(),
        ahead if ahead > -minute => "just now".to_owned(),
        ahead => format!("{} ago", in_words(-ahead)),
    }
}

/// The name of a client by its `User-Agent`: `Firefox 140 on Windows`, `NuGet Command Line 5.8.0`.
pub fn client(agent: &str) -> String {
    let after = |mark: &str| agent.split_once(mark).map(|(_, rest)| rest);
    if agent.starts_with("Mozilla/") {
        let browser = BROWSERS.iter().find_map(|(mark, name)| Some((*name, after(mark)?)));
        let system = SYSTEMS.iter().find(|(mark, _)| agent.contains(mark));
        let browser =
            browser.map_or("Browser".to_owned(), |(name, rest)| format!("{name} {}", until(rest, ['.', ' '])));
        return system.map_or(browser.clone(), |(_, name)| format!("{browser} on {name}"));
    }
    let product = until(agent, ['(', ';']).trim();
    match product.split_once('/') {
        Some((name, rest)) => format!("{name} {}", until(rest, [' ', '+'])).trim().to_owned(),
        None => product.to_owned(),
    }
}

fn until(text: &str, ends: [char; 2]) -> &str {
    text.split(ends).next().unwrap_or(text)
}

/// What tells browsers apart; those that also name another come first.
const BROWSERS: [(&str, &str); 5] =
    [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Version/", "Safari")];
const SYSTEMS: [(&str, &str); 6] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

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
    fn clients_have_short_names() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
                "Chrome 156 on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox 140 on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari 18 on macOS",
            ),
            ("Mozilla/5.0", "Browser"),
            ("NuGet Command Line/5.8.0 (Unix 5.10.0)", "NuGet Command Line 5.8.0"),
            ("npm/11.19.1 node/v20.20.2 linux x64 workspaces/false", "npm 11.19.1"),
            ("curl/8.5.0", "curl 8.5.0"),
            ("NuGet 6.8", "NuGet 6.8"),
            ("", ""),
        ] {
            assert_eq!(client(agent), name);
        }
    }
}
