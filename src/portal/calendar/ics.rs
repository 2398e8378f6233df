//! Calendars as RFC 5545 wants them: lines of at most 75 octets that end in CR LF, texts that cannot break out.

use chrono::{DateTime, Utc};

/// Longest line in octets, without its end.
const LONGEST: usize = 75;

/// Something that happens at one moment.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Stays the same as long as it is the same event.
    pub uid: String,
    /// When it happens.
    pub at: DateTime<Utc>,
    /// When it came to be as it is.
    pub stamp: DateTime<Utc>,
    /// One line.
    pub summary: String,
    /// May have several lines.
    pub description: String,
    /// Where to act.
    pub url: String,
}

/// The whole calendar. It depends on nothing but what it is given, so that the same ends are the same bytes.
pub fn calendar(name: &str, entries: &[Entry]) -> String {
    let mut out = String::new();
    for (name, value) in [
        ("BEGIN", "VCALENDAR".to_owned()),
        ("VERSION", "2.0".to_owned()),
        ("PRODID", "-//Latchkey//Access tokens//EN".to_owned()),
        ("CALSCALE", "GREGORIAN".to_owned()),
        ("NAME", escaped(name)),
        ("X-WR-CALNAME", escaped(name)),
        ("REFRESH-INTERVAL;VALUE=DURATION", "PT6H".to_owned()),
        ("X-PUBLISHED-TTL", "PT6H".to_owned()),
    ] {
        write_line(&mut out, name, &value);
    }
    entries.iter().for_each(|entry| write_entry(&mut out, entry));
    write_line(&mut out, "END", "VCALENDAR");
    out
}

fn write_entry(out: &mut String, entry: &Entry) {
    let Entry { uid, at, stamp, summary, description, url } = entry;
    for (name, value) in [
        ("BEGIN", "VEVENT".to_owned()),
        ("UID", escaped(uid)),
        ("DTSTAMP", instant(*stamp)),
        ("DTSTART", instant(*at)),
        ("SUMMARY", escaped(summary)),
        ("DESCRIPTION", escaped(description)),
        ("URL", url.chars().filter(|c| !c.is_control()).collect()),
        // It is nobody's appointment.
        ("TRANSP", "TRANSPARENT".to_owned()),
        ("END", "VEVENT".to_owned()),
    ] {
        write_line(out, name, &value);
    }
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value. Of control characters it keeps line ends only.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Writes a line, folded where it is too long: never inside a character.
fn write_line(out: &mut String, name: &str, value: &str) {
    let mut length = 0;
    for c in name.chars().chain([':']).chain(value.chars()) {
        if length + c.len_utf8() > LONGEST {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(summary: &str, description: &str) -> Entry {
        Entry {
            uid: "0193-1792000000@packages.example.com".to_owned(),
            at: DateTime::from_timestamp(1_792_000_000, 0).unwrap(),
            stamp: DateTime::from_timestamp(1_784_000_000, 0).unwrap(),
            summary: summary.to_owned(),
            description: description.to_owned(),
            url: "https://packages.example.com/settings/tokens/0193/refresh".to_owned(),
        }
    }

    /// Reads a calendar as RFC 5545 says, independently of how it is written: the properties in their order.
    fn read(text: &str) -> Vec<(String, String)> {
        assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']), "{text:?}");
        assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        let unfolded = text.replace("\r\n ", "");
        let property = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), unescaped(value))
        };
        unfolded.trim_end().split("\r\n").map(property).collect()
    }

    fn unescaped(value: &str) -> String {
        let mut out = String::new();
        let mut chars = value.chars();
        while let Some(c) = chars.next() {
            match (c, c == '\\') {
                (_, true) => match chars.next() {
                    Some('n' | 'N') => out.push('\n'),
                    Some(c @ ('\\' | ';' | ',')) => out.push(c),
                    other => panic!("\\{other:?} is no escape"),
                },
                (c, false) => out.push(c),
            }
        }
        out
    }

    #[test]
    fn a_calendar_is_written_like_this() {
        let text = calendar("Tokens", &[entry("“CI” expires", "lk_Ab3d…\nRefresh it")]);
        let expected = "BEGIN:VCALENDAR|VERSION:2.0|PRODID:-//Latchkey//Access tokens//EN|CALSCALE:GREGORIAN|NAME:Tokens|X-WR-CALNAME:Tokens|\
                        REFRESH-INTERVAL;VALUE=DURATION:PT6H|X-PUBLISHED-TTL:PT6H|BEGIN:VEVENT|UID:0193-1792000000@packages.example.com|\
                        DTSTAMP:20260714T033320Z|DTSTART:20261014T174640Z|SUMMARY:“CI” expires|DESCRIPTION:lk_Ab3d…\\nRefresh it|\
                        URL:https://packages.example.com/settings/tokens/0193/refresh|TRANSP:TRANSPARENT|END:VEVENT|END:VCALENDAR|";
        assert_eq!(text.replace("\r\n", "|"), expected);
    }

    #[test]
    fn a_calendar_without_entries_is_one_all_the_same() {
        assert!(calendar("Tokens", &[]).ends_with("X-PUBLISHED-TTL:PT6H\r\nEND:VCALENDAR\r\n"));
    }

    proptest! {
        #[test]
        fn every_name_comes_back_and_none_breaks_out(name in "\\PC{0,200}", note in "[\\PC\r\n\t\0;,\\\\:]{0,200}") {
            let properties = read(&calendar(&name, &[entry(&name, &note)]));
            prop_assert_eq!(properties.len(), 18);
            let value = |wanted: &str| properties.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
            prop_assert_eq!(value("NAME"), name.clone());
            prop_assert_eq!(value("SUMMARY"), name);
            let plain: String = note.replace("\r\n", "\n").chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
            prop_assert_eq!(value("DESCRIPTION"), plain);
            prop_assert_eq!(value("END"), "VEVENT");
        }
    }
}
