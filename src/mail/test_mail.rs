//! The mail that an operator sends to see whether mails arrive, and what they look like when they do.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{Mailer, Unwritable, action::Envelope};
use crate::config::PublicUrl;

#[derive(Template)]
#[template(path = "mail/test_mail/subject.txt")]
struct Subject<'a> {
    mail: &'a TestMail,
}

#[derive(Template)]
#[template(path = "mail/test_mail/text.txt")]
struct Text<'a> {
    mail: &'a TestMail,
}

#[derive(Template)]
#[template(path = "mail/test_mail/html.html")]
struct Html<'a> {
    mail: &'a TestMail,
}

struct TestMail {
    host: String,
    url: String,
    sent: String,
}

/// The whole message.
pub fn test_mail(
    (mailer, public_url): (&Mailer, &PublicUrl),
    recipient: &str,
    message_id: &str,
    at: DateTime<Utc>,
) -> Result<String, Unwritable> {
    let mail = TestMail {
        host: public_url.host().to_owned(),
        url: public_url.of("/"),
        sent: at.format("%A, %-d %B %Y, %H:%M UTC").to_string(),
    };
    let to = Envelope { mailer, public_url, recipient, message_id, at };
    to.seal(&Subject { mail: &mail }, &Text { mail: &mail }, &Html { mail: &mail })
}
