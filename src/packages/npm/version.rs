//! Versions of npm packages: SemVer 2, as strict as the registries of today.

use semver::Version;

use crate::packages::VersionNumber;

/// Characters of a version.
const LONGEST: usize = 128;
/// The greatest number in a version: what JavaScript counts exactly.
const GREATEST: u64 = (1 << 53) - 1;

/// Reads a version; none if it is none. Build metadata is no part of a version that is published (npm takes it off).
pub fn parse(text: &str) -> Option<VersionNumber> {
    let version = Version::parse(text).ok().filter(|_| text.len() <= LONGEST)?;
    let is_countable = [version.major, version.minor, version.patch].into_iter().all(|number| number <= GREATEST);
    (is_countable && version.build.is_empty()).then(|| VersionNumber {
        text: text.to_owned(),
        key: text.to_owned(),
        sort_key: sort_key(&version),
        is_prerelease: !version.pre.is_empty(),
        is_plain: true,
    })
}

/// Bytes that sort as SemVer orders: numbers of a prerelease before words, fewer labels before more, and all of them before
/// the release.
fn sort_key(version: &Version) -> Vec<u8> {
    let numbers = [version.major, version.minor, version.patch];
    let mut key: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    if version.pre.is_empty() {
        key.push(u8::MAX);
        return key;
    }
    for label in version.pre.split('.') {
        if label.bytes().all(|b| b.is_ascii_digit()) {
            // Without leading zeros, the longer number is the greater.
            key.extend([1, u8::try_from(label.len()).unwrap_or(u8::MAX)]);
        } else {
            key.push(2);
        }
        key.extend(label.bytes());
        key.push(0);
    }
    key.push(0);
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn versions_are_semver_without_build_metadata() {
        for good in ["1.0.0", "0.0.0", "1.0.0-beta.1", "1.0.0--", "1.2.3-0.3.7", "9007199254740991.0.0"] {
            assert_eq!(parse(good).unwrap().text, good);
        }
        let long = format!("1.0.0-{}", "a".repeat(123));
        for bad in [
            "",
            "1",
            "1.0",
            "v1.0.0",
            "01.0.0",
            "1.0.0-",
            "1.0.0-a..b",
            "1.0.0-01",
            "1.0.0+build",
            " 1.0.0",
            "9007199254740992.0.0",
            "1.0.0-\u{e9}",
            "latest",
            &long,
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn letters_of_either_case_are_different_versions() {
        assert!(parse("1.0.0-Beta").unwrap() != parse("1.0.0-beta").unwrap());
    }

    fn versions() -> impl Strategy<Value = Version> {
        let label = prop_oneof!["0|[1-9][0-9]{0,8}", "[a-zA-Z-][0-9A-Za-z-]{0,4}"];
        let labels = prop::collection::vec(label, 0..4);
        ((0..12u64, 0..3u64, 0..3u64), labels).prop_map(|((major, minor, patch), labels)| {
            let numbers = format!("{major}.{minor}.{patch}");
            let text = if labels.is_empty() { numbers } else { format!("{numbers}-{}", labels.join(".")) };
            Version::parse(&text).unwrap()
        })
    }

    proptest! {
        #[test]
        fn the_bytes_sort_as_semver_says(one in versions(), other in versions()) {
            let key = |version: &Version| parse(&version.to_string()).unwrap().sort_key;
            prop_assert_eq!(key(&one).cmp(&key(&other)), one.cmp_precedence(&other));
        }
    }
}
