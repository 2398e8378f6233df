//! What people type to find packages.

use strum::EnumString;

use super::words::{fold, words};

/// Characters of a search that count.
const LONGEST: usize = 256;
/// Hits are counted up to so many; of more, it is only said that there are more.
pub const MOST_COUNTED: usize = 1_000;
/// Packages that are held against patterns which are no ranges of names.
pub const MOST_MATCHED: usize = 10_000;
/// Words of a search that count.
pub const MOST_WORDS: usize = 16;
/// Phrases and words of one field that count.
pub const MOST_CHECKS: usize = 6;

/// A search, read: every word must begin a word of the package, and every check must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchQuery {
    /// What was typed, folded, if that is one word: a name that is so or begins so comes first.
    pub name: String,
    /// Words that begin a word of any field.
    pub words: Vec<String>,
    /// What one field must hold, and phrases.
    pub checks: Vec<Check>,
    /// The one package that is asked for (`packageid:`), as its identity.
    pub exactly: Option<String>,
    /// A version that the package must have, as typed.
    pub version: Option<String>,
    /// Usernames in lower case of accounts of which each must own the package.
    pub owners: Vec<String>,
    /// Whether something was typed by which nothing can be found, such as `%`.
    pub is_noise: bool,
}

/// A text that a field must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which field.
    pub field: Field,
    /// Words one after the other.
    pub words: Vec<String>,
    /// Whether the last one is whole, not only the beginning of one.
    pub is_whole: bool,
}

/// Where a word must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Field {
    /// In the name.
    Id,
    /// In the title.
    Title,
    /// In the tags.
    #[strum(serialize = "tags", serialize = "tag")]
    Tags,
    /// In the authors.
    #[strum(serialize = "author", serialize = "authors")]
    Author,
    /// In the description.
    #[strum(serialize = "description", serialize = "summary")]
    Description,
    /// In any of them.
    #[strum(disabled)]
    Any,
}

impl SearchQuery {
    /// Reads a search. Nothing that can be typed is wrong; what cannot be found by is left out, and what is too much too.
    pub fn parse(text: &str) -> Self {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
        let mut query = Self::default();
        let terms = terms(&text);
        if let [Term { field: None, text, quoted: false, .. }] = terms.as_slice() {
            query.name = fold(text);
        }
        query.is_noise = terms.iter().all(|term| term.field.is_none() && words(&term.text).parts.is_empty())
            && !text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '"')).is_empty();
        terms.into_iter().for_each(|term| query.add(&term));
        query
    }

    /// The beginning of a name, for completing it.
    pub fn beginning(text: &str) -> Self {
        Self { name: fold(text.trim()).chars().take(LONGEST).collect(), ..Self::default() }
    }

    /// Whether anything but owners is asked for.
    pub fn narrows(&self) -> bool {
        self.has_words() || self.is_noise || self.exactly.is_some() || self.version.is_some()
    }

    /// Whether any words are looked for.
    pub fn has_words(&self) -> bool {
        !self.words.is_empty() || !self.checks.is_empty()
    }

    fn add(&mut self, term: &Term) {
        match term.field.as_deref() {
            None if term.quoted => self.add_check(Field::Any, &term.text, term.closed),
            None => self.add_words(&term.text),
            Some("packageid") => self.exactly = Some(term.text.trim().to_ascii_lowercase()),
            Some("version") => self.version = Some(term.text.trim().to_owned()),
            Some("owner" | "owners") => self.add_owner(&term.text),
            Some(name) => match Field::try_from(name) {
                Ok(field) if term.quoted => self.add_check(field, &term.text, term.closed),
                Ok(field) => words(&term.text).parts.iter().for_each(|word| self.add_check(field, word, false)),
                Err(_) => self.add_words(&format!("{name} {}", term.text)),
            },
        }
    }

    fn add_owner(&mut self, text: &str) {
        let name = text.trim().to_lowercase();
        if !name.is_empty() && !self.owners.contains(&name) && self.owners.len() < MOST_CHECKS {
            self.owners.push(name);
        }
    }

    /// `C#` is one word; `System.Text` is two, wherever they stand; characters that stand alone stand together.
    fn add_words(&mut self, text: &str) {
        let found = words(text);
        let special = found.others.iter().find(|other| other.ends_with(['#', '+']) || other.starts_with('.'));
        match special {
            Some(special) if found.parts.len() <= 1 + usize::from(special.starts_with('.')) => self.add_word(special),
            _ if found.parts.len() > 1 && text.chars().all(char::is_alphanumeric) => {
                self.add_check(Field::Any, text, false);
            }
            _ => found.parts.iter().for_each(|word| self.add_word(word)),
        }
    }

    fn add_word(&mut self, word: &str) {
        if self.words.len() < MOST_WORDS && !self.words.iter().any(|known| known == word) {
            self.words.push(word.to_owned());
        }
    }

    fn add_check(&mut self, field: Field, text: &str, is_whole: bool) {
        let words = words(text).parts;
        let is_full = self.checks.len() == MOST_CHECKS;
        let check = Check { field, words: words.into_iter().take(MOST_WORDS).collect(), is_whole };
        if !is_full && !check.words.is_empty() && !self.checks.contains(&check) {
            self.checks.push(check);
        }
    }
}

