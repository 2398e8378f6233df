//! Links that fill a token's form: `/settings/tokens/new?name=…&allow=…&packages=…`, and the ones by which a refusal is
//! mended. A link types for the person who follows it; it makes and saves nothing, and what it gets wrong is said beside
//! the field.

use actix_web::HttpRequest;
use url::form_urlencoded;

use super::token_form::TokenForm;
use crate::{
    feeds::Feed,
    tokens::{
        Patterns, Permission,
        expiry::ExpiryChoice,
        pattern::{BadPattern, Pattern},
    },
    web::form::Problems,
};

/// What a link says, as names and values.
pub struct PrefillLink(Vec<(String, String)>);

impl PrefillLink {
    /// The query of a request; any bytes can be read.
    pub fn of(req: &HttpRequest) -> Self {
        Self(form_urlencoded::parse(req.query_string().as_bytes()).into_owned().collect())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The values of a name, given once with commas between them or several times.
    fn values(&self, name: &str) -> Vec<&str> {
        let given = self.0.iter().filter(|(own, _)| own == name);
        given.flat_map(|(_, value)| value.split([',', '\n'])).map(str::trim).filter(|value| !value.is_empty()).collect()
    }

    /// Fills the form of a new token. Gives the fields it filled, none if the link is about something else, and what the
    /// form itself cannot say about them.
    pub fn fill(&self, form: &mut TokenForm, feeds: &[Feed]) -> (Vec<&'static str>, Problems) {
        let (mut filled, mut problems) = (Vec::new(), Problems::default());
        if let Some(name) = self.value("name") {
            name.clone_into(&mut form.name);
            filled.push("name");
        }
        if let Some(note) = self.value("note") {
            note.clone_into(&mut form.note);
            filled.push("note");
        }
        if self.value("allow").is_some() {
            form.permission = self.scopes();
            filled.push("permission");
        }
        if self.value("packages").is_some() {
            let patterns = self.values("packages");
            if patterns == ["*"] {
                "all".clone_into(&mut form.scope);
            } else {
                form.patterns = patterns.join("\n");
            }
            filled.push("patterns");
        }
        if self.value("feeds").is_some() {
            self.fill_feeds(form, feeds, &mut problems);
            filled.push("feeds");
        }
        if let Some(expires) = self.value("expires") {
            fill_expiry(form, expires, &mut problems);
            filled.extend(["expires", "expires_on"]);
        }
        self.value("morning").unwrap_or_default().clone_into(&mut form.morning);
        (filled, problems)
    }

    fn scopes(&self) -> Vec<String> {
        self.values("allow").iter().flat_map(|value| value.split_whitespace()).map(str::to_owned).collect()
    }

    fn fill_feeds(&self, form: &mut TokenForm, feeds: &[Feed], problems: &mut Problems) {
        let names = self.values("feeds");
        form.feeds = if names == ["all"] { "all" } else { "some" }.to_owned();
        form.feed.clear();
        for name in names.into_iter().filter(|name| *name != "all") {
            match feeds.iter().find(|feed| feed.name == name || feed.id.to_string() == name) {
                Some(feed) => form.feed.push(feed.id.to_string()),
                None => problems.note("feeds", format!("The link names the feed “{name}”, which you cannot reach.")),
            }
        }
    }

    /// Ticks one more thing in the form of a duplicate; gives what it ticked.
    pub fn tick(&self, form: &mut TokenForm) -> Vec<Permission> {
        let more = self.scopes().into_iter().filter(|scope| !form.permission.contains(scope)).collect::<Vec<_>>();
        let known = more.iter().filter_map(|scope| Permission::parse(scope)).collect();
        form.permission.extend(more);
        known
    }

    /// Adds patterns to the form of an edit; gives those that were added, or what is wrong with them.
    pub fn add(&self, form: &mut TokenForm) -> Result<Vec<String>, BadPattern> {
        let mut added = Vec::new();
        for text in self.0.iter().filter(|(name, _)| name == "add").map(|(_, value)| value) {
            let pattern = Pattern::parse(text);
            let is_there = Patterns::parse(&form.all_patterns())
                .is_ok_and(|there| pattern.as_ref().is_ok_and(|new| there.covers(new.as_str())));
            if !is_there {
                form.patterns = format!("{}\n{}", form.patterns.trim_end(), text.trim()).trim_start().to_owned();
                added.push(pattern?.as_str().to_owned());
            }
        }
        Ok(added)
    }
}

fn fill_expiry(form: &mut TokenForm, text: &str, problems: &mut Problems) {
    match ExpiryChoice::parse(text) {
        Ok(ExpiryChoice::At(end)) => {
            (form.expires, form.expires_on) = ("date".to_owned(), end.date_naive().to_string())
        }
        Ok(ExpiryChoice::Days(days)) => form.expires = days.to_string(),
        Ok(ExpiryChoice::EndOf(date)) => (form.expires, form.expires_on) = ("date".to_owned(), date.to_string()),
        Ok(ExpiryChoice::Never) => form.expires = "never".to_owned(),
        Err(error) => {
            form.expires.clear();
            problems.note("expires", format!("The link says “{text}”. {error}"));
        }
    }
}
