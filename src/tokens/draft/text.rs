//! The texts of a token: its name, its note, and the name of one whose maker gives none.

use chrono::NaiveDate;
use thiserror::Error;

use crate::tokens::{Permissions, is_invisible, secret};

/// Longest name, in characters.
pub const MAX_NAME: usize = 128;
/// Longest note, in characters.
pub const MAX_NOTE: usize = 500;

/// Why a name or note is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadText {
    /// No name.
    #[error("Give the token a name, such as what it is used for.")]
    NoName,
    /// Over the bound.
    #[error("Use at most {0} characters.")]
    TooLong(usize),
    /// Somebody pasted a key.
    #[error("This contains a key. Keep keys where they are used; nobody can read them out of here.")]
    Key,
    /// Characters that would garble pages, mails or logs.
    #[error("Leave out control characters, invisible ones, and marks that change the direction of text.")]
    Control,
}

/// Reads a name: trimmed, 1 to [`MAX_NAME`] characters, one line.
pub fn name(text: &str) -> Result<String, BadText> {
    let text = text.trim();
    if text.is_empty() { Err(BadText::NoName) } else { bounded(text, MAX_NAME, |_| false) }
}

/// The name of a token whose maker gives none: `NuGet token, 28 Nov`.
pub fn default_name(permissions: Permissions, day: NaiveDate) -> String {
    let kinds: Vec<_> = permissions.kinds().collect();
    let what = match kinds[..] {
        [kind] => kind.label(),
        [] if !permissions.is_empty() => "API",
        _ => "Package",
    };
    format!("{what} token, {}", day.format("%-d %b"))
}

/// That name as it is the `number`th time it is needed, counted from one.
pub fn numbered(name: &str, number: usize) -> String {
    if number <= 1 { name.to_owned() } else { format!("{name} ({number})") }
}

/// Reads a note: trimmed, up to [`MAX_NOTE`] characters, line ends allowed.
pub fn note(text: &str) -> Result<String, BadText> {
    bounded(&text.trim().replace("\r\n", "\n"), MAX_NOTE, |c| c == '\n')
}

fn bounded(text: &str, most: usize, also: impl Fn(char) -> bool) -> Result<String, BadText> {
    if text.chars().count() > most {
        return Err(BadText::TooLong(most));
    }
    if text.chars().any(|c| is_invisible(c) && !also(c)) {
        return Err(BadText::Control);
    }
    if secret::is_in(text) {
        return Err(BadText::Key);
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_name_tells_the_kind_and_the_day() {
        let named =
            |scopes| default_name(Permissions::parse(scopes).unwrap(), NaiveDate::from_ymd_opt(2026, 11, 23).unwrap());
        assert_eq!(named("nuget:pull nuget:push"), "NuGet token, 23 Nov");
        assert_eq!(named("npm:pull api:read"), "npm token, 23 Nov");
        assert_eq!(named("nuget:pull npm:pull"), "Package token, 23 Nov");
        assert_eq!(named("api:read"), "API token, 23 Nov");
        assert_eq!(numbered("NuGet token, 23 Nov", 1), "NuGet token, 23 Nov");
        assert_eq!(numbered("NuGet token, 23 Nov", 2), "NuGet token, 23 Nov (2)");
    }

    #[test]
    fn a_name_is_one_line_of_visible_text() {
        assert_eq!(name("  GitHub Actions  "), Ok("GitHub Actions".to_owned()));
        assert_eq!(name("<script>"), Ok("<script>".to_owned()));
        assert_eq!(name(" "), Err(BadText::NoName));
        assert_eq!(name(&"é".repeat(128)).map(|n| n.chars().count()), Ok(128));
        assert_eq!(name(&"é".repeat(129)), Err(BadText::TooLong(128)));
        for bad in ["a\nb", "a\0b", "a\u{1b}[31m", "a\u{202E}b", "\u{200B}\u{200B}", "\u{FEFF}"] {
            assert_eq!(name(bad), Err(BadText::Control), "{bad:?}");
        }
        assert_eq!(note("a\r\nb\n"), Ok("a\nb".to_owned()));
    }
}
