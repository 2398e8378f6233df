//! Names of npm packages: `lodash`, `@team/ui`.

use std::fmt;

use thiserror::Error;

/// Characters of a name, its scope included (npm's limit).
const LONGEST: usize = 214;
/// Names that npm itself refuses, and those that are never a package's in an object of JavaScript.
const NEVER: [&str; 8] = [
    "node_modules",
    "favicon.ico",
    "constructor",
    "prototype",
    "tostring",
    "valueof",
    "hasownproperty",
    "package.json",
];

/// A name that a package may be published under: npm's rules for new packages, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackageName(String);

/// Why no npm package can be called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadName {
    /// Nothing between the slashes, or nothing at all.
    #[error("The package has no name. Give it one in package.json.")]
    Empty,
    /// Over the limit.
    #[error("The name of an npm package has at most 214 characters, its scope included.")]
    TooLong,
    /// npm refuses upper case for new packages.
    #[error("The name of an npm package is in lower case.")]
    UpperCase,
    /// Something that is not a name.
    #[error(
        "The name of an npm package is letters, digits, dots, dashes and underscores, such as ui or @team/ui, and begins with a letter or digit."
    )]
    Malformed,
    /// A word that means something else.
    #[error("No npm package can be called that. Choose another name in package.json.")]
    Reserved,
}

impl PackageName {
    /// Reads a name as `package.json` has it.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        if text.len() > LONGEST {
            return Err(BadName::TooLong);
        }
        match text.strip_prefix('@').map(|rest| rest.split_once('/')) {
            None => check_part(text)?,
            Some(None) => return Err(BadName::Malformed),
            Some(Some((scope, name))) => [scope, name].into_iter().try_for_each(check_part)?,
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its scope: what the file of a version begins with.
    pub fn bare(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The file of a version as registries name it: `ui-1.0.0.tgz`.
    pub fn file(&self, version: &str) -> String {
        format!("{}-{version}.tgz", self.bare())
    }
}

/// One side of the slash.
fn check_part(part: &str) -> Result<(), BadName> {
    let is_good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    let begins = part.bytes().next().ok_or(BadName::Empty)?;
    if part.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(BadName::UpperCase);
    }
    if !begins.is_ascii_alphanumeric() || !part.bytes().all(is_good) || part.contains("..") {
        return Err(BadName::Malformed);
    }
    if NEVER.contains(&part) { Err(BadName::Reserved) } else { Ok(()) }
}

impl fmt::Display for PackageName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_npm_takes_for_new_packages() {
        for good in ["ui", "@team/ui", "a.b-c_d", "7zip", "@7/x.y", &"a".repeat(214)] {
            assert_eq!(PackageName::parse(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", BadName::Empty),
            ("@/ui", BadName::Empty),
            ("@team/", BadName::Empty),
            ("Ui", BadName::UpperCase),
            ("@Team/ui", BadName::UpperCase),
            ("@team", BadName::Malformed),
            ("@a/b/c", BadName::Malformed),
            ("a/b", BadName::Malformed),
            (".x", BadName::Malformed),
            ("_x", BadName::Malformed),
            ("-x", BadName::Malformed),
            ("__proto__", BadName::Malformed),
            ("a..b", BadName::Malformed),
            ("@team%2fui", BadName::Malformed),
            ("a b", BadName::Malformed),
            ("a~b", BadName::Malformed),
            ("caf\u{e9}", BadName::Malformed),
            ("node_modules", BadName::Reserved),
            ("@team/node_modules", BadName::Reserved),
            ("favicon.ico", BadName::Reserved),
            ("constructor", BadName::Reserved),
        ] {
            assert_eq!(PackageName::parse(bad), Err(why), "{bad}");
        }
        assert_eq!(PackageName::parse("toString"), Err(BadName::UpperCase));
        assert_eq!(PackageName::parse(&"a".repeat(215)), Err(BadName::TooLong));
    }

    #[test]
    fn the_file_of_a_version_goes_without_the_scope() {
        assert_eq!(PackageName::parse("@team/ui").unwrap().file("1.0.0"), "ui-1.0.0.tgz");
        assert_eq!(PackageName::parse("ui").unwrap().file("1.0.0-beta"), "ui-1.0.0-beta.tgz");
    }
}
