//! A list of patterns, compiled to hold many names against it.
//!
//! The loop in [`super::pattern`] suits the one name of a decision: it compiles nothing, but stars cost it up to the product
//! of both lengths. Searches, counts and advice hold thousands of names against up to a hundred patterns. Compiled to
//! finite automata (by `globset`), a name costs steps in proportion to its length alone, whatever the patterns are.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::Patterns;

/// A compiled list of patterns. It covers what [`Patterns::covers`] says.
#[derive(Clone, Debug)]
pub struct PatternSet(GlobSet);

impl PatternSet {
    /// Compiles a list: some microseconds for a usual one, some ten milliseconds for the most stubborn one.
    pub fn of(patterns: &Patterns) -> Self {
        let mut set = GlobSetBuilder::new();
        for glob in patterns.iter().filter_map(glob) {
            set.add(glob);
        }
        // No list that can be stored is too large, as a test shows; one that were would cover nothing.
        Self(set.build().unwrap_or_else(|_| GlobSet::empty()))
    }

    /// Whether any pattern covers the name. The text of a pattern counts as a name too: its stars may stand for anything, and
    /// only a star covers them, so that a set covers the pattern if it covers every name that the pattern does.
    pub fn covers(&self, name: &str) -> bool {
        self.0.is_match(name.to_ascii_lowercase())
    }

    /// The places, in the order of the list, of the patterns that cover the name.
    pub fn covering(&self, name: &str) -> Vec<usize> {
        self.0.matches(name.to_ascii_lowercase())
    }

    /// Whether every pattern of a list is covered. Each is held against each single one of the set: what this says is so,
    /// but not all that is so is said.
    pub fn includes(&self, patterns: &Patterns) -> bool {
        patterns.iter().all(|pattern| self.covers(pattern))
    }
}

/// In lower case, because a match without regard to case would also take letters that only look alike.
fn glob(pattern: &str) -> Option<Glob> {
    let lower = pattern.to_ascii_lowercase();
    GlobBuilder::new(&lower).literal_separator(false).backslash_escape(false).build().ok()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::tokens::pattern::{MAX_COUNT, MAX_LENGTH, MAX_STARS};

    /// As many patterns as there may be, as long and with as many stars as they may be, that nearly match everywhere.
    fn stubborn() -> Patterns {
        let line = |n: usize| format!("{}{}{n:02}", "*a".repeat(MAX_STARS), "a".repeat(MAX_LENGTH - 2 * MAX_STARS - 2));
        Patterns::parse(&(0..MAX_COUNT).map(line).collect::<Vec<_>>().join("\n")).unwrap()
    }

    #[test]
    fn the_largest_list_there_can_be_is_compiled_whole() {
        let patterns = stubborn();
        let set = PatternSet::of(&patterns);
        assert_eq!(patterns.iter().map(str::len).max(), Some(MAX_LENGTH));
        for (at, pattern) in patterns.iter().enumerate() {
            let name = pattern.replace('*', "aXa");
            assert_eq!(set.covering(&name), [at], "{name}");
        }
        let stored_before_stars_had_a_bound = Patterns::stored(&"*a".repeat(MAX_LENGTH / 2)).unwrap();
        assert!(PatternSet::of(&stored_before_stars_had_a_bound).covers(&"a".repeat(MAX_LENGTH)));
    }

    #[test]
    fn letters_that_merely_look_alike_do_not_match() {
        let set = PatternSet::of(&Patterns::parse("k*s").unwrap());
        assert!(set.covers("KxS"));
        for name in ["\u{212A}s", "k\u{17F}", "ｋs"] {
            assert!(!set.covers(name), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn it_covers_what_the_single_loop_covers(lines in vec("[a-cA-C.*/@_-]{1,10}", 1..6), names in vec("[a-cA-C.*/@_-]{0,14}", 1..12)) {
            let (Some(patterns), _) = Patterns::read(&lines.join("\n")) else { return Ok(()) };
            let set = PatternSet::of(&patterns);
            for name in &names {
                let single: Vec<usize> =
                    patterns.parsed().enumerate().filter(|(_, pattern)| pattern.covers(name)).map(|(at, _)| at).collect();
                prop_assert_eq!(set.covering(name), single, "{} {}", patterns.as_str(), name);
                prop_assert_eq!(set.covers(name), patterns.covers(name));
            }
        }

        #[test]
        fn it_covers_what_the_single_loop_covers_where_stars_are_many(lines in vec("[ab*]{1,40}", 1..5), name in "[ab]{1,70}") {
            let (Some(patterns), _) = Patterns::read(&lines.join("\n")) else { return Ok(()) };
            prop_assert_eq!(PatternSet::of(&patterns).covers(&name), patterns.covers(&name));
        }

        #[test]
        fn what_an_included_pattern_covers_the_set_covers(a in "[ab.*]{1,6}", b in "[ab.*]{1,6}", name in "[abc.]{0,8}") {
            if let (Ok(a), Ok(b)) = (Patterns::parse(&a), Patterns::parse(&b)) {
                let set = PatternSet::of(&a);
                prop_assert!(!(set.includes(&b) && b.covers(&name) && !set.covers(&name)));
                // The star stands for a character that no pattern here has.
                prop_assert_eq!(set.includes(&b), a.covers(&b.as_str().replace('*', "z")));
            }
        }
    }
}
