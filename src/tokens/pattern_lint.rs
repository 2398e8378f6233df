//! What somebody who writes patterns should know before they count: the ones that can match nothing, the ones that
//! another makes needless, and the package that a pattern just misses.

use std::{collections::HashMap, fmt};

use super::{Kind, PatternSet, Patterns, pattern::Pattern};

/// Longest NuGet id, in characters.
const LONGEST_NUGET_ID: usize = 100;

/// One thing to know about a list of patterns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternLint {
    /// No package of a kind can have a name like this.
    CanMatchNo {
        /// The pattern.
        pattern: String,
        /// The kind.
        kind: Kind,
        /// The rule of names that it breaks.
        because: &'static str,
    },
    /// Another pattern covers all that this one covers.
    Needless {
        /// The pattern.
        pattern: String,
        /// The other one.
        by: String,
    },
    /// `Contoso.*` does not cover `Contoso`, which is there.
    NotItself {
        /// The pattern.
        pattern: String,
        /// The package.
        name: String,
    },
}

impl PatternLint {
    /// Whether it points at a likely mistake, rather than at something that does no harm.
    pub fn is_mistake(&self) -> bool {
        !matches!(self, Self::Needless { .. })
    }
}

impl fmt::Display for PatternLint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CanMatchNo { pattern, kind, because } => {
                write!(f, "“{pattern}” can match no {} package: {because}.", kind.label())
            }
            Self::Needless { pattern, by } => write!(f, "“{pattern}” is not needed: “{by}” covers it."),
            Self::NotItself { pattern, name } => {
                write!(
                    f,
                    "“{pattern}” covers what begins like this, now and later, but not “{name}” itself. Add a line with {name} if it should."
                )
            }
        }
    }
}

/// Everything to know about these patterns, for the kinds that are wanted and the names that are there. `set` is made of the
/// patterns.
pub fn remarks<'a>(
    patterns: &Patterns,
    set: &PatternSet,
    kinds: &[Kind],
    names: impl Iterator<Item = &'a str>,
) -> Vec<PatternLint> {
    let all: Vec<Pattern> = patterns.parsed().collect();
    let names: HashMap<String, &str> = names.map(|name| (name.to_ascii_lowercase(), name)).collect();
    let mut remarks = Vec::new();
    for pattern in &all {
        let useless: Vec<_> = kinds.iter().filter_map(|&kind| can_match_no(pattern, kind)).collect();
        // One that another of the kinds can have use of is meant for that.
        if useless.len() == kinds.len() {
            remarks.extend(useless);
        }
        remarks.extend(needless(pattern, &all, set));
        remarks.extend(not_itself(pattern, set, &names));
    }
    remarks
}

fn can_match_no(pattern: &Pattern, kind: Kind) -> Option<PatternLint> {
    let because = why_not(pattern.as_str(), kind)?;
    Some(PatternLint::CanMatchNo { pattern: pattern.as_str().to_owned(), kind, because })
}

/// The rule of a kind's names that no name covered by a pattern can keep; none where one might.
fn why_not(pattern: &str, kind: Kind) -> Option<&'static str> {
    let slashes = pattern.matches('/').count();
    let open = pattern.contains('*');
    match kind {
        Kind::NuGet if slashes > 0 || pattern.contains('@') => Some("its ids have neither a slash nor @"),
        Kind::NuGet if !joins_words(pattern) => Some("its ids are words joined by single dots or dashes"),
        Kind::NuGet if pattern.chars().filter(|&c| c != '*').count() > LONGEST_NUGET_ID => {
            Some("its ids have at most 100 characters")
        }
        Kind::Npm if slashes > 1 => Some("its names have at most one slash"),
        Kind::Npm if pattern.starts_with('@') && slashes == 0 && !open => {
            Some("a scope is followed by a slash and a name")
        }
        Kind::Npm if slashes == 1 && !pattern.starts_with(['@', '*']) => {
            Some("its names have a slash only after an @scope")
        }
        Kind::Container if pattern.contains('@') => Some("its names have no @"),
        Kind::Container if slashes == 0 && !open => Some("its names have a slash, such as main/app"),
        _ => None,
    }
}

fn joins_words(pattern: &str) -> bool {
    !pattern.starts_with('-')
        && !pattern.ends_with('-')
        && !["--", "-.", ".-"].iter().any(|pair| pattern.contains(pair))
}

fn needless(pattern: &Pattern, patterns: &[Pattern], set: &PatternSet) -> Option<PatternLint> {
    let mut including = set.covering(pattern.as_str()).into_iter().map(|at| &patterns[at]);
    let by = including.find(|other| *other != pattern)?;
    Some(PatternLint::Needless { pattern: pattern.as_str().to_owned(), by: by.as_str().to_owned() })
}

