//! Package patterns: which texts are patterns, and which names they cover. Only `*` is special.

use thiserror::Error;

use super::secret;

/// Longest pattern, in characters.
pub const MAX_LENGTH: usize = 128;
/// Most patterns on one token.
pub const MAX_COUNT: usize = 100;

/// One package glob such as `Contoso.Service.*`. `*` stands for any characters, none included, dots and slashes too;
/// everything else stands for itself, in either ASCII case; both ends are anchored (nuget.org's rule).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAPattern {
    /// Nothing was written.
    #[error("Write at least one pattern. Use * for all packages.")]
    Empty,
    /// Over [`MAX_LENGTH`].
    #[error("“{0}…” is longer than 128 characters.")]
    TooLong(String),
    /// Over [`MAX_COUNT`].
    #[error("A token takes up to 100 patterns; these are {0}.")]
    TooMany(usize),
    /// A character no package name has.
    #[error(
        "“{0}” contains “{1}”. A pattern is made of letters, digits, dots, dashes, underscores, / and @; only * is special. Write one in each line."
    )]
    Character(String, char),
    /// Somebody pasted a key.
    #[error("This is a key, not a package name. Keep keys where they are used.")]
    Key,
    /// Dots, slashes or `@` where no package name has them.
    #[error(
        "“{0}” can match no package: a name has no empty part, does not start or end with a dot or slash, and has @ only before a scope."
    )]
    MatchesNothing(String),
}

impl Pattern {
    /// Reads one pattern; blanks around it are dropped and runs of `*` become one.
    pub fn parse(text: &str) -> Result<Self, NotAPattern> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() {
            return Err(NotAPattern::Empty);
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(NotAPattern::TooLong(text.chars().take(40).collect()));
        }
        if let Some(odd) = text.chars().find(|&c| !is_allowed(c)) {
            let shown = if odd.is_control() { '\u{FFFD}' } else { odd };
            return Err(NotAPattern::Character(text.replace(char::is_control, "\u{FFFD}"), shown));
        }
        if secret::is_in(text) {
            return Err(NotAPattern::Key);
        }
        let folded = fold_stars(text);
        if can_match(&folded) { Ok(Self(folded)) } else { Err(NotAPattern::MatchesNothing(folded)) }
    }

    /// The pattern as stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a package name is covered.
    pub fn covers(&self, name: &str) -> bool {
        covers(&self.0, name)
    }

    /// Whether every name that `other` covers is covered by this one too. The stars of `other` may stand for anything, and
    /// only a star takes them.
    pub fn includes(&self, other: &Self) -> bool {
        covers(&self.0, &other.0)
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '*' | '/' | '@')
}

fn fold_stars(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '*' || !folded.ends_with('*') {
            folded.push(c);
        }
    }
    folded
}

/// Refuses what no NuGet id, npm name or repository name can be: those typed by mistake, and the traversal corpus.
fn can_match(text: &str) -> bool {
    let edges = ['.', '/'];
    let scope_well_placed = match text.rfind('@') {
        None => true,
        Some(0) => text[1..].starts_with(|c: char| c.is_ascii_alphanumeric()),
        Some(_) => false,
    };
    scope_well_placed
        && !text.starts_with(edges)
        && !text.ends_with(edges)
        && !["..", "//", "/.", "./"].iter().any(|pair| text.contains(pair))
}

