//! Reading forms: within bounds, with the right form value, each field once, no field we did not send.
//! A form that breaks a rule comes back filled, with its problems beside the fields.

pub mod text_file;
pub mod upload;

use std::{
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    dev::{Payload, ServiceRequest},
    http::StatusCode,
    web::Data,
};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::{csrf, error::PageError, page::below_prefix};
use crate::{
    app::App,
    auth::{password_hasher::Busy, read_body},
    store::StoreError,
};

/// Largest form, in bytes.
const MAX_FORM: usize = 64 * 1024;
/// The same of signing in, which carries what was typed before: as JSON in base64.
const MAX_SIGN_IN: usize = MAX_FORM + 3 * MAX_KEPT;
/// Most bytes of names and values that are kept of a form that came too late: a list of 500 people has fewer, however long
/// their names are.
pub(super) const MAX_KEPT: usize = 192 * 1024;
/// Most fields in a form.
const MAX_FIELDS: usize = 400;
const FORM_VALUE: &str = "csrf";
/// The field of the password that is given as a fresh proof, in whichever form asks for it.
pub const PROOF: &str = "proof_password";

/// The fields of a form.
pub type Fields = Vec<(String, String)>;

/// The form of a request as it arrived: read once, before it is known who asks and whether they may.
#[derive(Clone)]
pub struct Sent {
    /// Its fields but for the form value.
    pub fields: Rc<Fields>,
    /// Whether it carries the right form value: it was sent from our page in this browser and session.
    pub is_ours: bool,
    /// The password that was given with it as a fresh proof; see [`super::reauth`].
    pub proof: Option<String>,
    /// Whether it is `multipart/form-data`.
    pub is_upload: bool,
}

impl Sent {
    /// A form as it arrived: the form value and the proof are taken out of its fields.
    pub fn new(all: Fields, is_upload: bool, req: &HttpRequest) -> Self {
        let (values, rest): (Fields, Fields) = all.into_iter().partition(|(name, _)| name == FORM_VALUE);
        let (proofs, fields): (Fields, Fields) = rest.into_iter().partition(|(name, _)| name == PROOF);
        let app = req.app_data::<Data<App>>().cloned().expect("the server is built with an App");
        let is_ours = matches!(values.as_slice(), [(_, sent)] if csrf::is_right(sent, req, &app));
        let proof = proofs.into_iter().next().map(|(_, password)| password);
        Self { fields: Rc::new(fields), is_ours, proof, is_upload }
    }
}

/// Why the form of a request was not read, for whoever asks for it.
struct Unread(PageError);

/// Reads the form of a request and puts it where [`Form`], [`Typed`] and [`upload::UploadForm`] look for it.
pub async fn receive(req: &mut ServiceRequest) {
    let payload = req.take_payload();
    let request = req.request();
    let sent = match (is_form(request), upload::boundary_of(request)) {
        (true, _) => read(request, payload).await,
        (false, Some(boundary)) => upload::read(request, payload, boundary).await,
        (false, None) => Err(wrong_type("Forms are sent as application/x-www-form-urlencoded.")),
    };
    match sent {
        Ok(sent) => drop(req.extensions_mut().insert(sent)),
        Err(error) => drop(req.extensions_mut().insert(Unread(error))),
    }
}

/// A form in another format than its page sends: 415.
pub(super) fn wrong_type(text: &str) -> PageError {
    PageError::BadForm(StatusCode::UNSUPPORTED_MEDIA_TYPE, text.to_owned())
}

/// The form of a request, if it came in the format that its page sends.
pub(super) fn received(req: &HttpRequest, as_upload: bool) -> Result<Sent, PageError> {
    let unread = req.extensions_mut().remove::<Unread>();
    let sent = req.extensions().get::<Sent>().cloned();
    let sent = sent.ok_or(unread.map_or(PageError::NotFromUs, |unread| unread.0))?;
    match (sent.is_upload, as_upload) {
        (true, false) => Err(wrong_type("Forms are sent as application/x-www-form-urlencoded.")),
        (false, true) => Err(wrong_type("This form is sent as multipart/form-data.")),
        _ => Ok(sent),
    }
}

/// A form that was sent from our page in this browser and session. Any other goes back to its sender; see `late_form`.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Form<T> {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(received(req, false).and_then(|sent| {
            let fields = Rc::unwrap_or_clone(sent.fields);
            if sent.is_ours { parse(fields).map(Form) } else { Err(PageError::Late) }
        }))
    }
}

/// A form as it arrived, and whether it carries the right value. One that does not may be shown to its sender again, and
/// nothing else.
pub struct Typed<T> {
    /// What was typed.
    pub form: T,
    /// Whether it was sent from our page in this browser and session.
    pub is_ours: bool,
}

impl<T: DeserializeOwned> FromRequest for Typed<T> {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            received(req, false)
                .and_then(|sent| Ok(Self { form: parse(Rc::unwrap_or_clone(sent.fields))?, is_ours: sent.is_ours })),
        )
    }
}

