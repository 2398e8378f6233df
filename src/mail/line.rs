//! How mails write moments and names that people typed, and how their text fits a terminal.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::tokens::{Permissions, Token};

/// Longest name in a subject, in characters.
const MAX_NAME: usize = 60;
/// So many patterns are named; the rest is counted.
const MAX_PATTERNS: usize = 6;
/// Widest line of a text, in characters.
const WIDTH: usize = 78;

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

/// What a token may do, in words.
pub(super) fn may(permissions: Permissions) -> String {
    permissions.iter().map(|one| one.words()).collect::<Vec<_>>().join(", ")
}

/// With which packages.
pub(super) fn packages(token: &Token) -> String {
    packages_of(&token.settings.patterns.iter().collect::<Vec<_>>())
}

/// The same by the patterns.
pub(super) fn packages_of(all: &[&str]) -> String {
    if all.contains(&"*") {
        return "all packages".to_owned();
    }
    let named = all[..all.len().min(MAX_PATTERNS)].join(", ");
    match all.len().saturating_sub(MAX_PATTERNS) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// A text whose long lines are broken at blanks. What goes on stands below the value where a line has a label before
/// it, else below the line's first word.
pub(super) fn wrapped(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.chars().count() <= WIDTH {
            lines.push(line.to_owned());
        } else {
            wrap(line, &mut lines);
        }
    }
    lines.join("\n") + "\n"
}

fn wrap(line: &str, lines: &mut Vec<String>) {
    let value = hang(line);
    let (mut current, mut width) = (line[..value].to_owned(), value);
    for word in line[value..].split(' ') {
        let length = word.chars().count();
        if width > value && width + 1 + length > WIDTH {
            lines.push(std::mem::replace(&mut current, " ".repeat(value)));
            width = value;
        }
        if width > value {
            current.push(' ');
            width += 1;
        }
        current.push_str(word);
        width += length;
    }
    lines.push(current);
}

/// Where a line's value begins, after its label and blanks. Labels are ours, and ASCII.
fn hang(line: &str) -> usize {
    let lead = line.len() - line.trim_start_matches(' ').len();
    let label = line[lead..].find("  ").filter(|at| lead > 0 && *at < 12).map(|at| lead + at);
    label.map_or(lead, |end| line.len() - line[end..].trim_start_matches(' ').len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_at_blanks_below_their_value() {
        let text =
            format!("Hello,\n\n{}\n  Packages   {}\n{}", "one ".repeat(25), "Contoso.*, ".repeat(9), "x".repeat(90));
        let lines: Vec<_> = wrapped(&text).lines().map(str::to_owned).collect();
        assert_eq!(lines[2], "one ".repeat(19).trim_end());
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH || !line.contains(' ')), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("             Contoso")), "{lines:?}");
        assert_eq!(lines.last().unwrap().len(), 90, "an address stays whole");
    }
}
