//! Sends one mail over SMTP, command by command, so that we know what the server said to which of them.
//! One time limit covers the whole conversation. When to try again is not decided here.

use std::{
    fmt,
    future::Future,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use lettre::{
    Address,
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Starttls},
        extension::{ClientId, Extension, MailParameter, ServerInfo},
        response::Response,
    },
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::time::timeout;

use super::{
    BadMail, Outcome,
    connection::{Broken, SmtpConnection, Tls},
    smtp_error::{SmtpError, words},
    smtp_url::{Protection, SmtpServer},
};
use crate::clock::Clock;

/// How long we wait for a goodbye after the mail was taken.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long a look at the server may take.
const PROBE: Duration = Duration::from_secs(10);
/// Most questions in one sign-in.
const CHALLENGES: usize = 4;

/// A mail server and our name towards it.
#[derive(Clone)]
pub(super) struct Smtp {
    server: SmtpServer,
    tls: Option<Tls>,
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
        let mut reached = SmtpStage::Nothing;
        let ended = timeout(self.server.timeout, self.converse(&mut reached, from, to, content, in_time)).await;
        match ended {
            Ok(Ok(outcome) | Err(outcome)) => outcome,
            Err(_) => self.too_slow(reached),
        }
    }

    /// Connects, protects the connection, signs in and says goodbye; why that failed, in words.
    pub(super) async fn probe(&self) -> Result<(), String> {
        let mut reached = SmtpStage::Nothing;
        let limit = self.server.timeout.min(PROBE);
        let outcome = match timeout(limit, self.open(&mut reached)).await {
            Ok(Ok((mut wire, _))) => {
                let _ = timeout(FAREWELL, wire.command(Quit)).await;
                return Ok(());
            }
            Ok(Err(outcome)) => outcome,
            Err(_) => return Err(format!("no answer within {limit:?}")),
        };
        match outcome {
            Outcome::Final(why) | Outcome::Retry(why) | Outcome::Silent(why) => Err(why),
            Outcome::Down(why) | Outcome::Misconfigured(why) => Err(why),
            Outcome::Sent(_) | Outcome::Withdrawn => Ok(()),
        }
    }

    fn too_slow(&self, reached: SmtpStage) -> Outcome {
        let limit = self.server.timeout;
        match reached {
            SmtpStage::Server => SmtpError::Silence(limit).of_all_mails("connection", &self.server),
            SmtpStage::Nothing | SmtpStage::Greeting => {
                Outcome::Down(format!("the mail server took longer than {limit:?}"))
            }
            SmtpStage::Sender => Outcome::Silent(format!("the mail server took longer than {limit:?}")),
        }
    }

    async fn converse(
        &self,
        reached: &mut SmtpStage,
        from: &Address,
        to: Address,
        content: impl Future<Output = Option<String>>,
        in_time: impl Fn() -> bool,
    ) -> Result<Outcome, Outcome> {
        let (mut wire, server) = self.open(reached).await?;
        let utf8 = needs_utf8(&server, &to)?;
        let mail = wire.command(Mail::new(Some(from.clone()), utf8)).await;
        mail.and_is(&[250]).map_err(|error| error.of_sender(&self.server))?;
        *reached = SmtpStage::Sender;
        let rcpt = wire.command(Rcpt::new(to, Vec::new())).await;
        rcpt.and_is(&[250, 251, 252]).map_err(|error| error.of_this_mail("recipient"))?;
        let Some(content) = content.await else {
            return Ok(Outcome::Withdrawn);
        };
        let data = wire.command(Data).await;
        data.and_is(&[354]).map_err(|error| error.of_this_attempt("data"))?;
        // A process that was frozen until here must not go on: by now another one may have sent the mail.
        if !in_time() {
            return Err(self.too_slow(SmtpStage::Nothing));
        }
        let reply = wire.command(Message(&content)).await;
        let reply = reply.and_is(&[250]).map_err(|error| error.of_this_mail("message"))?;
        // The mail is the server's now: whatever comes of the goodbye changes nothing.
        tokio::spawn(async move { timeout(FAREWELL, wire.command(Quit)).await });
        Ok(Outcome::Sent(words(&reply)))
    }

    /// Connects, protects the connection and signs in. What goes wrong here would go wrong for every mail.
    async fn open(&self, reached: &mut SmtpStage) -> Result<(SmtpConnection, ServerInfo), Outcome> {
        let down = |step: &'static str| move |error: SmtpError| error.of_all_mails(step, &self.server);
        let broken = |step: &'static str| move |why: Broken| down(step)(why.into());
        let SmtpServer { host, port, protection, credentials, .. } = &self.server;
        let mut wire = SmtpConnection::open(host, *port).await.map_err(broken("connection"))?;
        *reached = SmtpStage::Server;
        if let Some(tls) = self.tls.as_ref().filter(|_| *protection == Protection::Tls) {
            wire = wire.protected(tls).await.map_err(broken("connection"))?;
        }
        greeted(&mut wire).await.map_err(down("connection"))?;
        *reached = SmtpStage::Greeting;
        let mut server = self.hello(&mut wire).await.map_err(down("connection"))?;
        if let Some(tls) = self.tls.as_ref().filter(|_| *protection == Protection::StartTls) {
            if !server.supports_feature(Extension::StartTls) {
                return Err(down("STARTTLS")(SmtpError::NoStartTls));
            }
            wire.command(Starttls).await.and_is(&[220]).map_err(down("STARTTLS"))?;
            wire = wire.protected(tls).await.map_err(broken("STARTTLS"))?;
            server = self.hello(&mut wire).await.map_err(down("STARTTLS"))?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.reveal().to_owned());
            sign_in(&mut wire, &server, &credentials).await.map_err(down("sign-in"))?;
        }
        Ok((wire, server))
    }

    /// Says who we are and learns what the server can do.
    async fn hello(&self, wire: &mut SmtpConnection) -> Result<ServerInfo, SmtpError> {
        let reply = wire.command(Ehlo::new(self.hello.clone())).await.and_is(&[250])?;
        ServerInfo::from_response(&reply).map_err(|_| SmtpError::OutOfStep(reply))
    }
}

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SmtpStage {
    Nothing,
    /// There is a connection.
    Server,
    /// What answers is a mail server.
    Greeting,
    /// It takes mails from us. Whatever comes now may come of this one mail.
    Sender,
}

