//! The page that asks before something is done: the question, what happens, and the button. All such pages look alike.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;
use serde::Deserialize;

use super::{
    error::PageError,
    form::Problems,
    format::Time,
    page::{Page, answer},
};

/// A question with what depends on its answer.
#[derive(Clone, Debug, Default)]
pub struct Confirm {
    /// The section of the navigation that the page is in.
    pub section: &'static str,
    /// The question, as the heading.
    pub title: String,
    /// What will happen.
    pub lede: String,
    /// What one may do instead: a page, and the words around the link to it.
    pub instead: Option<Instead>,
    /// Where nothing can be done here: the page that helps.
    pub helps: Option<Link>,
    /// What the token can do that it is about; empty for anything else.
    pub sentence: Vec<Piece>,
    /// What it is about.
    pub facts: Vec<Fact>,
    /// Where the form is sent to.
    pub action: String,
    /// On the button; empty where nothing can be done, and the page has no form.
    pub button: String,
    /// Whether it cannot be undone, or takes something away from others.
    pub is_danger: bool,
    /// Where one comes from, and goes back to without doing anything.
    pub back: Link,
    /// What the way back says beside the button; "Cancel" if empty.
    pub cancel: &'static str,
    /// The version of the thing when the page was drawn; goes with the form.
    pub version: Option<i64>,
    /// What is to be typed: more to know, or a name so that nobody does it by mistake.
    pub inputs: Vec<Input>,
    /// Whether the password is asked for; see [`super::reauth`].
    pub asks_proof: bool,
}

/// A path of ours with its name.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Below the public path.
    pub path: String,
    /// What the link says.
    pub text: String,
}

impl Link {
    /// A link that says this.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Another way, as a sentence around a link.
#[derive(Clone, Debug)]
pub struct Instead {
    /// Before the link.
    pub before: &'static str,
    /// The link.
    pub link: Link,
    /// After it.
    pub after: &'static str,
}

/// Something that is typed to go on.
#[derive(Clone, Debug)]
pub struct Input {
    /// The field.
    pub field: &'static str,
    /// Above it.
    pub label: String,
    /// What was typed.
    pub value: String,
    /// More about it; may be empty.
    pub hint: String,
}

/// One thing that the question is about.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value, piece by piece.
    pub pieces: Vec<Piece>,
}

/// A piece of a value.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Plain text.
    Text(String),
    /// Text of more weight.
    Strong(String),
    /// A pattern, or whatever else people type.
    Code(String),
    /// Text of less weight.
    Quiet(String),
    /// Text with its own lines.
    Lines(String),
    /// The first characters of a key.
    Hint(String),
    /// A state: the look of its badge, and what that says.
    Badge(&'static str, &'static str),
    /// An instant, and how far away it is.
    Time(Time),
    /// A page of ours.
    Link(Link),
}

impl Piece {
    /// Its words; an instant without how far away it is.
    pub fn plain(&self) -> &str {
        match self {
            Self::Text(text) | Self::Strong(text) | Self::Code(text) | Self::Quiet(text) => text,
            Self::Lines(text) | Self::Hint(text) => text,
            Self::Badge(_, text) => text,
            Self::Time(at) => &at.text,
            Self::Link(link) => &link.text,
        }
    }
}

impl Fact {
    /// A fact in several pieces.
    pub fn new(label: &'static str, pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self { label, pieces: pieces.into_iter().collect() }
    }

    /// A fact in plain text.
    pub fn text(label: &'static str, text: impl Into<String>) -> Self {
        Self::new(label, [Piece::Text(text.into())])
    }
}

/// What the page sends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfirmForm {
    /// The version that the page showed; empty where it showed none.
    pub version: String,
}

#[derive(Template)]
#[template(path = "web/confirm.html")]
struct ConfirmPage {
    page: Page,
    confirm: Confirm,
    problems: Problems,
}

impl Confirm {
    /// The same with one more fact.
    #[must_use]
    pub fn with_fact(mut self, fact: Fact) -> Self {
        self.facts.push(fact);
        self
    }

    /// The page without its form: why it cannot be done, and the page that helps if one does.
    #[must_use]
    pub fn without_form(self, why: String, helps: Option<Link>) -> Self {
        Self { lede: why, instead: None, helps, button: String::new(), ..self }
    }

    /// That page, as the answer to a form that was sent all the same: 409.
    pub fn cannot(self, req: &HttpRequest, why: &str) -> Result<HttpResponse, PageError> {
        self.without_form(why.to_owned(), None).draw(req, StatusCode::CONFLICT, Problems::default())
    }

    /// The look of its button.
    pub(crate) fn tone(&self) -> &'static str {
        if self.is_danger { "final" } else { "main" }
    }

    /// What the way back says.
    pub(crate) fn cancel(&self) -> &'static str {
        if self.cancel.is_empty() { "Cancel" } else { self.cancel }
    }

    /// The frame of its page.
    pub fn page(&self, req: &HttpRequest) -> Page {
        Page::in_section(req, self.title.clone(), self.section)
    }

    /// Asks it.
    pub fn ask(self, req: &HttpRequest) -> Result<HttpResponse, PageError> {
        self.draw(req, StatusCode::OK, Problems::default())
    }

    /// Says why it cannot be done now: 409.
    pub fn refuse(self, req: &HttpRequest, why: impl ToString) -> Result<HttpResponse, PageError> {
        self.draw(req, StatusCode::CONFLICT, Problems::one("", why))
    }

    /// Draws the page.
    pub fn draw(self, req: &HttpRequest, status: StatusCode, problems: Problems) -> Result<HttpResponse, PageError> {
        answer(status, &ConfirmPage { page: self.page(req), confirm: self, problems })
    }
}
