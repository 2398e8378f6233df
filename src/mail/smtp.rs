//! Sends one mail over SMTP, command by command, so that we know what the server said to which of them.
//! One time limit covers the whole conversation. When to try again is not decided here.

use std::{
    error::Error as _,
    fmt,
    future::Future,
    net::IpAddr,
    time::{Duration, Instant},
};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailParameter},
        response::Response,
    },
};
use tokio::{net::TcpStream, time::timeout};

use super::{
    BadMail, Outcome,
    smtp_url::{Protection, SmtpServer},
};
use crate::clock::Clock;

/// How long we wait for a goodbye after the mail was taken.
const FAREWELL: Duration = Duration::from_secs(5);
/// Longest part of a reply that is kept, in characters.
const MAX_REPLY: usize = 500;

/// A mail server and our name towards it.
#[derive(Clone)]
pub(super) struct Smtp {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp({}:{})", self.server.host, self.server.port)
    }
}

impl Smtp {
    /// Prepares conversations with a server; `host` is our own name.
    pub(super) fn new(server: SmtpServer, host: &str) -> Result<Self, BadMail> {
        let tls = match server.protection {
            Protection::Plain => None,
            Protection::Tls | Protection::StartTls => Some(tls_towards(&server)?),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let hello = match bare.parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(host.to_owned()),
        };
        Ok(Self { server, tls, hello })
    }

    /// Where the server is.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.server.host, self.server.port)
    }

    /// Sends one mail. `content` is asked for when the server has taken the recipient, right before DATA; `None` ends
    /// the conversation without a mail.
    pub(super) async fn deliver(
        &self,
        from: &Address,
        recipient: &str,
        clock: &Clock,
        content: impl Future<Output = Option<String>>,
    ) -> Outcome {
        let Ok(to) = recipient.parse() else {
            return Outcome::Final(format!("{recipient} is not an address that mail can be sent to"));
        };
        let (began, began_at) = (Instant::now(), clock.now());
        // The monotonic clock may stand still while a machine sleeps, and the other one may be set.
        let in_time = || {
            let by_the_wall = (clock.now() - began_at).to_std().unwrap_or_default();
            began.elapsed().max(by_the_wall) < self.server.timeout
        };
        let conversation = self.converse(from, to, content, in_time);
        match timeout(self.server.timeout, conversation).await {
            Ok(Ok(outcome) | Err(outcome)) => outcome,
            Err(_) => self.too_slow(),
        }
    }

    fn too_slow(&self) -> Outcome {
        Outcome::Down(format!("the mail server took longer than {:?}", self.server.timeout))
    }

    async fn converse(
        &self,
        from: &Address,
        to: Address,
        content: impl Future<Output = Option<String>>,
        in_time: impl Fn() -> bool,
    ) -> Result<Outcome, Outcome> {
        let mut connection = self.open().await?;
        let utf8 = needs_utf8(&connection, &to)?;
        let mail = connection.command(Mail::new(Some(from.clone()), utf8)).await;
        mail.and_is(&[250]).map_err(|why| Outcome::Retry(format!("sender: {}", why.words)))?;
        let rcpt = connection.command(Rcpt::new(to, Vec::new())).await;
        rcpt.and_is(&[250, 251, 252]).map_err(|why| why.final_if_refused("recipient"))?;
        let Some(content) = content.await else {
            return Ok(Outcome::Withdrawn);
        };
        let data = connection.command(Data).await;
        data.and_is(&[354]).map_err(|why| Outcome::Retry(format!("data: {}", why.words)))?;
        // A process that was frozen until here must not go on: by now another one may have sent the mail.
        if !in_time() {
            return Err(self.too_slow());
        }
        let reply = connection.command(Message(&content)).await;
        let reply = reply.and_is(&[250]).map_err(|why| why.final_if_refused("message"))?;
        // The mail is the server's now: whatever comes of the goodbye changes nothing.
        tokio::spawn(async move { timeout(FAREWELL, connection.quit()).await });
        Ok(Outcome::Sent(reply))
    }

    /// Connects, protects the connection and signs in. What goes wrong here would go wrong for every mail.
    async fn open(&self) -> Result<AsyncSmtpConnection, Outcome> {
        let down = |step: &str, error: &Error| Outcome::Down(format!("{step}: {}", Refusal::of(error).words));
        let SmtpServer { host, port, protection, credentials, .. } = &self.server;
        let wrapped = self.tls.clone().filter(|_| *protection == Protection::Tls);
        let connected = match wrapped {
            Some(tls) => {
                AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), None, &self.hello, Some(tls), None).await
            }
            None => AsyncSmtpConnection::connect_with_transport(Box::new(self.reach().await?), &self.hello).await,
        };
        let mut connection = connected.map_err(|error| down("connection", &error))?;
        if let Some(tls) = self.tls.clone().filter(|_| *protection == Protection::StartTls) {
            connection.starttls(tls, &self.hello).await.map_err(|error| down("STARTTLS", &error))?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            let signed_in = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            signed_in.and_is(&[235]).map_err(|why| Outcome::Down(format!("sign-in: {}", why.words)))?;
        }
        Ok(connection)
    }

    /// Without the delay that waits for the server to acknowledge most of a message before its end goes out: some 40 ms a mail.
    async fn reach(&self) -> Result<TcpStream, Outcome> {
        let down = |error: std::io::Error| Outcome::Down(format!("connection: {}", readable(&error.to_string())));
        let stream = TcpStream::connect((self.server.host.as_str(), self.server.port)).await.map_err(down)?;
        stream.set_nodelay(true).map_err(down)?;
        Ok(stream)
    }
}