async fn greeted(wire: &mut SmtpConnection) -> Result<(), SmtpError> {
    match wire.reply().await {
        Err(Broken::HungUp) => Err(SmtpError::NoGreeting),
        reply => reply.and_is(&[220]).map(drop),
    }
}

async fn sign_in(wire: &mut SmtpConnection, server: &ServerInfo, credentials: &Credentials) -> Result<(), SmtpError> {
    let known = [Mechanism::Plain, Mechanism::Login];
    let mechanism = server.get_auth_mechanism(&known).ok_or(SmtpError::NoSignIn)?;
    let odd = |error: lettre::transport::smtp::Error| Broken::NotAReply(error.to_string());
    let mut reply = wire.command(Auth::new(mechanism, credentials.clone(), None).map_err(odd)?).await?;
    for _ in 0..CHALLENGES {
        if !reply.has_code(334) {
            break;
        }
        let answer = Auth::new_from_response(mechanism, credentials.clone(), &reply).map_err(odd)?;
        reply = wire.command(answer).await?;
    }
    Ok(reply).and_is(&[235]).map(drop)
}

/// Trusts whom this machine trusts, and who signed with a certificate of `?ca=`.
fn tls_towards(server: &SmtpServer) -> Result<Tls, BadMail> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &server.authorities {
        for authority in authorities(&std::fs::read(path).map_err(BadMail::unreadable)?)? {
            roots.add(authority).map_err(BadMail::unreadable)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| BadMail::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(server.host.clone()).map_err(|error| BadMail::Tls(error.to_string()))?;
    Ok(Tls { config: Arc::new(config), name })
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadMail> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().map_err(BadMail::unreadable)?;
    if found.is_empty() { Err(BadMail::unreadable("it holds none")) } else { Ok(found) }
}

/// An address outside ASCII needs a server that knows such addresses; no later attempt would change that.
fn needs_utf8(server: &ServerInfo, to: &Address) -> Result<Vec<MailParameter>, Outcome> {
    if AsRef::<str>::as_ref(to).is_ascii() {
        Ok(Vec::new())
    } else if server.supports_feature(Extension::SmtpUtfEight) {
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

trait Reply {
    /// The reply if its code is one of these.
    fn and_is(self, codes: &[u16]) -> Result<Response, SmtpError>;
}

impl Reply for Result<Response, Broken> {
    fn and_is(self, codes: &[u16]) -> Result<Response, SmtpError> {
        let reply = self?;
        if codes.iter().any(|code| reply.has_code(*code)) {
            Ok(reply)
        } else if reply.is_positive() {
            Err(SmtpError::OutOfStep(reply))
        } else {
            Err(SmtpError::Refused(reply))
        }
    }
}
