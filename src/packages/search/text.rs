//! What a package is found by.

use super::words::{self, words};
use crate::packages::manifest::Manifest;

/// Characters of each text that count; what is longer is cut, because every word costs room.
const LONGEST: usize = 4_000;

/// What a package is found by, field by field: words with a blank around each. First they stand in the order of the text,
/// then, behind a bar, what they are found by besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchText {
    /// The name as a whole, its parts, and the pieces of those.
    pub name: String,
    /// The name for people, where it is another one.
    pub title: String,
    /// The tags.
    pub tags: String,
    /// Who made it.
    pub authors: String,
    /// What it is.
    pub description: String,
}

impl SearchText {
    /// Of a package of this name that the description of its newest version speaks of.
    pub fn of(name: &str, manifest: Option<&dyn Manifest>) -> Self {
        let title = manifest.map(Manifest::title).filter(|title| *title != name).unwrap_or_default();
        let tags = manifest.map(|manifest| manifest.tags().join(" ")).unwrap_or_default();
        Self {
            name: field_of_name(name),
            title: field(title),
            tags: field(&tags),
            authors: field(manifest.map(Manifest::authors).unwrap_or_default()),
            description: field(manifest.map(Manifest::description).unwrap_or_default()),
        }
    }

    /// Each different word of some fields, in any order.
    pub fn distinct<'a>(fields: &[&'a str]) -> Vec<&'a str> {
        let mut all: Vec<_> =
            fields.iter().flat_map(|field| field.split(' ')).filter(|word| !word.is_empty() && *word != "|").collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn field(text: &str) -> String {
    let text: String = text.chars().take(LONGEST).collect();
    let words = words(&text);
    joined(&words.parts, words.others)
}

/// The whole of a name counts as typed, with the `@` of a scope.
fn field_of_name(name: &str) -> String {
    let words = words(name);
    let whole: String = words::fold(name).chars().take(words::LONGEST).collect();
    let mut others = words.others;
    if !whole.contains(char::is_whitespace) && !whole.is_empty() {
        others.push(whole);
    }
    joined(&words.parts, others)
}

fn joined(parts: &[String], mut others: Vec<String>) -> String {
    others.sort_unstable();
    others.dedup();
    others.retain(|word| !parts.contains(word));
    match (parts.is_empty(), others.is_empty()) {
        (true, true) => String::new(),
        (_, true) => format!(" {} ", parts.join(" ")),
        _ => format!(" {} | {} ", parts.join(" "), others.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_its_whole_its_parts_and_their_pieces() {
        for (name, text) in [
            (
                "Microsoft.EntityFrameworkCore",
                " microsoft entityframeworkcore | core entity framework microsoft.entityframeworkcore ",
            ),
            ("@team/ui", " team ui | @team/ui team/ui "),
            ("Polly", " polly "),
            ("", ""),
        ] {
            assert_eq!(SearchText::of(name, None), SearchText { name: text.to_owned(), ..SearchText::default() });
        }
    }

    #[test]
    fn different_words_are_counted_once() {
        assert_eq!(SearchText::distinct(&[" json reads json | a.b ", " json "]), ["a.b", "json", "reads"]);
        assert!(SearchText::distinct(&["", ""]).is_empty());
    }
}
