//! The envelope around every mail: headers that no text of a person can steer, and the two bodies.
//! Everything on the wire is ASCII with CR LF, whatever a server knows.

use chrono::{DateTime, Utc};
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};

/// The parts of one mail.
pub(super) struct Parts<'a> {
    pub(super) from: &'a Mailbox,
    pub(super) recipient: &'a str,
    pub(super) message_id: &'a str,
    pub(super) at: DateTime<Utc>,
    pub(super) subject: &'a str,
    pub(super) text: String,
    pub(super) html: String,
}

/// The whole message.
pub(super) fn message(parts: Parts<'_>) -> Result<String, lettre::error::Error> {
    let Parts { from, recipient, message_id, at, subject, text, html } = parts;
    let recipient = recipient.parse().map_err(|_| lettre::error::Error::MissingTo)?;
    // The boundary comes from the mail's id, so that the same mail is the same bytes.
    let id: String = message_id.chars().filter(|c| c.is_ascii_hexdigit()).take(32).collect();
    let bodies = MultiPart::alternative()
        .boundary(format!("=_{id}"))
        .singlepart(SinglePart::plain(text))
        .singlepart(SinglePart::html(html));
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, recipient))
        .subject(undecodable(subject))
        .date(at.into())
        .message_id(Some(message_id.to_owned()))
        .raw_header(automatic)
        .multipart(bodies)?;
    Ok(String::from_utf8_lossy(&message.formatted()).into_owned())
}

/// A message with the headers by which mail programs offer to stop such mails, with one press (RFC 8058). They are put
/// on at the last moment: the link's secret is not kept with the message.
pub fn with_unsubscribe(message: &str, url: &str) -> String {
    format!("List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n{message}")
}

/// A text that looks like an encoded word must not be decoded by the reader. With no-break spaces it is one word with
/// characters outside ASCII, and so is encoded as a whole.
fn undecodable(subject: &str) -> String {
    if subject.contains("=?") { subject.replace(' ', "\u{a0}") } else { subject.to_owned() }
}
