//! How mails write moments and names that people typed.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Longest name in a subject, in characters.
const MAX_NAME: usize = 60;

pub(super) fn short_name(name: &str) -> String {
    let name = one_line(name);
    match name.char_indices().nth(MAX_NAME) {
        Some((cut, _)) => format!("{}…", name[..cut].trim_end()),
        None => name,
    }
}

/// Old rows may hold what forms refuse by now.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A moment, already in the words of where the account lives, with the zone's name and offset.
pub(super) fn moment(at: DateTime<Utc>, zone: Tz, local: &str) -> String {
    let offset = at.with_timezone(&zone).format("%:z").to_string();
    let offset = if offset == "+00:00" { String::new() } else { format!(", UTC{offset}") };
    format!("{local} ({}{offset})", zone.name())
}
