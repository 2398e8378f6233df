//! Cutting texts into the words they are found by.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::tokens::is_invisible;

/// Characters of a word; what is longer is cut.
pub(super) const LONGEST: usize = 128;

/// The words of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// As they stand, one after the other.
    pub parts: Vec<String>,
    /// What they are found by besides: `system.text.json` as a whole, and the pieces of `EntityFrameworkCore`.
    pub others: Vec<String>,
}

/// A text as words are compared: without accents, invisible characters and the difference between cases.
pub fn fold(text: &str) -> String {
    plain(text).chars().map(lower).collect()
}

/// Without accents; capitals stay, because words are cut at them.
fn plain(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c) && (c.is_whitespace() || !is_invisible(*c))).collect()
}

/// Letter by letter: what a letter becomes must not depend on its neighbours, or beginnings of words would not be found.
fn lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    let first = lower.next().unwrap_or(c);
    if first == 'ς' { 'σ' } else { first }
}

/// Cuts a text at everything that is neither letter nor digit. A language's `#` or `++` stays with its name, and so does
/// the dot of `.NET`. Chinese and Japanese, which put no blanks between words, are cut into characters.
pub(super) fn words(text: &str) -> Words {
    let mut words = Words::default();
    for chunk in plain(text).split(|c| !belongs(c)) {
        add_chunk(chunk, &mut words);
    }
    words
}

fn belongs(c: char) -> bool {
    c.is_alphanumeric() || is_joint(c) || is_suffix(c)
}

/// What stands between the parts of a name.
fn is_joint(c: char) -> bool {
    matches!(c, '.' | '-' | '_' | '/' | '@')
}

fn is_suffix(c: char) -> bool {
    matches!(c, '#' | '+')
}

/// Ideographs and kana.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3134F}')
}

fn add_chunk(chunk: &str, words: &mut Words) {
    let before = words.parts.len();
    let mut part = String::new();
    let mut rest = chunk.chars().peekable();
    while let Some(c) = rest.next() {
        if c.is_alphanumeric() && !stands_alone(c) {
            part.push(c);
            continue;
        }
        let ends_word = is_suffix(c) && !part.is_empty();
        let mut suffix = String::from(c);
        while ends_word && let Some(next) = rest.next_if(|next| is_suffix(*next)) {
            suffix.push(next);
        }
        let is_last = rest.peek().is_none_or(|next| is_joint(*next));
        if ends_word && is_last {
            words.others.push(lowered(&format!("{part}{suffix}")));
        }
        add_part(&std::mem::take(&mut part), words);
        if stands_alone(c) {
            words.parts.push(String::from(c));
        }
    }
    add_part(&part, words);
    let whole = chunk.trim_matches(|c: char| is_joint(c) || is_suffix(c));
    if words.parts.len() > before + 1 && whole.contains(is_joint) {
        words.others.push(lowered(whole));
    }
    if chunk.starts_with('.') && !chunk.starts_with("..") && !whole.is_empty() {
        words.others.push(lowered(&format!(".{whole}")));
    }
}

fn add_part(part: &str, words: &mut Words) {
    if part.is_empty() {
        return;
    }
    words.parts.push(lowered(part));
    let pieces = pieces(part);
    if pieces.len() > 1 {
        words.others.extend(pieces.iter().map(|piece| lowered(piece)));
    }
}

fn lowered(word: &str) -> String {
    word.chars().map(lower).take(LONGEST).collect()
}

/// What capitals and digits cut a part into: `JSONReader2` into `JSON`, `Reader` and `2`.
fn pieces(part: &str) -> Vec<String> {
    let letters: Vec<char> = part.chars().collect();
    let mut pieces = vec![String::new()];
    for (at, c) in letters.iter().copied().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
        let after = letters.get(at + 1).copied();
        if before.is_some_and(|before| is_cut(before, c, after)) {
            pieces.push(String::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}

fn is_cut(before: char, c: char, after: Option<char>) -> bool {
    let begins_word = c.is_uppercase() && after.is_some_and(char::is_lowercase);
    (before.is_lowercase() && c.is_uppercase())
        || (before.is_uppercase() && begins_word)
        || before.is_numeric() != c.is_numeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(text: &str) -> (String, String) {
        let words = words(text);
        (words.parts.join(" "), words.others.join(" "))
    }

    #[test]
    fn texts_are_cut_into_words_and_what_else_they_are_found_by() {
        for (text, parts, others) in [
            ("", "", ""),
            ("Reads JSON.", "reads json", ""),
            ("EntityFrameworkCore", "entityframeworkcore", "entity framework core"),
            ("Microsoft.IO", "microsoft io", "microsoft.io"),
            ("Http2", "http2", "http 2"),
            ("JSONReader", "jsonreader", "json reader"),
            ("@team/ui-kit", "team ui kit", "team/ui-kit"),
            ("C#, C++ and F#.", "c c and f", "c# c++ f#"),
            ("a+b #1", "a b 1", ""),
            (".NET", "net", ".net"),
            ("ASP.NET", "asp net", "asp.net"),
            ("... .. .", "", ""),
            ("Crème Brûlée", "creme brulee", ""),
            ("高速JSON解析", "高 速 json 解 析", ""),
            ("ΣΑΣ", "σασ", ""),
            ("soft\u{ad}hyphen \u{202e}x", "softhyphen x", ""),
            ("a\0b\u{1f}c", "abc", ""),
            ("ｆｕｌｌ ﬁ", "full fi", ""),
        ] {
            assert_eq!(cut(text), (parts.to_owned(), others.to_owned()), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_word_is_empty_has_blanks_or_is_too_long(text in "\\PC{0,200}") {
            let words = words(&text);
            for word in words.parts.iter().chain(&words.others) {
                prop_assert!(!word.is_empty() && !word.contains(char::is_whitespace), "{word:?}");
                prop_assert!(word.chars().count() <= LONGEST && word.chars().any(char::is_alphanumeric), "{word:?}");
            }
        }

        #[test]
        fn beginnings_of_a_word_begin_it_cut_by_themselves(word in "[A-Za-zÀ-ÿΑ-ω]{2,20}") {
            let whole = words(&word).parts.concat();
            for end in word.char_indices().map(|(at, _)| at).skip(2) {
                let begun = words(&word[..end]).parts.concat();
                prop_assert!(whole.starts_with(&begun), "{whole} {begun}");
            }
        }
    }
}
