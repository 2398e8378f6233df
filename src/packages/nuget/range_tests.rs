//! Ranges against the verdicts of NuGet itself, and against a second reader written the way NuGet's own is.

use proptest::prelude::*;

use super::*;

/// What NuGet.Versioning 7.9.0 says of each text: `+` reads it, `-` does not, `0` reads it and no version lies in it.
const CASES: &str = include_str!("range_cases.txt");

#[test]
fn ranges_are_read_as_nuget_reads_them() {
    for line in CASES.lines() {
        let (verdict, text) = line.split_at(1);
        let read = VersionRange::parse(text);
        match verdict {
            "+" => assert_eq!(read.map(String::from).as_deref(), Ok(text.trim()), "{text:?}"),
            "-" => assert!(read.is_err(), "{text:?}"),
            _ => assert_eq!(read, Err(BadRange::Empty), "{text:?}"),
        }
    }
    assert!(CASES.lines().count() > 150);
}

#[test]
fn the_sentence_tells_what_cannot_be_read_from_what_is_empty() {
    for text in ["", "$version$", "[15.106.0.preview]", "0.0.0-~4", "1.0,2.0", "(1.0)", "[1.0,2.*]", "1.0.0-01"] {
        assert_eq!(VersionRange::parse(text), Err(BadRange::Unreadable), "{text}");
    }
    for text in ["[2.0,1.0]", "[1.0,1.0)", "(1.0,1.0]", "(1.0,1.0)", "[1.0.0,1.0.0-rc]", "[1.*,1.0)"] {
        assert_eq!(VersionRange::parse(text), Err(BadRange::Empty), "{text}");
    }
}

/// NuGet's reader, step by step: characters and indices where ours splits and strips.
mod by_the_book {
    type Read = (Vec<i64>, Vec<String>);

    pub(super) fn accepts(text: &str) -> bool {
        let text: Vec<char> = text.trim().chars().collect();
        let (Some(first), Some(last)) = (text.first(), text.last()) else { return false };
        if text == ['*'] {
            return true;
        }
        if !matches!(first, '(' | '[') {
            return min(&text).is_some();
        }
        if text.len() < 2 || !matches!(last, ')' | ']') {
            return false;
        }
        let parts: Vec<&[char]> = text[1..text.len() - 1].split(|letter| *letter == ',').collect();
        let both_inclusive = *first == '[' && *last == ']';
        if parts.len() > 2 || parts.iter().all(|part| part.is_empty()) || (parts.len() == 1 && !both_inclusive) {
            return false;
        }
        let is_blank = |part: &[char]| part.iter().all(|letter| letter.is_whitespace());
        let (low, high) = (parts[0], parts[parts.len() - 1]);
        match (is_blank(low), is_blank(high)) {
            (true, true) => true,
            (true, false) => version(high).is_some(),
            (false, true) => min(low).is_some(),
            (false, false) => match (min(low), version(high)) {
                (Some(low), Some(high)) => low_enough(&low, &high, both_inclusive),
                _ => false,
            },
        }
    }

    fn low_enough(low: &Read, high: &Read, inclusive: bool) -> bool {
        for (one, other) in low.0.iter().zip(&high.0) {
            if one != other {
                return one < other;
            }
        }
        if low.1.is_empty() != high.1.is_empty() {
            return !low.1.is_empty();
        }
        for (one, other) in low.1.iter().zip(&high.1) {
            let (number, other_number) = (one.parse::<i32>().ok(), other.parse::<i32>().ok());
            let (word, other_word) = (one.to_lowercase(), other.to_lowercase());
            match (number, other_number) {
                (Some(one), Some(other)) if one != other => return one < other,
                (Some(_), None) => return true,
                (None, Some(_)) => return false,
                (None, None) if word != other_word => return word < other_word,
                _ => {}
            }
        }
        low.1.len() < high.1.len() || (low.1.len() == high.1.len() && inclusive)
    }

    fn min(text: &[char]) -> Option<Read> {
        let stars: Vec<usize> = (0..text.len()).filter(|&at| text[at] == '*').collect();
        let (Some(&first), Some(&last)) = (stars.first(), stars.last()) else { return version(text) };
        if last != text.len() - 1 || text.contains(&'+') {
            return None;
        }
        let dash = text.iter().position(|letter| *letter == '-');
        let mut actual: String = text[..last].iter().collect();
        if text == ['*'] {
            actual = "0.0".to_owned();
        } else if first != last {
            let dash = dash.filter(|dash| first + 1 == *dash)?;
            let release: String = text[dash + 1..last].iter().collect();
            let zero = if release.is_empty() || release.ends_with('.') { "0" } else { "" };
            actual = format!("{}0-{release}{zero}", text[..first].iter().collect::<String>());
        } else if dash.is_none() || dash == Some(last - 1) || actual.ends_with('.') {
            actual.push('0');
        } else if actual.ends_with('-') {
            actual.push('-');
        }
        version(&actual.chars().collect::<Vec<_>>())
    }

    /// Four numbers and the labels, read letter by letter.
    fn version(text: &[char]) -> Option<Read> {
        let text: String = text.iter().collect();
        let (mut numbers, mut labels, mut rest) = (vec![0; 4], Vec::new(), text.trim());
        if let Some((before, metadata)) = rest.split_once('+') {
            metadata.split('.').all(is_label).then_some(())?;
            rest = before;
        }
        if let Some((before, release)) = rest.split_once('-') {
            labels = release.split('.').map(str::to_owned).collect();
            let zero_first = |label: &str| label.len() > 1 && label.starts_with('0') && label.parse::<u128>().is_ok();
            labels.iter().all(|label| is_label(label) && !zero_first(label)).then_some(())?;
            rest = before;
        }
        for (place, part) in rest.split('.').enumerate() {
            let part = part.trim();
            (!part.is_empty()).then_some(())?;
            let number = part.chars().try_fold(0i64, |sum, digit| {
                Some(sum * 10 + i64::from(digit.to_digit(10)?)).filter(|sum| *sum <= i64::from(i32::MAX))
            })?;
            *numbers.get_mut(place)? = number;
        }
        Some((numbers, labels))
    }

    fn is_label(label: &str) -> bool {
        !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    }
}

#[test]
fn the_second_reader_agrees_with_nuget_too() {
    for line in CASES.lines().filter(|line| !line.contains("99999999999999999999")) {
        assert_eq!(by_the_book::accepts(&line[1..]), line.starts_with('+'), "{line}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    const PIECES: [&str; 17] =
        ["1", "0", "2", "10", "01", ".", "-", "+", "*", "a", "beta", "[", "]", "(", ")", ",", " "];
    let anything = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12).prop_map(|pieces| pieces.concat());
    let bound = || "([0-2](\\.[0-2*]){0,3}(-[ab0-2.*-]{1,3})?)?";
    let likely = proptest::string::string_regex(&format!("[(\\[]{}, ?{}[)\\]]", bound(), bound())).unwrap();
    prop_oneof![anything, likely]
}

proptest! {
    #[test]
    fn both_readers_take_the_same_texts(text in texts()) {
        prop_assert_eq!(VersionRange::parse(&text).is_ok(), by_the_book::accepts(&text));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,40}") {
        if let Ok(range) = VersionRange::parse(&text) {
            prop_assert_eq!(VersionRange::parse(range.as_str()), Ok(range.clone()));
        }
    }
}
