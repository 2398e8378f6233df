//! What a NuGet version is, when two are the same one, and which comes first.

mod order;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest version text, in characters, typed or normalized.
const LONGEST: usize = 64;

/// A NuGet version: one to four numbers, labels of a prerelease, metadata of a build.
///
/// `1.0`, `1.0.0` and `01.0.0.0` are one version. Metadata is shown but is no part of the identity, and labels differ not
/// by case, so equality and order look only at what [`key`](Self::key) says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    numbers: [u32; 4],
    labels: Vec<String>,
    metadata: Option<String>,
}

/// Why a text is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadVersion {
    /// Nothing but the empty text.
    #[error("The version is empty; give one such as 1.0.0.")]
    Empty,
    /// More than 64 characters.
    #[error("The version is longer than 64 characters; choose a shorter one.")]
    TooLong,
    /// Not one to four numbers separated by dots.
    #[error("The version must begin with one to four numbers separated by dots, such as 1.0.0.")]
    Numbers,
    /// A number above 2147483647.
    #[error("A number in the version is greater than 2147483647; choose a smaller one.")]
    TooGreat,
    /// A label or a piece of metadata that is empty or has other characters than letters, digits and hyphens.
    #[error(
        "What follows the numbers of the version must be labels of ASCII letters, digits and hyphens, separated by single \
         dots, such as 1.0.0-beta.2."
    )]
    Labels,
    /// A label of digits alone that begins with a zero.
    #[error("A prerelease label of digits may not begin with a zero; write 1.0.0-beta.2 instead of 1.0.0-beta.02.")]
    LeadingZero,
}

impl Version {
    /// Reads a version by the rules of NuGet (SemVer 2 with up to four numbers), without trimming it.
    ///
    /// # Errors
    /// When the text is empty, too long, or breaks one of the rules that [`BadVersion`] lists.
    pub fn parse(text: &str) -> Result<Self, BadVersion> {
        if text.is_empty() {
            return Err(BadVersion::Empty);
        }
        if text.chars().nth(LONGEST).is_some() {
            return Err(BadVersion::TooLong);
        }
        let version = Self::read(text)?;
        // Normalising `1-…` adds characters; what is stored must be readable again.
        if version.to_string().len() > LONGEST { Err(BadVersion::TooLong) } else { Ok(version) }
    }

    /// The same at any length, for versions that are only compared.
    pub(super) fn read(text: &str) -> Result<Self, BadVersion> {
        let (rest, metadata) = split_off(text, '+');
        let (numbers, labels) = split_off(rest, '-');
        if let Some(metadata) = metadata {
            check_labels(metadata)?;
        }
        Ok(Self {
            numbers: parse_numbers(numbers)?,
            labels: labels.map(parse_labels).transpose()?.unwrap_or_default(),
            metadata: metadata.map(str::to_owned),
        })
    }

    /// Its four numbers.
    pub(super) fn numbers(&self) -> [u32; 4] {
        self.numbers
    }

    /// Its labels; none for a release.
    pub(super) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The one way to write this version without its metadata: three numbers, a fourth only when it is not 0, and the
    /// labels as typed. `1.0` becomes `1.0.0`, `1.02.3.0-Beta+7` becomes `1.2.3-Beta`.
    pub fn normalized(&self) -> String {
        let [major, minor, patch, revision] = self.numbers;
        let mut text = format!("{major}.{minor}.{patch}");
        if revision != 0 {
            text.push_str(&format!(".{revision}"));
        }
        if self.is_prerelease() {
            text.push('-');
            text.push_str(&self.labels.join("."));
        }
        text
    }

    /// The identity of the version: [`normalized`](Self::normalized) in lower case. Safe in paths and URLs.
    pub fn key(&self) -> String {
        self.normalized().to_ascii_lowercase()
    }

    /// Bytes that sort as versions do, and are equal where versions are: fewer than 200.
    pub fn sort_key(&self) -> Vec<u8> {
        let mut key: Vec<u8> = self.numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        if !self.is_prerelease() {
            key.push(u8::MAX);
            return key;
        }
        for label in &self.labels {
            if is_number(label) {
                // Without leading zeros, the longer number is the greater.
                key.extend([1, u8::try_from(label.len()).unwrap_or(u8::MAX)]);
            } else {
                key.push(2);
            }
            key.extend(label.bytes().map(|byte| byte.to_ascii_lowercase()));
            key.push(0);
        }
        key.push(0);
        key
    }

    /// Whether the version has labels, as in `1.0.0-beta`.
    pub fn is_prerelease(&self) -> bool {
        !self.labels.is_empty()
    }

    /// Whether only clients that know SemVer 2 understand this version: it has metadata or more than one label.
    pub fn is_semver2(&self) -> bool {
        self.metadata.is_some() || self.labels.len() > 1
    }
}

fn split_off(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn parse_numbers(text: &str) -> Result<[u32; 4], BadVersion> {
    let mut numbers = [0; 4];
    for (place, part) in text.split('.').enumerate() {
        *numbers.get_mut(place).ok_or(BadVersion::Numbers)? = parse_number(part)?;
    }
    Ok(numbers)
}

fn parse_number(text: &str) -> Result<u32, BadVersion> {
    if !is_number(text) {
        return Err(BadVersion::Numbers);
    }
    let number: i32 = text.parse().map_err(|_| BadVersion::TooGreat)?;
    Ok(number.unsigned_abs())
}

fn parse_labels(text: &str) -> Result<Vec<String>, BadVersion> {
    check_labels(text)?;
    let labels: Vec<String> = text.split('.').map(str::to_owned).collect();
    if labels.iter().any(|label| is_number(label) && label.len() > 1 && label.starts_with('0')) {
        return Err(BadVersion::LeadingZero);
    }
    Ok(labels)
}

fn check_labels(text: &str) -> Result<(), BadVersion> {
    let is_label =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if text.split('.').all(is_label) { Ok(()) } else { Err(BadVersion::Labels) }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes the normalized version with its metadata.
impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.normalized())?;
        match &self.metadata {
            Some(metadata) => write!(out, "+{metadata}"),
            None => Ok(()),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = BadVersion;

    fn try_from(text: String) -> Result<Self, BadVersion> {
        Self::parse(&text)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}