fn is_form(req: &HttpRequest) -> bool {
    let content_type = req.headers().get("content-type").map_or(&b""[..], |value| value.as_bytes());
    let kind = content_type.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

/// Reads a form's fields, and whether its form value is right.
async fn read(req: &HttpRequest, payload: Payload) -> Result<Sent, PageError> {
    let most = if below_prefix(req) == "/sign-in" { MAX_SIGN_IN } else { MAX_FORM };
    let body = read_body(payload, most).await?;
    if std::str::from_utf8(&body).is_err() || form_urlencoded::parse(&body).count() > MAX_FIELDS {
        return Err(foreign());
    }
    Ok(Sent::new(form_urlencoded::parse(&body).into_owned().collect(), false, req))
}

/// Not a form of any page of ours: 400.
fn foreign() -> PageError {
    let text = "It is not one of ours. Reload the page and try again.".to_owned();
    PageError::BadForm(StatusCode::BAD_REQUEST, text)
}

/// Reads the fields as the form they are of.
pub fn parse<T: DeserializeOwned>(fields: Fields) -> Result<T, PageError> {
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    serde_html_form::from_str(&fields).map_err(|error| {
        PageError::BadForm(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("A field is missing, unknown or there twice ({error}). Reload the page and try again."),
        )
    })
}

/// Said above a form that was not sent from this browser and session, and is shown again.
pub const LATE: &str = "This page was out of date, so nothing was done. Check what you typed and send it again.";

/// One thing wrong with a form.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The field's name; empty for the form as a whole.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub text: String,
}

/// Why a form did nothing.
#[derive(Debug)]
pub enum FormError {
    /// It is shown again, with this status and what is wrong with it.
    Again(StatusCode, Problems),
    /// Another page answers.
    Page(PageError),
}

impl FormError {
    /// Something about one field, or about the whole form if that is empty: 422.
    pub fn field(field: &'static str, text: impl ToString) -> Self {
        Problems::one(field, text).into()
    }

    /// The form is right, and things stand against it: 409.
    pub fn conflict(text: impl ToString) -> Self {
        Self::Again(StatusCode::CONFLICT, Problems::one("", text))
    }
}

impl From<Problems> for FormError {
    fn from(problems: Problems) -> Self {
        Self::Again(StatusCode::UNPROCESSABLE_ENTITY, problems)
    }
}

impl From<PageError> for FormError {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl From<StoreError> for FormError {
    fn from(error: StoreError) -> Self {
        Self::Page(error.into())
    }
}

impl From<anyhow::Error> for FormError {
    fn from(error: anyhow::Error) -> Self {
        Self::Page(error.into())
    }
}

impl From<Busy> for FormError {
    fn from(error: Busy) -> Self {
        Self::Page(error.into())
    }
}

/// What is wrong with a form that is shown before it was sent.
pub fn problems_of<T>(checked: Result<T, FormError>) -> Result<Problems, PageError> {
    match checked {
        Ok(_) => Ok(Problems::default()),
        Err(FormError::Again(_, problems)) => Ok(problems),
        Err(FormError::Page(error)) => Err(error),
    }
}

/// The answer to a form: what came of it, or the form once more with its problems.
pub async fn or_again(
    outcome: Result<HttpResponse, FormError>,
    redraw: impl AsyncFnOnce(StatusCode, Problems) -> Result<HttpResponse, PageError>,
) -> Result<HttpResponse, PageError> {
    match outcome {
        Ok(answer) => Ok(answer),
        Err(FormError::Again(status, problems)) => redraw(status, problems).await,
        Err(FormError::Page(error)) => Err(error),
    }
}

/// Everything wrong with a form.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// In the order of the fields.
    pub list: Vec<Problem>,
}

impl Problems {
    /// A single problem.
    pub fn one(field: &'static str, text: impl ToString) -> Self {
        Self { list: vec![Problem { field, text: text.to_string() }] }
    }

    /// The value of a form with which nothing is wrong; its problems otherwise.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        value.filter(|_| self.is_empty()).ok_or(self)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What is wrong first, in whichever field.
    pub fn first(&self) -> Option<String> {
        self.list.first().map(|problem| problem.text.clone())
    }

    /// Everything that is wrong with a field.
    pub fn all(&self, field: &str) -> Vec<&str> {
        self.list.iter().filter(|problem| problem.field == field).map(|problem| problem.text.as_str()).collect()
    }

    /// What is wrong with a field first.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.list.iter().find(|problem| problem.field == field).map(|problem| problem.text.as_str())
    }

    /// The fields that something is wrong with, each once; empty for the form as a whole.
    pub fn fields(&self) -> Vec<&'static str> {
        let mut fields: Vec<&'static str> = Vec::new();
        for problem in &self.list {
            if !fields.contains(&problem.field) {
                fields.push(problem.field);
            }
        }
        fields
    }

    /// Keeps a good value, or notes what is wrong with it.
    pub fn keep<T, E: ToString>(&mut self, field: &'static str, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.note(field, error)).ok()
    }

    /// Notes what is wrong with a field.
    pub fn note(&mut self, field: &'static str, text: impl ToString) {
        self.list.push(Problem { field, text: text.to_string() });
    }
}
