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
pub enum BadPattern {
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
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let pattern = Self::read(text)?;
        if pattern.0.matches('*').count() > MAX_STARS {
            return Err(BadPattern::TooManyStars(pattern.0));
        }
        Ok(pattern)
    }

    /// The same with any number of stars.
    fn read(text: &str) -> Result<Self, BadPattern> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.is_empty() {
            return Err(BadPattern::Empty);
        }
        if text.chars().count() > MAX_LENGTH {
            return Err(BadPattern::TooLong(text.chars().take(40).collect()));
        }
        if let Some(odd) = text.chars().find(|&c| !is_allowed(c)) {
            let shown = if odd.is_control() { '\u{FFFD}' } else { odd };
            return Err(BadPattern::Character(text.replace(char::is_control, "\u{FFFD}"), shown));
        }
        if secret::is_in(text) {
            return Err(BadPattern::Key);
        }
        let folded = fold_stars(text);
        if can_match(&folded) { Ok(Self(folded)) } else { Err(BadPattern::MatchesNothing(folded)) }
    }

    /// The pattern as stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a package name is covered.
    pub fn covers(&self, name: &str) -> bool {
        covers(&self.0, name)
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
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let (patterns, wrong) = Self::read(text);
        wrong.into_iter().next().map_or_else(|| patterns.ok_or(BadPattern::Empty), Err)
    }

    /// Reads what was stored, perhaps before there was a bound on stars.
    pub fn stored(text: &str) -> Option<Self> {
        let (patterns, wrong) = Self::lines(text, Pattern::read);
        patterns.filter(|_| wrong.is_empty())
    }

    /// As [`Patterns::parse`] without stopping at the first mistake: the patterns that are good, and all that is wrong.
    /// Lines beyond [`MAX_COUNT`] are only counted.
    pub fn read(text: &str) -> (Option<Self>, Vec<BadPattern>) {
        Self::lines(text, Pattern::parse)
    }

    fn lines(text: &str, parse: fn(&str) -> Result<Pattern, BadPattern>) -> (Option<Self>, Vec<BadPattern>) {
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
            wrong.insert(0, BadPattern::TooMany(count));
        }
        if kept.is_empty() && wrong.is_empty() {
            wrong.push(BadPattern::Empty);
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

    /// Whether any pattern covers the name. Many names are held against a [`super::PatternSet`] instead.
    pub fn covers(&self, name: &str) -> bool {
        self.iter().any(|pattern| covers(pattern, name))
    }

    /// Whether every package is covered, because one pattern is `*`.
    pub fn covers_all(&self) -> bool {
        self.iter().any(|pattern| pattern == "*")
    }

    /// Whether two lists name the same patterns, whatever their order and case: they cover the same.
    pub fn same_as(&self, other: &Self) -> bool {
        let has_all =
            |all: &Self, some: &Self| some.iter().all(|one| all.iter().any(|other| other.eq_ignore_ascii_case(one)));
        has_all(self, other) && has_all(other, self)
    }

    /// Whether this list may cover a package that `before` did not. A pattern that an old one covers when read as a name
    /// covers nothing more: whatever stands for its stars stands for the old one's.
    pub fn covers_beyond(&self, before: &Self) -> bool {
        self.iter().any(|new| !before.covers(new))
    }

    /// Whether this list names a pattern that `before` did not: an edit that widens (or may widen) a token.
    pub fn adds_to(&self, before: &Self) -> bool {
        !before.covers_all() && self.iter().any(|new| !before.iter().any(|old| old.eq_ignore_ascii_case(new)))
    }
}

#[cfg(test)]
#[path = "pattern_tests.rs"]
mod tests;