/// The match itself, over the stored text: no compiling, no allocation, at most `pattern × name` steps.
/// On a mismatch the last `*` takes one character more.
fn covers(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| c.eq_ignore_ascii_case(&name[n])) {
            p += 1;
            n += 1;
        } else if let Some((after_star, taken)) = retry {
            retry = Some((after_star, taken + 1));
            p = after_star;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// The patterns of one token: at least one, at most [`MAX_COUNT`], kept as the text that is stored (one per line).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patterns(String);

impl Patterns {
    /// Covers everything.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Reads patterns, one per line. Empty lines and repeated ones are dropped; a blank or comma inside a line is an error,
    /// because two patterns where one was meant would cover more.
    pub fn parse(text: &str) -> Result<Self, NotAPattern> {
        let (patterns, wrong) = Self::read(text);
        wrong.into_iter().next().map_or_else(|| patterns.ok_or(NotAPattern::Empty), Err)
    }

    /// The same without stopping at the first mistake: the patterns that are good, and all that is wrong.
    pub fn read(text: &str) -> (Option<Self>, Vec<NotAPattern>) {
        let lines = || text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
        let (mut kept, mut wrong) = (Vec::<Pattern>::new(), Vec::new());
        for line in lines() {
            match Pattern::parse(line) {
                Ok(new) if kept.iter().any(|other| other.0.eq_ignore_ascii_case(&new.0)) => {}
                Ok(_) if kept.len() == MAX_COUNT => {
                    wrong.push(NotAPattern::TooMany(lines().count()));
                    break;
                }
                Ok(new) => kept.push(new),
                Err(error) => wrong.push(error),
            }
        }
        if kept.is_empty() && wrong.is_empty() {
            wrong.push(NotAPattern::Empty);
        }
        let text = kept.iter().map(Pattern::as_str).collect::<Vec<_>>().join("\n");
        ((!kept.is_empty()).then_some(Self(text)), wrong)
    }

    /// The stored text, one pattern per line.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One pattern after the other.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }

    /// The same as patterns of their own.
    pub fn parsed(&self) -> impl Iterator<Item = Pattern> {
        self.iter().map(|text| Pattern(text.to_owned()))
    }

    /// Whether any pattern covers the name.
    pub fn covers(&self, name: &str) -> bool {
        self.iter().any(|pattern| covers(pattern, name))
    }

    /// Which of many names are covered. They are in lower case and in order, so that each pattern is held only against
    /// those that begin as it does.
    pub fn covered(&self, sorted: &[&str]) -> Vec<bool> {
        let mut covered = vec![false; sorted.len()];
        for pattern in self.iter() {
            let start = pattern.split('*').next().unwrap_or_default().to_ascii_lowercase();
            let first = sorted.partition_point(|name| *name < start.as_str());
            for (name, covered) in sorted.iter().zip(&mut covered).skip(first) {
                if !name.starts_with(&start) {
                    break;
                }
                *covered = *covered || covers(pattern, name);
            }
        }
        covered
    }

    /// Whether every package is covered, because one pattern is `*`.
    pub fn covers_all(&self) -> bool {
        self.iter().any(|pattern| pattern == "*")
    }

    /// Whether every name covered by this is covered by `other`. Each pattern is held against each single one of the
    /// other list, as a text in which only a `*` covers a `*`: what this says is so, but not all that is so is said.
    pub fn within(&self, other: &Self) -> bool {
        self.iter().all(|own| other.iter().any(|pattern| covers(pattern, own)))
    }

    /// Whether this list names a pattern that `before` did not: an edit that widens (or may widen) a token.
    pub fn adds_to(&self, before: &Self) -> bool {
        !before.covers_all() && self.iter().any(|new| !before.iter().any(|old| old.eq_ignore_ascii_case(new)))
    }
}

#[cfg(test)]
mod tests {
    use globset::GlobBuilder;
    use proptest::{collection::btree_set, prelude::*};

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
            assert!(matches!(Pattern::parse(text), Err(NotAPattern::Character(..))), "{text:?}");
        }
        for text in [".a", "a.", "..", "../*", "a//b", "/a", "a/", "@*/x", "a@b", "@", "a/.b"] {
            assert!(matches!(Pattern::parse(text), Err(NotAPattern::MatchesNothing(_))), "{text:?}");
        }
        assert_eq!(Pattern::parse("  "), Err(NotAPattern::Empty));
        assert!(matches!(Pattern::parse(&"a".repeat(129)), Err(NotAPattern::TooLong(_))));
    }

    #[test]
    fn runs_of_stars_and_repeated_patterns_are_folded() {
        assert_eq!(Pattern::parse("**a***").unwrap().as_str(), "*a*");
        assert_eq!(Patterns::parse("A.*\r\na.*\r\n\r\nB").unwrap().as_str(), "A.*\nB");
    }

    #[test]
    fn two_patterns_in_one_line_are_an_error_and_not_a_wider_list() {
        for text in ["My Company.*", "A.*, B.*", "A.*;B.*"] {
            assert!(matches!(Patterns::parse(text), Err(NotAPattern::Character(..))), "{text}");
        }
    }

    #[test]
    fn a_list_holds_one_to_a_hundred_patterns() {
        let lines = |n: usize| (0..n).map(|i| format!("p{i}")).collect::<Vec<_>>().join("\n");
        assert!(Patterns::parse(&lines(100)).is_ok());
        assert_eq!(Patterns::parse(&lines(101)), Err(NotAPattern::TooMany(101)));
        assert_eq!(Patterns::parse(" \n "), Err(NotAPattern::Empty));
    }

    #[test]
    fn every_mistake_in_a_list_is_told_and_the_good_patterns_are_kept() {
        let (good, wrong) = Patterns::read("Contoso.*\na#b\n..\nFabrikam\n");
        assert_eq!(good.unwrap().as_str(), "Contoso.*\nFabrikam");
        assert!(matches!(wrong[..], [NotAPattern::Character(..), NotAPattern::MatchesNothing(_)]), "{wrong:?}");
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
        fn many_names_at_once_are_covered_as_one_by_one(text in "([a-cA-C*.]{1,4}\n){1,4}", names in btree_set("[a-c.]{1,5}", 0..20)) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            if let Ok(patterns) = Patterns::parse(&text) {
                let one_by_one: Vec<_> = names.iter().map(|name| patterns.covers(name)).collect();
                prop_assert_eq!(patterns.covered(&names), one_by_one);
            }
        }

        #[test]
        fn any_text_is_either_refused_or_kept_in_a_form_that_reads_back(text in "\\PC{0,200}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                prop_assert_eq!(Pattern::parse(pattern.as_str()), Ok(pattern.clone()));
            }
        }
    }
}
