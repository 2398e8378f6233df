//! What people type to find packages.

/// The words of a search, in lower case; all of them must be found. What stands in quotes is one word, spaces included.
/// A search finds words anywhere, so that a star around one asks for nothing more and is left out.
pub fn search_words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut words = Vec::new();
    for (number, part) in lower.split('"').enumerate() {
        let is_quoted = number % 2 == 1;
        if is_quoted {
            words.push(part.split_whitespace().collect::<Vec<_>>().join(" "));
        } else {
            words.extend(part.split_whitespace().map(|word| word.trim_matches('*').to_owned()));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_words_together_and_stars_ask_for_nothing_more() {
        for (text, words) in [
            ("", &[][..]),
            ("Contoso  Core", &["contoso", "core"]),
            ("read*", &["read"]),
            ("*", &[]),
            ("\"Reads  JSON\" core", &["reads json", "core"]),
            ("\"never closed", &["never closed"]),
            ("\"\"", &[]),
            ("a*b", &["a*b"]),
        ] {
            assert_eq!(search_words(text), words, "{text}");
        }
    }
}
