//! Reading forms: within bounds, with the right form value, each field once, no field we did not send.
//! A form that breaks a rule comes back filled, with its problems beside the fields.

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::{csrf, error::PageError};
use crate::{access::read_body, app::App};

/// Largest form, in bytes.
const MAX_FORM: usize = 64 * 1024;
/// Most fields in a form.
const MAX_FIELDS: usize = 400;
const FORM_VALUE: &str = "csrf";

/// A form that was sent from our page in this browser.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Form<T> {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move { read(&req, payload).await.map(Form) })
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
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            let (is_ours, rest) = fields(&req, payload).await?;
            Ok(Self { form: parse(rest)?, is_ours })
        })
    }
}

async fn read<T: DeserializeOwned>(req: &HttpRequest, payload: Payload) -> Result<T, PageError> {
    match fields(req, payload).await? {
        (true, rest) => parse(rest),
        (false, _) => Err(PageError::NotFromUs),
    }
}

/// A form's fields but for the form value, and whether that is right.
async fn fields(req: &HttpRequest, payload: Payload) -> Result<(bool, Vec<(String, String)>), PageError> {
    let content_type = req.headers().get("content-type").map_or(&b""[..], |value| value.as_bytes());
    let kind = content_type.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
        let text = "Forms are sent as application/x-www-form-urlencoded.".to_owned();
        return Err(PageError::BadForm(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let body = read_body(payload, MAX_FORM).await?;
    if std::str::from_utf8(&body).is_err() || form_urlencoded::parse(&body).count() > MAX_FIELDS {
        return Err(PageError::BadForm(
            StatusCode::BAD_REQUEST,
            "It is not one of ours. Reload the page and try again.".to_owned(),
        ));
    }
    let all = form_urlencoded::parse(&body).into_owned();
    let (values, rest): (Vec<_>, Vec<_>) = all.partition(|(name, _)| name == FORM_VALUE);
    let app = req.app_data::<Data<App>>().cloned().expect("the server is built with an App");
    let is_ours = matches!(values.as_slice(), [(_, sent)] if csrf::is_right(sent, req, &app));
    Ok((is_ours, rest))
}

fn parse<T: DeserializeOwned>(fields: Vec<(String, String)>) -> Result<T, PageError> {
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    serde_html_form::from_str(&fields).map_err(|error| {
        PageError::BadForm(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("A field is missing, unknown or there twice ({error}). Reload the page and try again."),
        )
    })
}

/// One thing wrong with a form.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The field's name; empty for the form as a whole.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub text: String,
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

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Everything that is wrong with a field.
    pub fn all(&self, field: &str) -> Vec<&str> {
        self.list.iter().filter(|problem| problem.field == field).map(|problem| problem.text.as_str()).collect()
    }

    /// What is wrong with a field first.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.list.iter().find(|problem| problem.field == field).map(|problem| problem.text.as_str())
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
