//! Forms that may carry a text file: `multipart/form-data`, in memory and bounded, with the same check of where it comes
//! from as any form.

use std::{
    future::{Ready, ready},
    rc::Rc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{StatusCode, header::CONTENT_TYPE},
    web::Bytes,
};

use serde::de::DeserializeOwned;

use super::{
    Fields, MAX_FIELDS, Sent, foreign, parse, received,
    text_file::{NotText, TextFile},
};
use crate::{
    auth::{multipart, read_body},
    web::error::PageError,
};

/// Largest such form, in bytes: several times the longest list that can be right, so that a longer one is told its
/// mistake on the form, where it stays.
const MAX_UPLOAD: usize = 2 * 1024 * 1024;

/// A form with a file in it. One that was not sent from our page in this browser and session may be shown to its sender
/// again, and nothing else.
pub struct UploadForm {
    upload: Rc<Upload>,
    fields: Rc<Fields>,
    /// Whether it was sent from our page in this browser and session.
    pub is_ours: bool,
}

/// The body as it arrived: files need not be text.
struct Upload {
    body: Bytes,
    boundary: String,
}

impl Upload {
    /// All of its fields; a file is one with the file's text.
    fn fields(&self) -> Fields {
        let lossy = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
        let text = |content: &[u8]| TextFile::read(content).map_or_else(|NotText| lossy(content), |file| file.text);
        multipart::parts(&self.body, &self.boundary).into_iter().map(|(name, value)| (name, text(value))).collect()
    }
}

impl UploadForm {
    /// All of its fields, files as their text.
    ///
    /// # Errors
    /// When a field is missing, unknown or there twice.
    pub fn typed<T: DeserializeOwned>(&self) -> Result<T, PageError> {
        parse(self.fields.to_vec())
    }

    /// A file; empty if none was chosen.
    ///
    /// # Errors
    /// When it is not text: that is for the form to say, so that nothing typed is lost.
    pub fn file(&self, name: &str) -> Result<TextFile, NotText> {
        TextFile::read(self.part(name))
    }

    /// A field; empty if it was not sent.
    ///
    /// # Errors
    /// When it is not UTF-8, which no page of ours sends.
    pub fn text(&self, name: &str) -> Result<String, PageError> {
        String::from_utf8(self.part(name).to_vec()).map_err(|_| {
            let text = format!("The field {name} is not text in UTF-8.");
            PageError::BadForm(StatusCode::UNPROCESSABLE_ENTITY, text)
        })
    }

    fn part(&self, name: &str) -> &[u8] {
        let Upload { body, boundary } = &*self.upload;
        multipart::part_named(body, boundary, name).unwrap_or_default()
    }
}

impl FromRequest for UploadForm {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(received(req, true).and_then(|sent| {
            let upload = req.extensions().get::<Rc<Upload>>().cloned().ok_or(PageError::NotFromUs)?;
            Ok(Self { upload, fields: sent.fields, is_ours: sent.is_ours })
        }))
    }
}

/// What separates the parts of a form with a file in it; none if the request carries no such form.
pub(super) fn boundary_of(req: &HttpRequest) -> Option<String> {
    let kind = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    multipart::boundary(kind)
}

/// Reads such a form, and whether its form value is right.
pub(super) async fn read(req: &HttpRequest, payload: Payload, boundary: String) -> Result<Sent, PageError> {
    let upload = Upload { body: read_body(payload, MAX_UPLOAD).await?, boundary };
    let fields = upload.fields();
    if fields.len() > MAX_FIELDS {
        return Err(foreign());
    }
    let sent = Sent::new(fields, true, req);
    req.extensions_mut().insert(Rc::new(upload));
    Ok(sent)
}
