//! The line to a mail server: commands go out, replies come in, and TLS is put between.
//!
//! No reply is read further than we are willing to keep, and nothing that came before TLS is left for after it.

use std::{fmt, io, sync::Arc};

use lettre::transport::smtp::response::Response;
use rustls::{ClientConfig, pki_types::ServerName};
use thiserror::Error;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// Longest reply with all its lines, in bytes. RFC 5321 has lines of 512.
const LONGEST_REPLY: u64 = 16 * 1024;

/// What TLS needs to know of the other side.
#[derive(Clone)]
pub(super) struct Tls {
    /// Whom we trust.
    pub(super) config: Arc<ClientConfig>,
    /// Whom we mean.
    pub(super) name: ServerName<'static>,
}

/// Why no reply came.
#[derive(Debug, Error)]
pub(super) enum Broken {
    /// The network, or TLS.
    #[error("{0}")]
    Io(io::Error),
    /// No whole reply came before the end.
    #[error("the mail server hung up")]
    HungUp,
    /// A line without end, or lines without end.
    #[error("the mail server's reply is too long")]
    TooLong,
    /// Something else, such as what another kind of server says.
    #[error("not the reply of a mail server: {0}")]
    NotAReply(String),
    /// Replies to questions not yet asked, which somebody else may have slipped in.
    #[error("the mail server went on talking before TLS began")]
    Surplus,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::HungUp } else { Self::Io(error) }
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection.
pub(super) struct SmtpConnection(BufReader<Box<dyn Stream>>);

impl SmtpConnection {
    /// Connects. Without the delay that waits for the server to acknowledge most of a message before its end goes out:
    /// some 40 ms a mail.
    pub(super) async fn open(host: &str, port: u16) -> Result<Self, Broken> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(Box::new(stream))))
    }

    /// The same connection under TLS. What was read before is refused, and what comes before is taken for TLS, which
    /// it is not: either way nothing said in the open passes for what the server says protected.
    pub(super) async fn protected(self, tls: &Tls) -> Result<Self, Broken> {
        if !self.0.buffer().is_empty() {
            return Err(Broken::Surplus);
        }
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = connector.connect(tls.name.clone(), self.0.into_inner()).await?;
        Ok(Self(BufReader::new(Box::new(stream))))
    }

    /// Says something and waits for the reply, whichever it is.
    pub(super) async fn command(&mut self, command: impl fmt::Display) -> Result<Response, Broken> {
        self.0.write_all(command.to_string().as_bytes()).await?;
        self.0.flush().await?;
        self.reply().await
    }

    /// The next reply, whichever it is.
    pub(super) async fn reply(&mut self) -> Result<Response, Broken> {
        let mut rest = (&mut self.0).take(LONGEST_REPLY);
        let mut reply = Vec::new();
        loop {
            let start = reply.len();
            rest.read_until(b'\n', &mut reply).await?;
            let line = &reply[start..];
            if !line.ends_with(b"\n") {
                return Err(if rest.limit() == 0 { Broken::TooLong } else { Broken::HungUp });
            }
            // After "250-more" another line follows, after "250 last" none.
            if !matches!(line, [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b'-', ..]) {
                break;
            }
        }
        let reply = String::from_utf8_lossy(&reply);
        reply.parse().map_err(|_| Broken::NotAReply(reply.trim().to_owned()))
    }
}
