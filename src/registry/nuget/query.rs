//! The query parameters of searches. Unknown ones are ignored, because newer clients send more.

use std::collections::HashMap;

use actix_web::HttpRequest;
use url::form_urlencoded;

use super::response::NuGetError;

/// Characters of a search text.
const LONGEST: usize = 500;

/// The parameters of a request, each given once.
pub(super) struct Query(HashMap<String, String>);

impl Query {
    /// Reads them.
    pub(super) fn of(req: &HttpRequest) -> Result<Self, NuGetError> {
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(req.query_string().as_bytes()) {
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(bad(format!("The parameter {name} is given twice. Give it once.")));
            }
        }
        Ok(Self(parameters))
    }

    /// A text without control characters; empty if it is not given.
    pub(super) fn text(&self, name: &str) -> Result<&str, NuGetError> {
        let text = self.0.get(name).map_or("", |text| text.trim());
        if text.chars().any(char::is_control) || text.chars().nth(LONGEST).is_some() {
            return Err(bad(format!("{name} must be plain text of at most {LONGEST} characters.")));
        }
        Ok(text)
    }

    /// What was typed to search for. Nothing that can be typed is wrong.
    pub(super) fn typed(&self) -> &str {
        self.0.get("q").map_or("", String::as_str)
    }

    /// Whether a parameter is given at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A whole number. One over `most` counts as `most`: clients ask for more than any server gives (Paket takes
    /// 10,000), and show what they get.
    pub(super) fn number(&self, name: &str, default: usize, most: usize) -> Result<usize, NuGetError> {
        let Some(text) = self.0.get(name).filter(|text| !text.is_empty()) else { return Ok(default) };
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad(format!("{name} must be a whole number, such as 20.")));
        }
        // What does not fit into a number is larger than all.
        Ok(text.parse().unwrap_or(most).min(most))
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &str) -> Result<bool, NuGetError> {
        match self.0.get(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None | Some("" | "false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(bad(format!("{name} must be true or false."))),
        }
    }

    /// Whether the client knows SemVer 2.
    pub(super) fn knows_semver2(&self) -> Result<bool, NuGetError> {
        match self.0.get("semVerLevel").map(String::as_str) {
            None | Some("" | "1" | "1.0" | "1.0.0") => Ok(false),
            Some("2" | "2.0" | "2.0.0") => Ok(true),
            Some(_) => Err(bad("semVerLevel must be 1.0.0 or 2.0.0.")),
        }
    }
}

fn bad(sentence: impl Into<String>) -> NuGetError {
    NuGetError::bad("A parameter cannot be read", sentence)
}
