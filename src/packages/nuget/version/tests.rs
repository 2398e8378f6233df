//! How versions are read, written and ordered.

use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

#[test]
fn versions_are_normalized_by_the_rules_of_nuget() {
    for (typed, normalized) in [
        ("1", "1.0.0"),
        ("1.0", "1.0.0"),
        ("01.0.0", "1.0.0"),
        ("1.2.3.0", "1.2.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.00.007.0-Beta", "1.0.7-Beta"),
        ("1.0.0+meta", "1.0.0"),
        ("1.0-a.b.1+x.y", "1.0.0-a.b.1"),
        ("1.0.0--", "1.0.0--"),
        ("1.0.0-0", "1.0.0-0"),
        ("2147483647.0.0", "2147483647.0.0"),
        ("1.0.0-alpha-2", "1.0.0-alpha-2"),
        ("0000000000000000000000001", "1.0.0"),
    ] {
        assert_eq!(version(typed).normalized(), normalized, "{typed}");
    }
}

#[test]
fn texts_that_are_no_versions_are_refused() {
    for (text, error) in [
        ("", BadVersion::Empty),
        (" 1.0", BadVersion::Numbers),
        ("1.0 ", BadVersion::Numbers),
        ("1..0", BadVersion::Numbers),
        ("1.", BadVersion::Numbers),
        (".1", BadVersion::Numbers),
        ("v1.0", BadVersion::Numbers),
        ("-1.0", BadVersion::Numbers),
        ("+1.0", BadVersion::Numbers),
        ("$version$", BadVersion::Numbers),
        ("1.0.0.0.0", BadVersion::Numbers),
        ("1.*", BadVersion::Numbers),
        ("\u{661}.0", BadVersion::Numbers),
        ("2147483648", BadVersion::TooGreat),
        ("9223372036854775808.0", BadVersion::TooGreat),
        ("1.0.0-", BadVersion::Labels),
        ("1.0.0-a..b", BadVersion::Labels),
        ("1.0.0-.a", BadVersion::Labels),
        ("1.0.0-a.", BadVersion::Labels),
        ("1.0.0-a_b", BadVersion::Labels),
        ("1.0.0-\u{e9}", BadVersion::Labels),
        ("1.0.0+", BadVersion::Labels),
        ("1.0.0+a+b", BadVersion::Labels),
        ("1.0.0-a/../b", BadVersion::Labels),
        ("1.0.0-beta.01", BadVersion::LeadingZero),
    ] {
        assert_eq!(Version::parse(text).err(), Some(error), "{text:?}");
    }
}

#[test]
fn a_version_has_at_most_sixty_four_characters() {
    assert!(Version::parse(&format!("1.0.0-{}", "a".repeat(58))).is_ok());
    assert_eq!(Version::parse(&format!("1.0.0-{}", "a".repeat(59))).err(), Some(BadVersion::TooLong));
    assert_eq!(Version::parse(&format!("1-{}", "a".repeat(60))).err(), Some(BadVersion::TooLong));
    assert_eq!(Version::parse(&"9".repeat(1_000_000)).err(), Some(BadVersion::TooLong));
}

#[test]
fn identity_knows_neither_case_nor_metadata_nor_trailing_zeros() {
    for (left, right) in [("1.0", "1.0.0.0"), ("1.0.0-RC.1", "1.0.0-rc.1"), ("1.0.0+a", "1.0.0+b")] {
        assert_eq!(version(left), version(right));
        assert_eq!(version(left).key(), version(right).key());
    }
    assert_ne!(version("1.0.0"), version("1.0.0-a"));
}

#[test]
fn versions_come_in_the_order_of_semver() {
    let order = [
        "0.9",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-99999999999999999999",
        "1.0.0-ALPHA",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-Beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.0.1",
        "1.0.1",
        "1.10.0",
    ];
    for pair in order.windows(2) {
        assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
    }
}

#[test]
fn metadata_and_dotted_labels_need_semver_2() {
    for (text, prerelease, semver2) in
        [("1.0.0", false, false), ("1.0.0-beta", true, false), ("1.0.0-beta.1", true, true), ("1.0.0+abc", false, true)]
    {
        assert_eq!((version(text).is_prerelease(), version(text).is_semver2()), (prerelease, semver2), "{text}");
    }
}

fn versions() -> impl Strategy<Value = String> {
    let label = "(0|[1-9][0-9]{0,3}|[0-9a-zA-Z-]{0,3}[a-zA-Z-])";
    proptest::string::string_regex(&format!(
        "[0-9]{{1,3}}(\\.[0-9]{{1,3}}){{0,3}}(-{label}(\\.{label}){{0,2}})?(\\+[0-9a-z]{{1,3}})?"
    ))
    .unwrap()
}

proptest! {
    #[test]
    fn every_version_survives_normalisation_and_storage(text in versions()) {
        let first = version(&text);
        prop_assert_eq!(&version(&first.normalized()), &first);
        prop_assert_eq!(version(&first.key()).key(), first.key());
        prop_assert_eq!(version(&first.to_string()).to_string(), first.to_string());
        prop_assert_eq!(version(&first.normalized()).normalized(), first.normalized());
    }

    #[test]
    fn equal_keys_mean_equal_versions(left in versions(), right in versions()) {
        let (left, right) = (version(&left), version(&right));
        prop_assert_eq!(left.key() == right.key(), left == right);
        prop_assert_eq!(left.cmp(&right), right.cmp(&left).reverse());
    }

    #[test]
    fn sort_keys_are_in_the_order_of_versions(left in versions(), right in versions()) {
        let (left, right) = (version(&left), version(&right));
        prop_assert_eq!(left.sort_key().cmp(&right.sort_key()), left.cmp(&right));
        prop_assert!(left.sort_key().len() < 200);
    }

    #[test]
    fn the_order_is_transitive(texts in proptest::array::uniform3(versions())) {
        let mut sorted = texts.map(|text| version(&text));
        sorted.sort();
        prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,70}") {
        if let Ok(read) = Version::parse(&text) {
            prop_assert!(read.normalized().len() <= LONGEST);
        }
    }
}
