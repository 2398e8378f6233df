//! Forms that may carry a text file: `multipart/form-data`, in memory and bounded, with the same check of where it comes
//! from as any form.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{StatusCode, header::CONTENT_TYPE},
    web::Bytes,
};

use super::{
    error::PageError,
    form::{Fields, Sent},
};
use crate::auth::{multipart, read_body};

/// Largest such form, in bytes.
const MAX_UPLOAD: usize = 256 * 1024;

/// A form that was sent from our page in this browser; a file in it is a field with the file's text.
pub struct UploadForm {
    body: Bytes,
    boundary: String,
}

/// A file that is not text in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUtf8;

impl UploadForm {
    /// All of its fields.
    fn fields(&self) -> Fields {
        let text = |content: &[u8]| String::from_utf8_lossy(content).into_owned();
        multipart::parts(&self.body, &self.boundary).into_iter().map(|(name, value)| (name, text(value))).collect()
    }

    /// A file's text; empty if none was chosen.
    ///
    /// # Errors
    /// When it is not UTF-8: that is for the form to say, so that nothing typed is lost.
    pub fn file(&self, name: &str) -> Result<String, NotUtf8> {
        let bytes = multipart::part_named(&self.body, &self.boundary, name).unwrap_or_default();
        String::from_utf8(bytes.to_vec()).map_err(|_| NotUtf8)
    }

    /// A field; empty if it was not sent.
    ///
    /// # Errors
    /// When it is not UTF-8, which no page of ours sends.
    pub fn text(&self, name: &str) -> Result<String, PageError> {
        self.file(name).map_err(|NotUtf8| {
            let text = format!("The field {name} is not text in UTF-8.");
            PageError::BadForm(StatusCode::UNPROCESSABLE_ENTITY, text)
        })
    }
}

impl FromRequest for UploadForm {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move { read(&req, payload).await })
    }
}

async fn read(req: &HttpRequest, payload: Payload) -> Result<UploadForm, PageError> {
    let kind = req.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multipart::boundary(kind).ok_or_else(|| {
        let text = "This form is sent as multipart/form-data.".to_owned();
        PageError::BadForm(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    })?;
    let form = UploadForm { body: read_body(payload, MAX_UPLOAD).await?, boundary };
    let sent = Sent::new(form.fields(), true, req);
    if !sent.is_ours {
        return Err(PageError::NotFromUs);
    }
    req.extensions_mut().insert(sent);
    Ok(form)
}
