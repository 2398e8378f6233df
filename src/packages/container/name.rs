//! Names of container repositories: `team/app`. The first part is the feed.

use thiserror::Error;

use crate::tokens::is_feed_name;

/// Characters of the longest name, the feed included (distribution's limit).
const LONGEST: usize = 255;

/// What is said where a name is not one of a repository of a feed.
pub const NEEDS_FEED: &str = "Repositories here are called by their feed and a name, such as main/app.";

/// Why no repository here can be called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadRepositoryName {
    /// Not of the grammar of repository names.
    #[error(
        "The name of a repository is parts of lower-case letters and digits with single dots, dashes or underscores between, joined by slashes, such as team/app."
    )]
    Malformed,
    /// One part alone, or a first part that no feed can be called.
    #[error("The name of a repository here begins with its feed, such as main/app.")]
    NoFeed,
}

/// The feed of a repository of this name.
///
/// # Errors
/// Why it is no name (OCI distribution specification 1.1, "Pulling manifests", and the two parts that this host wants).
pub fn check(name: &str) -> Result<&str, BadRepositoryName> {
    if name.len() > LONGEST || !name.split('/').all(is_part) {
        return Err(BadRepositoryName::Malformed);
    }
    match name.split_once('/') {
        Some((feed, _)) if is_feed_name(feed) => Ok(feed),
        _ => Err(BadRepositoryName::NoFeed),
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_part(part: &str) -> bool {
    let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let between: Vec<&[u8]> = bytes.split(|b| is_word(*b)).filter(|run| !run.is_empty()).collect();
    let is_separator = |run: &&[u8]| matches!(*run, b"." | b"_" | b"__") || run.iter().all(|b| *b == b'-');
    bytes.first().is_some_and(|b| is_word(*b))
        && bytes.last().is_some_and(|b| is_word(*b))
        && between.iter().all(is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_its_feed() {
        for (name, feed) in
            [("main/app", "main"), ("team/a/b--c", "team"), ("a1/x__y.z", "a1"), ("my-team/0", "my-team")]
        {
            assert_eq!(check(name), Ok(feed), "{name}");
        }
        for name in ["app", "a/b"] {
            assert_eq!(check(name), Err(BadRepositoryName::NoFeed), "{name}");
        }
        for name in [
            "",
            "/",
            "main/",
            "/main",
            "main//app",
            "main/App",
            "main/a..b",
            "main/a___b",
            "main/-a",
            "main/a-",
            "main/a b",
            "main/\u{e9}",
            "../main",
        ] {
            assert_eq!(check(name), Err(BadRepositoryName::Malformed), "{name}");
        }
        assert_eq!(check(&format!("main/{}", "a".repeat(251))), Err(BadRepositoryName::Malformed));
        assert_eq!(check(&format!("main/{}", "a".repeat(250))), Ok("main"));
    }
}
