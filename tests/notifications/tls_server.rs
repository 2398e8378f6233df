//! Mail servers with real TLS that follow a script: one that attacks, errs, or is set up badly.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// The file with the certificate of the authority that signed the servers' certificate.
pub(super) fn authority() -> PathBuf {
    in_tests("ca.pem")
}

fn in_tests(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/smtp").join(name)
}

fn acceptor() -> TlsAcceptor {
    let file = in_tests("localhost.pem");
    let chain = CertificateDer::pem_file_iter(&file).unwrap().collect::<Result<_, _>>().unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(&file).unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

pub(super) struct TlsServer {
    pub(super) port: u16,
    over: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl TlsServer {
    /// Every connection goes by the script.
    pub(super) async fn open<F: Future<Output = Option<()>> + Send + 'static>(script: fn(Line) -> F) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let over = Arc::new(AtomicUsize::new(0));
        let (acceptor, count) = (acceptor(), Arc::clone(&over));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let line = Line { stream: BufReader::new(Box::new(stream)), acceptor: acceptor.clone() };
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    script(line).await;
                    count.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { port, over, listening }
    }

    /// The port of a server that stays until the test ends.
    pub(super) fn kept(self) -> u16 {
        let port = self.port;
        std::mem::forget(self);
        port
    }

    /// Waits until so many conversations have ended.
    pub(super) async fn conversations_over(&self, count: usize) {
        while self.over.load(Ordering::SeqCst) < count {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The server's end of a connection. `None` from any of its deeds: the other side hung up.
pub(super) struct Line {
    stream: BufReader<Box<dyn Stream>>,
    acceptor: TlsAcceptor,
}

impl Line {
    pub(super) async fn say(&mut self, words: &str) -> Option<()> {
        self.stream.write_all(format!("{words}\r\n").as_bytes()).await.ok()?;
        self.stream.flush().await.ok()
    }

    /// Says it again and again.
    pub(super) async fn say_for_ever(&mut self, words: &str) -> Option<()> {
        let words = words.repeat(65_536 / words.len());
        loop {
            self.stream.write_all(words.as_bytes()).await.ok()?;
            self.stream.flush().await.ok()?;
        }
    }

    /// One line.
    pub(super) async fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
        Some(line.trim_end().to_owned())
    }

    /// Returns when something has come, and leaves it there.
    pub(super) async fn something_came(&mut self) -> Option<()> {
        self.stream.fill_buf().await.ok().filter(|bytes| !bytes.is_empty()).map(drop)
    }

    /// Reads what comes, until the other side hangs up.
    pub(super) async fn listen(&mut self) -> Option<()> {
        let mut heard = [0; 1024];
        while self.stream.read(&mut heard).await.ok()? > 0 {}
        None
    }

    pub(super) async fn protect(self) -> Option<Self> {
        let Self { stream, acceptor } = self;
        // What was read before belongs to TLS.
        let stream = acceptor.accept(Box::new(stream) as Box<dyn Stream>).await.ok()?;
        Some(Self { stream: BufReader::new(Box::new(stream)), acceptor })
    }

    /// Up to the STARTTLS of the other side, which is not yet answered.
    pub(super) async fn asked_for_tls(mut self) -> Option<Self> {
        self.say("220 post.example ready").await?;
        self.hear().await?;
        self.say("250-post.example\r\n250-STARTTLS\r\n250 AUTH PLAIN").await?;
        (self.hear().await? == "STARTTLS").then_some(self)
    }

    /// From the greeting (after TLS there is none) to the end; the sign-in and every sender get these replies.
    pub(super) async fn converse(&mut self, greeting: bool, sign_in: &str, sender: &str) -> Option<()> {
        if greeting {
            self.say("220 post.example ready").await?;
        }
        loop {
            let line = self.hear().await?;
            match line.split([' ', ':']).next()? {
                "EHLO" => self.say("250-post.example\r\n250 AUTH PLAIN LOGIN").await?,
                "AUTH" => self.say(sign_in).await?,
                "MAIL" => self.say(sender).await?,
                "DATA" => {
                    self.say("354 go on").await?;
                    while self.hear().await? != "." {}
                    self.say("250 2.0.0 queued").await?;
                }
                _ => self.say("250 ok").await?,
            }
        }
    }
}
