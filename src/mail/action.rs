//! The frame of a mail that says one thing and has one button, and the envelope every mail goes into.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{
    Mailer, Unwritable,
    line::wrapped,
    message::{Parts, message},
};
use crate::config::PublicUrl;

/// To whom a mail goes, and where its links lead.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Who sends it.
    pub mailer: &'a Mailer,
    /// What its links begin with.
    pub public_url: &'a PublicUrl,
    /// The address.
    pub recipient: &'a str,
    /// With angle brackets.
    pub message_id: &'a str,
    /// Its date.
    pub at: DateTime<Utc>,
}

impl Envelope<'_> {
    /// The whole message.
    pub(super) fn seal(
        &self,
        subject: &impl Template,
        text: &impl Template,
        html: &impl Template,
    ) -> Result<String, Unwritable> {
        message(Parts {
            from: &self.mailer.from,
            recipient: self.recipient,
            message_id: self.message_id,
            at: self.at,
            subject: subject.render().map_err(|error| Unwritable::new(&error))?.trim_end(),
            text: wrapped(&text.render().map_err(|error| Unwritable::new(&error))?),
            html: html.render().map_err(|error| Unwritable::new(&error))?,
        })
        .map_err(|error| Unwritable::new(&error))
    }

    /// The name of the host, for people.
    pub(super) fn host(&self) -> &str {
        self.public_url.host()
    }
}

/// What such a mail says. `said` stands before the button, `after` below it.
pub(super) struct ActionMail<'a> {
    /// Whom it greets. Nobody by name where a stranger may have chosen both name and address: the name would be an advert.
    pub(super) username: Option<&'a str>,
    pub(super) subject: &'a str,
    pub(super) said: String,
    pub(super) button: &'a str,
    pub(super) path: &'a str,
    pub(super) after: &'a [&'a str],
}

#[derive(Template)]
#[template(path = "mail/action/subject.txt")]
struct Subject<'a> {
    mail: &'a ActionMail<'a>,
}

#[derive(Template)]
#[template(path = "mail/action/text.txt")]
struct Text<'a> {
    mail: &'a ActionMail<'a>,
    host: &'a str,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "mail/action/html.html")]
struct Html<'a> {
    mail: &'a ActionMail<'a>,
    host: &'a str,
    url: &'a str,
}

impl ActionMail<'_> {
    /// The whole message.
    pub(super) fn write(&self, to: &Envelope<'_>) -> Result<String, Unwritable> {
        let (host, url) = (to.host(), &to.public_url.of(self.path));
        to.seal(&Subject { mail: self }, &Text { mail: self, host, url }, &Html { mail: self, host, url })
    }
}
