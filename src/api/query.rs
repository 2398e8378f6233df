//! Query parameters, read strictly: what is misspelt or given twice is refused instead of ignored.

use std::collections::HashMap;

use actix_web::HttpRequest;
use url::form_urlencoded;

use super::problem::Problem;

/// Characters of one value.
const LONGEST: usize = 500;

/// The parameters of a request.
pub(super) struct Query(HashMap<String, String>);

impl Query {
    /// Reads them; only those in `known` may be given, each once and without control characters.
    pub(super) fn of(req: &HttpRequest, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(req.query_string().as_bytes()) {
            if !known.contains(&name.as_ref()) {
                return Err(Problem::bad(format!(
                    "There is no such parameter here. Valid parameters: {}.",
                    known.join(", ")
                )));
            }
            if value.chars().any(char::is_control) || value.chars().nth(LONGEST).is_some() {
                return Err(Problem::bad(format!("{name} must be plain text of at most {LONGEST} characters.")));
            }
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::bad(format!("{name} is given twice. Give it once.")));
            }
        }
        Ok(Self(parameters))
    }

    /// A value, if it is given.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
