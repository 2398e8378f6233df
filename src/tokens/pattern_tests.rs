use globset::GlobBuilder;
use proptest::prelude::*;

use super::*;

/// The rule in its shortest form, to hold the loop against.
fn reference(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|taken| reference(rest, &name[taken..])),
        Some((c, rest)) => name.first().is_some_and(|n| n.eq_ignore_ascii_case(c)) && reference(rest, &name[1..]),
    }
}

#[test]
fn a_trailing_star_covers_packages_that_come_later_but_not_the_bare_name() {
    let pattern = Pattern::parse("fabrikam.service.*").unwrap();
    assert!(pattern.covers("Fabrikam.Service.Framework"));
    assert!(pattern.covers("Fabrikam.Service.a/b"));
    assert!(!pattern.covers("Fabrikam.Service"));
    assert!(!pattern.covers("XFabrikam.Service.Framework"));
}

#[test]
fn the_dot_is_only_a_dot() {
    assert!(!Pattern::parse("my.*").unwrap().covers("myXfoo"));
}

#[test]
fn letters_that_merely_look_alike_do_not_match() {
    let pattern = Pattern::parse("k*s").unwrap();
    for name in ["\u{212A}s", "k\u{17F}", "ｋs"] {
        assert!(!pattern.covers(name), "{name}");
    }
}

#[test]
fn what_only_looks_like_a_glob_is_refused() {
    for text in [
        "?",
        "[a-z]*",
        "[!a]",
        "{a,b}",
        "\\*",
        "!foo",
        "(a+)+$",
        "^a",
        "a$",
        "%2a",
        "\0",
        "K\u{212A}",
        "ａ",
        "a b",
        "a\u{200B}",
        "\u{AD}",
    ] {
        assert!(matches!(Pattern::parse(text), Err(BadPattern::Character(..))), "{text:?}");
    }
    for text in [".a", "a.", "..", "../*", "a//b", "/a", "a/", "@*/x", "a@b", "@", "a/.b"] {
        assert!(matches!(Pattern::parse(text), Err(BadPattern::MatchesNothing(_))), "{text:?}");
    }
    assert_eq!(Pattern::parse("  "), Err(BadPattern::Empty));
    assert!(matches!(Pattern::parse(&"a".repeat(129)), Err(BadPattern::TooLong(_))));
}

#[test]
fn runs_of_stars_and_repeated_patterns_are_folded() {
    assert_eq!(Pattern::parse("**a***").unwrap().as_str(), "*a*");
    assert_eq!(Patterns::parse("A.*\r\na.*\r\n\r\nB").unwrap().as_str(), "A.*\nB");
}

#[test]
fn two_patterns_in_one_line_are_an_error_and_not_a_wider_list() {
    for text in ["My Company.*", "A.*, B.*", "A.*;B.*"] {
        assert!(matches!(Patterns::parse(text), Err(BadPattern::Character(..))), "{text}");
    }
}

#[test]
fn a_list_holds_one_to_a_hundred_patterns() {
    let lines = |n: usize| (0..n).map(|i| format!("p{i}")).collect::<Vec<_>>().join("\n");
    assert!(Patterns::parse(&lines(100)).is_ok());
    assert_eq!(Patterns::parse(&lines(101)), Err(BadPattern::TooMany(101)));
    assert_eq!(Patterns::parse(" \n "), Err(BadPattern::Empty));
}

#[test]
fn what_is_over_a_bound_is_refused_but_still_read_where_it_is_stored() {
    let text = "*a".repeat(MAX_STARS);
    assert!(Pattern::parse(&text).is_ok());
    let text = format!("{text}*");
    assert!(matches!(Patterns::parse(&text), Err(BadPattern::TooManyStars(_))));
    assert_eq!(Patterns::stored(&text).unwrap().as_str(), text);
    let (kept, wrong) = Patterns::read(&"x\n".repeat(5000));
    assert_eq!((kept.unwrap().as_str(), wrong), ("x", vec![BadPattern::TooMany(5000)]));
}

#[test]
fn every_mistake_in_a_list_is_told_and_the_good_patterns_are_kept() {
    let (good, wrong) = Patterns::read("Contoso.*\na#b\n..\nFabrikam\n");
    assert_eq!(good.unwrap().as_str(), "Contoso.*\nFabrikam");
    assert!(matches!(wrong[..], [BadPattern::Character(..), BadPattern::MatchesNothing(_)]), "{wrong:?}");
}

#[test]
fn adding_a_pattern_is_noticed_and_dropping_one_is_not() {
    let list = |text| Patterns::parse(text).unwrap();
    assert!(list("a\nb").adds_to(&list("a")));
    assert!(!list("A").adds_to(&list("a\nb")));
    assert!(!list("a\nb").adds_to(&list("*")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_loop_agrees_with_the_reference(pattern in "[abAB.*]{1,8}", name in "[abAB./]{0,10}") {
        prop_assert_eq!(covers(&pattern, &name), reference(pattern.as_bytes(), name.as_bytes()));
    }

    #[test]
    fn the_loop_agrees_with_globset(text in "[a-cA-C.*_-]{1,10}", name in "[a-cA-C._-]{1,14}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            let glob = GlobBuilder::new(pattern.as_str()).case_insensitive(true).literal_separator(false).backslash_escape(false).build().unwrap();
            prop_assert_eq!(pattern.covers(&name), glob.compile_matcher().is_match(&name));
        }
    }

    #[test]
    fn any_text_is_either_refused_or_kept_in_a_form_that_reads_back(text in "\\PC{0,200}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            prop_assert_eq!(Pattern::parse(pattern.as_str()), Ok(pattern.clone()));
        }
    }
}
