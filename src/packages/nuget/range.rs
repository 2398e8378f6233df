//! Which texts are ranges of versions: the grammar of NuGet's own clients, floating ranges included.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::version::Version;

/// A range of versions as its author typed it, such as `[1.0, 2.0)`, `1.0` or `1.0.*`: every NuGet client can read it,
/// and it is not empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VersionRange(String);

/// Why a text is not a range that can be published. Completes the sentence "The version range of … ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRange {
    /// No client could read it.
    #[error("cannot be read by NuGet clients; write it like 1.0, [1.0, 2.0) or 1.0.*.")]
    Unreadable,
    /// Nothing lies between its bounds.
    #[error("holds no version; write the lower bound first and include a bound that stands alone, like [1.0].")]
    Empty,
}

impl VersionRange {
    /// Reads a range as `VersionRange.Parse` of NuGet.Versioning 7.9 does, floating ranges included; blanks around it are
    /// dropped.
    ///
    /// # Errors
    /// When clients could not read it, or no version can lie in it.
    pub fn parse(text: &str) -> Result<Self, BadRange> {
        let bounds = Bounds::read(text.trim()).ok_or(BadRange::Unreadable)?;
        if bounds.hold_nothing() { Err(BadRange::Empty) } else { Ok(Self(text.trim().to_owned())) }
    }

    /// The range as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VersionRange {
    type Error = BadRange;

    fn try_from(text: String) -> Result<Self, BadRange> {
        Self::parse(&text)
    }
}

impl From<VersionRange> for String {
    fn from(range: VersionRange) -> Self {
        range.0
    }
}

/// What a range says. A bound that is missing is open.
struct Bounds {
    min: Option<Version>,
    max: Option<Version>,
    /// Whether both bounds belong to the range.
    inclusive: bool,
}

impl Bounds {
    /// Reads trimmed text.
    fn read(text: &str) -> Option<Self> {
        let Some(inside) = text.strip_prefix(['(', '[']) else {
            return Some(Self { min: Some(read_min(text)?), max: None, inclusive: true });
        };
        let inside = inside.strip_suffix([')', ']'])?;
        let inclusive = text.starts_with('[') && text.ends_with(']');
        let (min, max) = match inside.split_once(',') {
            None if inside.is_empty() || !inclusive => return None,
            None => (inside, inside),
            // `(,)` is no range, `(, )` is the range of everything: so say the clients.
            Some(("", "")) => return None,
            Some(both) => both,
        };
        Some(Self { min: unless_blank(min, read_min)?, max: unless_blank(max, read_version)?, inclusive })
    }

    fn hold_nothing(&self) -> bool {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) => match compare(min, max) {
                Ordering::Less => false,
                Ordering::Equal => !self.inclusive,
                Ordering::Greater => true,
            },
            _ => false,
        }
    }
}

/// An open bound for blanks; `None` for what cannot be read.
fn unless_blank(text: &str, read: fn(&str) -> Option<Version>) -> Option<Option<Version>> {
    if text.trim().is_empty() { Some(None) } else { read(text).map(Some) }
}

/// The lower bound, which alone may float.
fn read_min(text: &str) -> Option<Version> {
    if text.contains('*') { lowest_of_float(text) } else { read_version(text) }
}

/// A version as clients read it: blanks around it and around each number are dropped, and it may be long.
fn read_version(text: &str) -> Option<Version> {
    let text = text.trim();
    let (numbers, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
    let numbers: Vec<&str> = numbers.split('.').map(str::trim).collect();
    Version::read(&(numbers.join(".") + rest)).ok()
}

/// The lowest version of a floating range. A star ends the numbers, the labels, or both.
fn lowest_of_float(text: &str) -> Option<Version> {
    if text.contains('+') {
        return None;
    }
    let before_last = text.strip_suffix('*')?;
    match before_last.split_once('-') {
        None => read_version(&format!("{before_last}0")),
        Some((numbers, labels)) => {
            let numbers = numbers.strip_suffix('*').map_or_else(|| numbers.to_owned(), |fixed| format!("{fixed}0"));
            let lowest = if labels.is_empty() || labels.ends_with('.') { "0" } else { "" };
            read_version(&format!("{numbers}-{labels}{lowest}"))
        }
    }
}

/// The order of the clients, who read only labels up to 2147483647 as numbers.
fn compare(left: &Version, right: &Version) -> Ordering {
    let by_labels = || match (left.labels(), right.labels()) {
        ([], right) => {
            if right.is_empty() {
                Ordering::Equal
            } else {
                Ordering::Greater
            }
        }
        (_, []) => Ordering::Less,
        (left, right) => {
            let orders = left.iter().zip(right).map(|(left, right)| compare_label(left, right));
            orders.fold(Ordering::Equal, Ordering::then).then(left.len().cmp(&right.len()))
        }
    };
    left.numbers().cmp(&right.numbers()).then_with(by_labels)
}

fn compare_label(left: &str, right: &str) -> Ordering {
    match (left.parse::<i32>(), right.parse::<i32>()) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase()),
    }
}

#[cfg(test)]
#[path = "range_tests.rs"]
mod tests;
