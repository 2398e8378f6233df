//! Which versions of a package somebody means: one, some, those in a range, or all.

use thiserror::Error;

use super::{VersionNumber, rules};
use crate::tokens::Kind;

/// Parts of a text that count.
const MOST_PARTS: usize = 20;
/// No number of a version sorts behind this.
const ABOVE_ALL: [u8; 1] = [u8::MAX];

/// A set of versions, as ranges of [`VersionNumber::sort_key`]: from the first key on, up to and without the second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionSet(Vec<(Vec<u8>, Vec<u8>)>);

/// Why a text names no versions.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("Write versions such as 1.2.0, <1.2.0, >=1.2.0 or 1.0.0 - 1.4.9, with commas between them, or * for all.")]
pub struct BadVersionSet;

impl VersionSet {
    /// Reads parts with commas between them: `*`, `1.0.0`, `<1.0.0`, `<=1.0.0`, `>1.0.0`, `>=1.0.0`, `1.0.0 - 1.4.9`, both
    /// ends included.
    ///
    /// # Errors
    /// When a part is none of them, or there are too many.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, BadVersionSet> {
        let parts: Vec<_> = text.split(',').map(str::trim).collect();
        if parts.len() > MOST_PARTS {
            return Err(BadVersionSet);
        }
        parts.into_iter().map(|part| range(kind, part)).collect::<Result<_, _>>().map(Self)
    }

    /// Every version from one to another, both included.
    pub fn between(first: &VersionNumber, last: &VersionNumber) -> Self {
        Self(vec![(first.sort_key.clone(), behind(last))])
    }

    /// This one and others.
    pub fn and(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The ranges of keys, in no order.
    pub fn ranges(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &self.0
    }
}

fn range(kind: Kind, part: &str) -> Result<(Vec<u8>, Vec<u8>), BadVersionSet> {
    let number = |text: &str| rules(kind).version(text.trim()).ok_or(BadVersionSet);
    let above = || ABOVE_ALL.to_vec();
    if part == "*" {
        return Ok((Vec::new(), above()));
    }
    if let Some((first, last)) = part.split_once(" - ") {
        return Ok((number(first)?.sort_key, behind(&number(last)?)));
    }
    if let Some(last) = part.strip_prefix("<=") {
        return Ok((Vec::new(), behind(&number(last)?)));
    }
    if let Some(end) = part.strip_prefix('<') {
        return Ok((Vec::new(), number(end)?.sort_key));
    }
    if let Some(first) = part.strip_prefix(">=") {
        return Ok((number(first)?.sort_key, above()));
    }
    if let Some(start) = part.strip_prefix('>') {
        return Ok((behind(&number(start)?), above()));
    }
    let one = number(part)?;
    Ok((one.sort_key.clone(), behind(&one)))
}

/// The least key behind that of a version.
fn behind(version: &VersionNumber) -> Vec<u8> {
    [version.sort_key.as_slice(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 6] = ["1.0.0-beta", "1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1", "2.0.0"];

    fn named(kind: Kind, text: &str) -> Vec<&'static str> {
        let set = VersionSet::parse(kind, text).unwrap();
        let has = |version: &&str| {
            let key = rules(kind).version(version).unwrap().sort_key;
            set.ranges().iter().any(|(low, high)| *low <= key && key < *high)
        };
        ALL.into_iter().filter(has).collect()
    }

    #[test]
    fn versions_are_named_alike_whatever_their_kind() {
        for kind in [Kind::NuGet, Kind::Npm] {
            for (text, found) in [
                ("*", &ALL[..]),
                ("1.2.0", &["1.2.0"]),
                ("<1.2.0", &["1.0.0-beta", "1.0.0"]),
                ("<= 1.2.0", &["1.0.0-beta", "1.0.0", "1.2.0"]),
                (">1.10.0", &["2.0.0-rc.1", "2.0.0"]),
                (">=1.10.0", &["1.10.0", "2.0.0-rc.1", "2.0.0"]),
                ("1.0.0 - 1.10.0", &["1.0.0", "1.2.0", "1.10.0"]),
                ("1.0.0-beta", &["1.0.0-beta"]),
                ("2.0.0, <1.0.0", &["1.0.0-beta", "2.0.0"]),
                ("2.0.0 - 1.0.0", &[]),
                ("7.0.0", &[]),
            ] {
                assert_eq!(named(kind, text), found, "{kind:?} {text}");
            }
            let number = |text| rules(kind).version(text).unwrap();
            let mut some = VersionSet::between(&number("1.0.0"), &number("1.2.0"));
            some.and(VersionSet::parse(kind, "2.0.0").unwrap());
            assert_eq!(some.ranges().len(), 2);
        }
    }

    #[test]
    fn what_names_no_versions_is_refused() {
        let many = vec!["1.0.0"; 21].join(",");
        for bad in ["", ",", "1.0.0,", "x", "[1.0,2.0)", "1.0.0 -", "<", "1.0.0 - 2.0.0 - 3.0.0", "\0", many.as_str()] {
            assert_eq!(VersionSet::parse(Kind::NuGet, bad), Err(BadVersionSet), "{bad}");
        }
    }
}
