//! What is wrong between us and a mail server, in its own words, and what an operator can do about it.

use std::time::Duration;

use lettre::transport::smtp::response::{Response, Severity};
use rustls::{CertificateError, InvalidMessage};
use thiserror::Error;

use super::{
    Outcome,
    connection::Broken,
    smtp_url::{Protection, SmtpServer},
};
use crate::tokens::is_invisible;

/// Longest part of a reply that is kept, in characters.
const MAX_REPLY: usize = 500;

/// Anything but the reply we need.
#[derive(Debug, Error)]
pub(super) enum SmtpError {
    /// There is none.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// Not even a greeting came in time.
    #[error("the mail server took longer than {0:?} and said nothing")]
    Silence(Duration),
    /// The connection ended before that.
    #[error("the mail server hung up without a greeting")]
    NoGreeting,
    /// The server says no.
    #[error("{}", words(.0))]
    Refused(Response),
    /// A yes to something else: the two sides are out of step.
    #[error("unexpected reply {}", words(.0))]
    OutOfStep(Response),
    /// STARTTLS is not offered.
    #[error("the mail server does not offer STARTTLS")]
    NoStartTls,
    /// No sign-in that we know is offered.
    #[error("the mail server offers no sign-in with a password (PLAIN or LOGIN)")]
    NoSignIn,
}

/// What helps, and whether time may help as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Advice {
    /// Nothing comes of waiting.
    Needed(&'static str),
    /// It may be something else, too.
    Perhaps(&'static str),
}

impl SmtpError {
    /// Trouble that every mail would have with this server.
    pub(super) fn of_all_mails(&self, step: &str, server: &SmtpServer) -> Outcome {
        let words = self.at(step);
        let with = |advice: &str| format!("{}. {advice}", words.trim_end_matches('.'));
        match self.advice(server) {
            Some(Advice::Needed(advice)) => Outcome::Misconfigured(with(advice)),
            Some(Advice::Perhaps(advice)) => Outcome::Down(with(advice)),
            None => Outcome::Down(words),
        }
    }

    /// Trouble with the sender. Most of it may pass, and not every mail need have it.
    pub(super) fn of_sender(&self, server: &SmtpServer) -> Outcome {
        match self.of_all_mails("sender", server) {
            Outcome::Down(words) => Outcome::Retry(words),
            lasting => lasting,
        }
    }

    /// Trouble of one mail, which is lost if the server refuses it for good.
    pub(super) fn of_this_mail(&self, step: &str) -> Outcome {
        match self {
            Self::Refused(reply) if reply.code().severity == Severity::PermanentNegativeCompletion => {
                Outcome::Final(self.at(step))
            }
            _ => self.of_this_attempt(step),
        }
    }

    /// Trouble of one mail that may pass.
    pub(super) fn of_this_attempt(&self, step: &str) -> Outcome {
        Outcome::Retry(self.at(step))
    }

    fn at(&self, step: &str) -> String {
        match self {
            Self::Silence(_) => self.to_string(),
            _ => format!("{step}: {}", readable(&self.to_string())),
        }
    }

    /// One sentence for whoever can change the settings.
    fn advice(&self, server: &SmtpServer) -> Option<Advice> {
        use Advice::{Needed, Perhaps};
        let plain = server.protection == Protection::Plain;
        match self {
            Self::NoStartTls => Some(Needed(
                "In LATCHKEY_SMTP_URL use smtps:// with a port that begins with TLS, or end it in ?tls=none for a relay on this machine",
            )),
            Self::Broken(Broken::Io(error)) => match tls_error(error)? {
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Some(Needed(
                    "This machine does not know who signed the server's certificate: end LATCHKEY_SMTP_URL in ?ca=FILE with the authority's certificate",
                )),
                rustls::Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                ) => Some(Needed("In LATCHKEY_SMTP_URL write the name that the server's certificate is for")),
                rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)
                    if server.protection == Protection::Tls =>
                {
                    Some(Needed(
                        "This port does not begin with TLS: in LATCHKEY_SMTP_URL use smtp:// instead of smtps://",
                    ))
                }
                _ => None,
            },
            Self::NoGreeting | Self::Silence(_) if server.protection != Protection::Tls => {
                Some(Perhaps("This may be a port that begins with TLS: then use smtps:// in LATCHKEY_SMTP_URL"))
            }
            Self::Refused(reply) if reply.has_code(530) && server.credentials.is_none() => Some(Needed(if plain {
                "The mail server wants a sign-in: write smtp://user:password@… into LATCHKEY_SMTP_URL and leave out ?tls=none"
            } else {
                "The mail server wants a sign-in: put user:password@ before its name in LATCHKEY_SMTP_URL"
            })),
            Self::Refused(reply) if reply.has_code(535) => {
                Some(Needed("The mail server did not accept the user name and password in LATCHKEY_SMTP_URL"))
            }
            _ => None,
        }
    }
}

fn tls_error(error: &std::io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A reply's code and words; a status that stands in every line is said once.
pub(super) fn words(reply: &Response) -> String {
    let mut lines = reply.message();
    let first = lines.next().unwrap_or_default();
    let status = first.split(' ').next().filter(|word| word.split('.').count() == 3);
    let rest = lines.map(|line| status.and_then(|status| line.strip_prefix(status)).unwrap_or(line).trim_start());
    let text = std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" ");
    readable(&format!("{} {text}", reply.code()))
}

fn readable(words: &str) -> String {
    words.chars().map(|c| if is_invisible(c) { ' ' } else { c }).take(MAX_REPLY).collect()
}