fn not_itself(pattern: &Pattern, set: &PatternSet, names: &HashMap<String, &str>) -> Option<PatternLint> {
    let base = pattern.as_str().strip_suffix('*')?.strip_suffix(['.', '-', '_', '/'])?;
    let name = names.get(&base.to_ascii_lowercase())?;
    (!set.covers(name))
        .then(|| PatternLint::NotItself { pattern: pattern.as_str().to_owned(), name: (*name).to_owned() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(patterns: &str, kinds: &[Kind], names: &[&str]) -> Vec<String> {
        let patterns = Patterns::parse(patterns).unwrap();
        remarks(&patterns, &PatternSet::of(&patterns), kinds, names.iter().copied())
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_pattern_that_can_match_no_name_of_a_kind_is_pointed_out() {
        for (pattern, useless) in [
            ("*", vec![]),
            ("Contoso.*", vec![]),
            ("Contoso.Core", vec![Kind::Container]),
            ("@team/*", vec![Kind::NuGet, Kind::Container]),
            ("@team", Kind::ALL.to_vec()),
            ("@team*", vec![Kind::NuGet, Kind::Container]),
            ("team/app", vec![Kind::NuGet, Kind::Npm]),
            ("team/app/web", vec![Kind::NuGet, Kind::Npm]),
            ("*/app", vec![Kind::NuGet]),
            ("*-", vec![Kind::NuGet]),
            ("a--b*", vec![Kind::NuGet]),
        ] {
            let patterns = Patterns::parse(pattern).unwrap();
            let found = Kind::ALL.into_iter().filter(|kind| {
                let remarks = remarks(&patterns, &PatternSet::of(&patterns), &[*kind], [].into_iter());
                remarks.iter().any(|remark| matches!(remark, PatternLint::CanMatchNo { .. }))
            });
            assert_eq!(found.collect::<Vec<_>>(), useless, "{pattern}");
        }
        assert!(said("@team/*", &[Kind::NuGet, Kind::Npm], &[]).is_empty(), "it is meant for npm");
        assert_eq!(said("@team", &[Kind::NuGet, Kind::Npm], &[]).len(), 2);
        assert_eq!(
            said("@team/*", &[Kind::NuGet], &[]),
            ["“@team/*” can match no NuGet package: its ids have neither a slash nor @."]
        );
    }

    #[test]
    fn a_pattern_that_another_covers_is_pointed_out_mildly() {
        assert_eq!(
            said("Contoso.*\ncontoso.core\nContoso.*.Tests", &[Kind::NuGet], &[]),
            [
                "“contoso.core” is not needed: “Contoso.*” covers it.",
                "“Contoso.*.Tests” is not needed: “Contoso.*” covers it."
            ]
        );
        assert!(said("Contoso.*\nContoso\nFabrikam.*", &[Kind::NuGet], &[]).is_empty());
        assert!(!PatternLint::Needless { pattern: String::new(), by: String::new() }.is_mistake());
    }

    #[test]
    fn the_package_that_a_pattern_just_misses_is_named_if_it_is_there() {
        let missed = said("contoso.*", &[Kind::NuGet], &["Contoso.Core", "Contoso"]);
        assert_eq!(missed.len(), 1);
        assert!(missed[0].contains("but not “Contoso” itself"), "{missed:?}");
        assert!(said("contoso.*", &[Kind::NuGet], &["Contoso.Core", "Contosso"]).is_empty());
        assert!(said("contoso.*\nContoso", &[Kind::NuGet], &["Contoso"]).is_empty(), "another line covers it");
    }

    /// A name with one stretch of it blotted out by a star.
    fn blotted(name: &str, from: usize, to: usize) -> String {
        let (from, to) = (from % (name.len() + 1), to % (name.len() + 1));
        format!("{}*{}", &name[..from.min(to)], &name[from.max(to)..])
    }

    fn names() -> impl Strategy<Value = (Kind, String)> {
        prop_oneof![
            "[A-Za-z0-9_]{1,4}([.-][A-Za-z0-9_]{1,4}){0,3}".prop_map(|name| (Kind::NuGet, name)),
            "(@[a-z0-9][a-z0-9._-]{0,3}[a-z0-9]/)?[a-z0-9][a-z0-9._-]{0,4}[a-z0-9]".prop_map(|name| (Kind::Npm, name)),
            "[a-z0-9]{2,4}(/[a-z0-9]{1,3}([._-][a-z0-9]{1,2})?){1,3}".prop_map(|name| (Kind::Container, name)),
        ]
    }

    proptest! {
        #[test]
        fn a_pattern_that_covers_a_name_of_a_kind_is_never_called_useless_for_it((kind, name) in names(), from: usize, to: usize) {
            for text in [name.clone(), blotted(&name, from, to)] {
                if let Ok(pattern) = Pattern::parse(&text) {
                    prop_assert!(pattern.covers(&name));
                    prop_assert_eq!(why_not(pattern.as_str(), kind), None, "{} {:?}", pattern.as_str(), kind);
                }
            }
        }
    }
}
