//! Package patterns: which texts are patterns, and which names they cover. Only `*` is special.

use thiserror::Error;

use super::secret;

/// Longest pattern, in characters.
pub const MAX_LENGTH: usize = 128;
/// Most patterns on one token.
pub const MAX_COUNT: usize = 100;
/// Most stars in one pattern.
pub const MAX_STARS: usize = 16;

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
    /// Over [`MAX_STARS`].
    #[error("“{0}” has more than 16 stars. One or two are enough for most.")]
    TooManyStars(String),
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
        let pattern = Self::read(text)?;
        if pattern.0.matches('*').count() > MAX_STARS {
            return Err(NotAPattern::TooManyStars(pattern.0));
        }
        Ok(pattern)
    }

    /// The same with any number of stars.
    fn read(text: &str) -> Result<Self, NotAPattern> {
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

    /// The same while the budget lasts.
    pub fn includes_within(&self, other: &Self, budget: &mut Budget) -> Option<bool> {
        budget.covers(&self.0, &other.0)
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

/// How much matching may go on in one request, in steps of one character. Spent, it gives no answer any more.
#[derive(Clone, Copy, Debug)]
pub struct Budget(usize);

impl Budget {
    /// So many steps.
    pub fn of(steps: usize) -> Self {
        Self(steps)
    }

    fn covers(&mut self, pattern: &str, name: &str) -> Option<bool> {
        let (covers, steps) = held_against(pattern, name);
        self.0 = self.0.saturating_sub(steps + 1);
        (self.0 > 0).then_some(covers)
    }
}

fn covers(pattern: &str, name: &str) -> bool {
    held_against(pattern, name).0
}

/// The match itself, over the stored text: no compiling, no allocation, at most `pattern × name` steps.
/// On a mismatch the last `*` takes one character more. Gives the steps it took too.
fn held_against(pattern: &str, name: &str) -> (bool, usize) {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    let mut steps = 0;
    while n < name.len() {
        steps += 1;
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
            return (false, steps);
        }
    }
    (pattern[p..].iter().all(|&c| c == b'*'), steps)
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

    /// Reads what was stored, perhaps before there was a bound on stars.
    pub fn stored(text: &str) -> Option<Self> {
        let (patterns, wrong) = Self::lines(text, Pattern::read);
        patterns.filter(|_| wrong.is_empty())
    }

    /// As [`Patterns::parse`] without stopping at the first mistake: the patterns that are good, and all that is wrong.
    /// Lines beyond [`MAX_COUNT`] are only counted.
    pub fn read(text: &str) -> (Option<Self>, Vec<NotAPattern>) {
        Self::lines(text, Pattern::parse)
    }

    fn lines(text: &str, parse: fn(&str) -> Result<Pattern, NotAPattern>) -> (Option<Self>, Vec<NotAPattern>) {
        let lines = || text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
        let (mut kept, mut wrong) = (Vec::<Pattern>::new(), Vec::new());
        for line in lines().take(MAX_COUNT) {
            match parse(line) {
                Ok(new) if kept.iter().any(|other| other.0.eq_ignore_ascii_case(&new.0)) => {}
                Ok(new) => kept.push(new),
                Err(error) => wrong.push(error),
            }
        }
        let count = lines().count();
        if count > MAX_COUNT {
            wrong.insert(0, NotAPattern::TooMany(count));
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

    /// The same while the budget lasts.
    pub fn covers_within(&self, name: &str, budget: &mut Budget) -> Option<bool> {
        for pattern in self.iter() {
            if budget.covers(pattern, name)? {
                return Some(true);
            }
        }
        Some(false)
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
    fn what_is_over_a_bound_is_refused_but_still_read_where_it_is_stored() {
        let text = "*a".repeat(MAX_STARS);
        assert!(Pattern::parse(&text).is_ok());
        let text = format!("{text}*");
        assert!(matches!(Patterns::parse(&text), Err(NotAPattern::TooManyStars(_))));
        assert_eq!(Patterns::stored(&text).unwrap().as_str(), text);
        let (kept, wrong) = Patterns::read(&"x\n".repeat(5000));
        assert_eq!((kept.unwrap().as_str(), wrong), ("x", vec![NotAPattern::TooMany(5000)]));
    }

    #[test]
    fn a_list_that_nearly_matches_everywhere_stops_at_the_budget() {
        let line = |n: usize| format!("{}{n}", "*a".repeat(MAX_STARS));
        let patterns = Patterns::parse(&(0..MAX_COUNT).map(line).collect::<Vec<_>>().join("\n")).unwrap();
        let (name, mut budget) = ("a".repeat(70), Budget::of(100_000));
        let held = (0..10_000).take_while(|_| patterns.covers_within(&name, &mut budget) == Some(false)).count();
        assert!((1..20).contains(&held), "{held}");
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
        fn within_its_budget_a_list_covers_what_it_covers(
            lines in proptest::collection::vec("[ab*]{1,40}", 1..5), name in "[ab]{1,70}", steps in 0usize..5000,
        ) {
            if let Ok(patterns) = Patterns::parse(&lines.join("\n")) {
                prop_assert!(patterns.parsed().all(|pattern| pattern.as_str().matches('*').count() <= MAX_STARS));
                let covers = patterns.covers_within(&name, &mut Budget::of(steps));
                prop_assert!(covers.is_none_or(|covers| covers == patterns.covers(&name)));
                prop_assert!(patterns.covers_within(&name, &mut Budget::of(1_000_000)).is_some());
            }
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
}
