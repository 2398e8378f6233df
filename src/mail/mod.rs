//! Mails: what they say, and how one is handed over. Which mails are owed and when to try again, `jobs` and `store` know.

mod account;
mod action;
mod connection;
mod end_notice;
mod folder;
mod line;
mod message;
mod security;
mod smtp;
mod smtp_error;
mod smtp_url;
mod test_mail;

use std::{future::Future, io};

use chrono::{DateTime, Utc};
use lettre::{Address, message::Mailbox};
use thiserror::Error;

pub use self::{
    account::write, action::Envelope, folder::folder_in, message::with_unsubscribe, smtp_url::BadSmtpUrl,
    test_mail::test_mail,
};
use self::{folder::Folder, smtp::Smtp, smtp_url::SmtpServer};
use crate::{
    clock::Clock,
    config::Settings,
    tokens::{MailId, is_invisible},
};

/// What came of handing a mail over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it, with these words.
    Sent(String),
    /// The server will never take it: a 5xx to the recipient or to the whole message.
    Final(String),
    /// This mail could not be handed over now.
    Retry(String),
    /// The server took the sender and then fell silent, perhaps at this mail only. It may have taken the mail.
    Silent(String),
    /// No mail could be handed over now: no connection, no TLS, no sign-in, or silence.
    Down(String),
    /// No mail can be handed over until somebody changes the settings, or the server.
    Misconfigured(String),
    /// There was nothing to send any more; nothing was sent.
    Withdrawn,
}

/// Why mail cannot work with these settings.
#[derive(Debug, Error)]
pub enum BadMail {
    /// The server's URL.
    #[error("LATCHKEY_SMTP_URL {0}")]
    Url(BadSmtpUrl),
    /// The file of `?ca=`. It is not named: what stands there may be a part of a password.
    #[error("LATCHKEY_SMTP_URL: the certificates in the file that ?ca= names cannot be used: {0}")]
    Authorities(String),
    /// The TLS library.
    #[error("LATCHKEY_SMTP_URL: TLS cannot be set up: {0}")]
    Tls(String),
    /// The sender.
    #[error(
        "LATCHKEY_MAIL_FROM must be an address such as packages@example.com or \"Packages <packages@example.com>\""
    )]
    From,
}

impl BadMail {
    fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::Authorities(error.to_string())
    }
}

/// Why a mail could not be written: a template or an address.
#[derive(Debug, Error)]
#[error("the mail cannot be written: {0}")]
pub struct Unwritable(String);

impl Unwritable {
    fn new(error: &dyn std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Hands mails over, to a server or a folder.
#[derive(Clone, Debug)]
pub struct Mailer {
    way: Way,
    from: Mailbox,
    host: String,
}

#[derive(Clone, Debug)]
enum Way {
    Smtp(Box<Smtp>),
    Folder(Folder),
}

impl Mailer {
    /// Prepares the way the settings name. No connection is made.
    pub fn new(settings: &Settings) -> Result<Self, BadMail> {
        let host = settings.public_url.host().to_owned();
        let way = match &settings.smtp_url {
            Some(url) => Way::Smtp(Box::new(Smtp::new(SmtpServer::parse(url.reveal()).map_err(BadMail::Url)?, &host)?)),
            None => Way::Folder(Folder::in_data(&settings.data_dir)),
        };
        Ok(Self { way, from: sender(settings)?, host: literal(&host) })
    }

    /// The way in a few words, for people: `mail.example.com:465`, or a folder. No password.
    pub fn way(&self) -> String {
        match &self.way {
            Way::Smtp(smtp) => smtp.place(),
            Way::Folder(folder) => folder.place(),
        }
    }

    /// Whether the server takes mails from us, as far as it tells without one; else why not.
    pub async fn probe(&self) -> Result<(), String> {
        match &self.way {
            Way::Smtp(smtp) => smtp.probe().await,
            Way::Folder(_) => Ok(()),
        }
    }

    /// The Message-ID of a mail, with angle brackets.
    pub fn message_id(&self, id: MailId) -> String {
        format!("<{id}@{}>", self.host)
    }

    /// Hands one mail over. `content` is asked for at the last moment, when all that can be known before is known;
    /// if it says `None`, nothing is sent.
    pub async fn deliver(
        &self,
        id: MailId,
        recipient: &str,
        clock: &Clock,
        content: impl Future<Output = Option<String>>,
    ) -> Outcome {
        match &self.way {
            Way::Smtp(smtp) => smtp.deliver(&self.from.email, recipient, clock, content).await,
            Way::Folder(folder) => folder.deliver(id, clock.now(), content).await,
        }
    }

    /// Removes old mail files; tells how many.
    pub fn delete_old(&self, now: DateTime<Utc>) -> io::Result<usize> {
        match &self.way {
            Way::Smtp(_) => Ok(0),
            Way::Folder(folder) => folder.delete_old(now),
        }
    }
}

fn sender(settings: &Settings) -> Result<Mailbox, BadMail> {
    let Some(text) = &settings.mail_from else {
        // A number cannot stand in an address that lettre reads back.
        let host = settings.public_url.host();
        let host = if host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok() { "localhost" } else { host };
        let address = Address::new("latchkey", host).map_err(|_| BadMail::From)?;
        return Ok(Mailbox::new(Some("Latchkey".to_owned()), address));
    };
    let from: Mailbox = text.parse().map_err(|_| BadMail::From)?;
    let plain = AsRef::<str>::as_ref(&from.email).is_ascii();
    let visible = !from.name.as_deref().unwrap_or_default().chars().any(is_invisible);
    if plain && visible { Ok(from) } else { Err(BadMail::From) }
}

/// A host as it stands after the @ of an address: numbers go into brackets.
fn literal(host: &str) -> String {
    match host.parse::<std::net::IpAddr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    }
}
