//! Texts of a list with the words that were searched for marked. The text comes in pieces and is escaped piece by piece, so
//! that nothing in it can look like a mark.

use crate::packages::search::{SearchQuery, fold};

/// A text in pieces.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Marked(Vec<Piece>);

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Whether it was searched for.
    pub is_hit: bool,
}

impl Marked {
    /// Marks where a word of the text, or a piece of one, begins as a word of the search.
    pub(super) fn of(text: &str, query: &SearchQuery) -> Self {
        let words = query.words.iter().chain(query.checks.iter().flat_map(|check| &check.words));
        let words: Vec<&str> = words.map(String::as_str).collect();
        let letters: Vec<char> = text.chars().collect();
        let (mut pieces, mut at) = (Self::default(), 0);
        while let Some(letter) = letters.get(at) {
            let hit = if begins_word(&letters, at) { longest(&letters[at..], &words) } else { 0 };
            let next = at + hit.max(1);
            match hit {
                0 => pieces.push(&letter.to_string(), false),
                _ => pieces.push(&letters[at..next].iter().collect::<String>(), true),
            }
            at = next;
        }
        pieces
    }

    /// The pieces in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    fn push(&mut self, text: &str, is_hit: bool) {
        match self.0.last_mut() {
            Some(last) if last.is_hit == is_hit => last.text.push_str(text),
            _ => self.0.push(Piece { text: text.to_owned(), is_hit }),
        }
    }
}

fn begins_word(letters: &[char], at: usize) -> bool {
    let Some((before, this)) = at.checked_sub(1).and_then(|before| letters.get(before)).zip(letters.get(at)) else {
        return true;
    };
    let after = letters.get(at + 1);
    !before.is_alphanumeric()
        || (this.is_uppercase() && (before.is_lowercase() || after.is_some_and(|after| after.is_lowercase())))
        || before.is_numeric() != this.is_numeric()
        || !before.is_ascii() && !before.is_lowercase() && !before.is_uppercase()
}

/// How many letters the longest of the words takes here; 0 for none.
fn longest(letters: &[char], words: &[&str]) -> usize {
    words.iter().filter_map(|word| taken(letters, word)).max().unwrap_or_default()
}

fn taken(letters: &[char], word: &str) -> Option<usize> {
    let mut rest = word;
    for (at, letter) in letters.iter().enumerate() {
        if rest.is_empty() {
            return Some(at);
        }
        rest = rest.strip_prefix(fold(&letter.to_string()).as_str())?;
    }
    rest.is_empty().then_some(letters.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, typed: &str) -> String {
        let marked = Marked::of(text, &SearchQuery::parse(typed));
        marked
            .pieces()
            .iter()
            .map(|piece| if piece.is_hit { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn beginnings_of_words_are_marked() {
        for (text, typed, marked) in [
            ("Newtonsoft.Json reads JSON", "json", "Newtonsoft.[Json] reads [JSON]"),
            ("EntityFrameworkCore", "core frame", "Entity[Frame]work[Core]"),
            ("Crème brûlée", "creme bru", "[Crème] [brû]lée"),
            ("references", "ef", "references"),
            ("C# and C++", "c#", "[C#] and C++"),
            ("x <b>y</b>", "b y", "x <[b]>[y]</[b]>"),
            ("", "x", ""),
            ("plain", "", "plain"),
        ] {
            assert_eq!(shown(text, typed), marked, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_lost(text in "\\PC{0,40}", typed in "\\PC{0,20}") {
            let marked = Marked::of(&text, &SearchQuery::parse(&typed));
            prop_assert_eq!(marked.pieces().iter().map(|piece| piece.text.as_str()).collect::<String>(), text);
        }
    }
}