fn tls_towards(server: &SmtpServer) -> Result<TlsParameters, BadMail> {
    let mut tls = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.authorities {
        let unreadable = |error: String| BadMail::Authorities(path.display().to_string(), error);
        let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unreadable(error.to_string()))?;
        tls = tls.add_root_certificate(certificate);
    }
    tls.build().map_err(|error| BadMail::Tls(error.to_string()))
}

/// An address outside ASCII needs a server that knows such addresses; no later attempt would change that.
fn needs_utf8(connection: &AsyncSmtpConnection, to: &Address) -> Result<Vec<MailParameter>, Outcome> {
    if AsRef::<str>::as_ref(to).is_ascii() {
        Ok(Vec::new())
    } else if connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        Ok(vec![MailParameter::SmtpUtfEight])
    } else {
        Err(Outcome::Final("the mail server takes no addresses outside ASCII (it lacks SMTPUTF8)".to_owned()))
    }
}

/// A message with its final dot. Both go out in one piece, so that nothing comes between them: no delay of the network,
/// and no sleep of the machine.
struct Message<'a>(&'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.0.strip_suffix("\r\n").unwrap_or(self.0).split("\r\n") {
            let stuffing = if line.starts_with('.') { "." } else { "" };
            write!(f, "{stuffing}{line}\r\n")?;
        }
        f.write_str(".\r\n")
    }
}

/// Anything but the reply we need.
struct Refusal {
    words: String,
    permanent: bool,
}

impl Refusal {
    fn of(error: &Error) -> Self {
        let words = match (error.status(), error.source()) {
            (Some(code), Some(text)) => format!("{code} {text}"),
            // The step is named anyway, and lettre repeats itself.
            _ => error.to_string().replace("Connection error: ", ""),
        };
        Self { words: readable(&words), permanent: error.is_permanent() }
    }

    fn final_if_refused(self, step: &str) -> Outcome {
        let words = format!("{step}: {}", self.words);
        if self.permanent { Outcome::Final(words) } else { Outcome::Retry(words) }
    }
}

trait Reply {
    /// The reply's words if its code is one of these. A reply that is positive but another one means that the two
    /// sides are out of step, as after replies slipped in before TLS.
    fn and_is(self, codes: &[u16]) -> Result<String, Refusal>;
}

impl Reply for Result<Response, Error> {
    fn and_is(self, codes: &[u16]) -> Result<String, Refusal> {
        let response = self.map_err(|error| Refusal::of(&error))?;
        let text = response.message().collect::<Vec<_>>().join(" ");
        let words = readable(&format!("{} {text}", response.code()));
        if codes.iter().any(|code| response.has_code(*code)) {
            Ok(words)
        } else {
            Err(Refusal { words: format!("unexpected reply {words}"), permanent: false })
        }
    }
}

fn readable(words: &str) -> String {
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_REPLY).collect()
}
