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

/// What stands before the username of an owner in a search, as on nuget.org.
const OWNER: &str = "owner:";

/// Takes the owners that a search names out of its words (`owner:ada`), each once.
pub fn take_owners(words: &mut Vec<String>) -> Vec<String> {
    let mut owners: Vec<String> = words.extract_if(.., |word| word.starts_with(OWNER)).collect();
    owners.iter_mut().for_each(|word| drop(word.drain(..OWNER.len())));
    owners.retain(|name| !name.is_empty());
    owners.sort();
    owners.dedup();
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_taken_out_of_the_words() {
        let mut words = search_words("core Owner:Ada owner: owner:ada owner:bo");
        assert_eq!(take_owners(&mut words), ["ada", "bo"]);
        assert_eq!(words, ["core"]);
        assert!(take_owners(&mut words).is_empty());
    }

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