/// A piece of what was typed.
#[derive(Debug)]
struct Term {
    /// What stands before a colon, in lower case.
    field: Option<String>,
    text: String,
    quoted: bool,
    /// Whether the quotes end.
    closed: bool,
}

/// Cuts at blanks outside quotes, and each piece at its first colon.
fn terms(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let head = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
        let (field, begins) = match rest[..head].split_once(':') {
            Some((name, _)) if is_name(name) => (Some(name.to_ascii_lowercase()), name.len() + 1),
            _ => (None, 0),
        };
        rest = &rest[begins..];
        let quoted = rest.starts_with('"');
        let (piece, closed, after) = if quoted { in_quotes(&rest[1..]) } else { up_to_blank(rest) };
        terms.push(Term { field, text: piece.to_owned(), quoted, closed });
        rest = after.trim_start();
    }
    terms
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic())
}

fn in_quotes(text: &str) -> (&str, bool, &str) {
    match text.split_once('"') {
        Some((piece, after)) => (piece, true, after),
        None => (text, false, ""),
    }
}

fn up_to_blank(text: &str) -> (&str, bool, &str) {
    let (piece, after) = text.split_at(text.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(text.len()));
    (piece, true, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: Field, words: &[&str], is_whole: bool) -> Check {
        Check { field, words: words.iter().map(|word| (*word).to_owned()).collect(), is_whole }
    }

    #[test]
    fn words_are_cut_as_those_of_texts_are() {
        for (typed, name, words) in [
            ("", "", &[][..]),
            ("Newtonsoft", "newtonsoft", &["newtonsoft"]),
            ("Microsoft.Ext", "microsoft.ext", &["microsoft", "ext"]),
            ("@team/ui", "@team/ui", &["team", "ui"]),
            ("Entity  Framework", "", &["entity", "framework"]),
            ("json JSON", "", &["json"]),
            ("C#", "c#", &["c#"]),
            ("c++ json", "", &["c++", "json"]),
            (".NET", ".net", &[".net"]),
            ("read*", "read*", &["read"]),
            ("%' OR 1=1 --", "", &["or", "1"]),
            ("colour:red", "", &["colour", "red"]),
            ("a\0b", "", &["a", "b"]),
        ] {
            let query = SearchQuery::parse(typed);
            assert_eq!(
                (query.name.as_str(), query.words.as_slice()),
                (name, &words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..]),
                "{typed}"
            );
            assert!(query.checks.is_empty(), "{typed}");
        }
    }

    #[test]
    fn quotes_and_fields_are_checks() {
        for (typed, checks) in [
            ("\"Reads  JSON\"", vec![check(Field::Any, &["reads", "json"], true)]),
            ("\"never clo", vec![check(Field::Any, &["never", "clo"], false)]),
            ("id:Contoso.Co", vec![check(Field::Id, &["contoso"], false), check(Field::Id, &["co"], false)]),
            ("Tags:web title:x", vec![check(Field::Tags, &["web"], false), check(Field::Title, &["x"], false)]),
            ("author:\"Ada L\"", vec![check(Field::Author, &["ada", "l"], true)]),
            ("解析", vec![check(Field::Any, &["解", "析"], false)]),
            ("\"\" id: description:", vec![]),
        ] {
            let query = SearchQuery::parse(typed);
            assert_eq!((query.checks, query.words), (checks, vec![]), "{typed}");
        }
    }

    #[test]
    fn a_package_a_version_and_owners_are_named() {
        let query = SearchQuery::parse("packageid:Contoso.Core version:1.0.0 owner:Ada owner:bo owner: owner:ADA");
        assert_eq!((query.exactly.as_deref(), query.version.as_deref()), (Some("contoso.core"), Some("1.0.0")));
        assert_eq!(query.owners, ["ada", "bo"]);
        assert!(!query.has_words());
    }

    #[test]
    fn signs_alone_find_nothing_and_stars_everything() {
        for (typed, is_noise) in
            [("%", true), ("' -", true), ("*", false), ("\"", false), ("a %", false), ("owner:", false), ("", false)]
        {
            assert_eq!(SearchQuery::parse(typed).is_noise, is_noise, "{typed}");
        }
    }

    #[test]
    fn what_is_too_much_does_not_count() {
        let many: String = (0..200).map(|n| format!("w{n} ")).collect();
        assert_eq!(SearchQuery::parse(&many).words.len(), MOST_WORDS);
        let fields: String = (0..1_000).map(|n| format!("id:{n} ")).collect();
        assert_eq!(SearchQuery::parse(&fields).checks.len(), MOST_CHECKS);
        let long = SearchQuery::parse(&"a".repeat(10_000));
        assert_eq!(long.words.iter().map(|word| word.len()).collect::<Vec<_>>(), [super::super::words::LONGEST]);
    }
}
