//! Why nobody should use a version any more, and what to use instead. One rule for every kind of packages.

use strum::{EnumString, IntoStaticStr};
use thiserror::Error;

use crate::tokens::{PackageKey, is_invisible, secret};

/// Characters of a message.
pub const LONGEST_MESSAGE: usize = 500;

/// Why a version is deprecated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum DeprecationReason {
    /// Nobody looks after it any more.
    Legacy,
    /// It does harm.
    CriticalBugs,
    /// The message says it.
    #[default]
    Other,
}

words!(DeprecationReason);

impl DeprecationReason {
    /// All of them, as forms show them.
    pub const ALL: [Self; 3] = [Self::Legacy, Self::CriticalBugs, Self::Other];

    /// In a few words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Legacy => "Legacy",
            Self::CriticalBugs => "Critical bugs",
            Self::Other => "Other",
        }
    }

    /// What it means; that is also said where its author says nothing.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Legacy => "It is no longer maintained.",
            Self::CriticalBugs => "It has critical bugs.",
            Self::Other => "It is deprecated.",
        }
    }
}

/// What is said of a deprecated version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deprecation {
    /// Why.
    pub reason: DeprecationReason,
    /// In the words of whoever deprecated it; one line of a stranger's text.
    pub message: String,
    /// The package of the same feed and kind to use instead, as its name was first published.
    pub alternative: Option<String>,
    /// Who wrote it: a username; none when that account was deleted, or was not kept.
    pub by: Option<String>,
}

impl Deprecation {
    /// All of it in a line, for clients that know nothing but a text.
    pub fn text(&self) -> String {
        match &self.alternative {
            Some(name) => format!("{} Use {name} instead.", self.message),
            None => self.message.clone(),
        }
    }
}

/// What is to be said of versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeprecation {
    /// Why.
    pub reason: DeprecationReason,
    /// As [`parse_message`] gave it.
    pub message: String,
    /// The package to use instead, and its name.
    pub alternative: Option<(PackageKey, String)>,
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadMessage {
    /// Nothing, where nothing else says why.
    #[error("Say in one line why it should no longer be used.")]
    Empty,
    /// Too long.
    #[error("Use at most {LONGEST_MESSAGE} characters.")]
    TooLong,
    /// Line ends, or what garbles terminals and pages.
    #[error("Write one line, without control characters, invisible ones, and marks that change the direction of text.")]
    Control,
    /// Somebody pasted a key.
    #[error("This contains a key. Everybody who can read the package would read it.")]
    Key,
}

/// Why a package is not taken as the one to use instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadAlternative {
    /// The feed has none of the name, or none that is listed.
    #[error("The feed has no listed package of this name and kind.")]
    NotThere,
    /// It is the deprecated one.
    #[error("This is the package itself.")]
    Itself,
    /// It leads back to the deprecated one.
    #[error("{0} is deprecated itself, and leads back to this package.")]
    LeadsBack(String),
}

/// Reads a message, which clients print on terminals. Where nothing is said, the reason speaks for itself.
///
/// # Errors
/// When it is no line of visible text, or empty without a reason.
pub fn parse_message(text: &str, reason: DeprecationReason) -> Result<String, BadMessage> {
    let text = text.trim();
    if text.is_empty() {
        return match reason {
            DeprecationReason::Other => Err(BadMessage::Empty),
            _ => Ok(reason.sentence().to_owned()),
        };
    }
    if text.chars().count() > LONGEST_MESSAGE {
        return Err(BadMessage::TooLong);
    }
    if text.chars().any(is_invisible) {
        return Err(BadMessage::Control);
    }
    if secret::is_in(text) { Err(BadMessage::Key) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_visible_text() {
        let read = |text: &str| parse_message(text, DeprecationReason::Other);
        assert_eq!(read("  <b>Use 2.</b> "), Ok("<b>Use 2.</b>".to_owned()));
        assert_eq!(read(&"é".repeat(500)).map(|text| text.chars().count()), Ok(500));
        assert_eq!(read(&"é".repeat(501)), Err(BadMessage::TooLong));
        for bad in ["a\nb", "a\r\nb", "a\u{1b}[31mb", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b", "a\0b", "a\u{200f}b"] {
            assert_eq!(read(bad), Err(BadMessage::Control), "{bad:?}");
        }
        assert_eq!(read(" "), Err(BadMessage::Empty));
    }

    #[test]
    fn a_reason_speaks_for_itself_and_comes_back_by_its_word() {
        for reason in DeprecationReason::ALL {
            assert_eq!(DeprecationReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(parse_message("", DeprecationReason::Legacy), Ok("It is no longer maintained.".to_owned()));
        assert_eq!(DeprecationReason::CriticalBugs.as_str(), "critical-bugs");
        assert_eq!(DeprecationReason::parse("Legacy"), None);
    }

    #[test]
    fn one_line_says_it_all() {
        let mut told = Deprecation {
            reason: DeprecationReason::Legacy,
            message: "Old.".to_owned(),
            alternative: None,
            by: Some("ada".to_owned()),
        };
        assert_eq!(told.text(), "Old.");
        told.alternative = Some("Contoso.Next".to_owned());
        assert_eq!(told.text(), "Old. Use Contoso.Next instead.");
    }
}
