//! The connection under the HTTP layer: it ends clients that do not read, closes without losing the last answer, counts
//! itself, and completes the answers that the HTTP layer gives by itself.

use std::{
    future::poll_fn,
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_web::web::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    time::timeout,
};

use super::Patience;
use crate::{
    auth::{Connection, OpenConnection, Pace, Rate},
    headers::BareAnswers,
};

/// Longest answer that the HTTP layer gives by itself.
const BARE_ANSWER: usize = 256;
/// Bytes of an unread body that are read at a time.
const DISCARDED: usize = 64 * 1024;

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) patience: Patience,
    /// What they lack.
    pub(super) bare_answers: BareAnswers,
    /// Where connections that are closing are waited for.
    pub(super) runtime: Handle,
}

/// A connection.
#[derive(Debug)]
pub(super) struct ClientStream {
    io: Option<TcpStream>,
    open: Option<OpenConnection>,
    shared: Arc<Shared>,
    writing: Pace,
    /// Whether everything said so far is whole answers, and sent.
    between_answers: bool,
    /// The rest of a completed answer.
    completed: Bytes,
    /// Whether the client is gone, or has to go: there is nobody to wait for.
    over: bool,
}

impl ClientStream {
    pub(super) fn new(io: TcpStream, open: OpenConnection, shared: &Arc<Shared>) -> Self {
        Self {
            io: Some(io),
            open: Some(open),
            shared: Arc::clone(shared),
            writing: Pace::new(shared.patience.write),
            between_answers: true,
            completed: Bytes::new(),
            over: false,
        }
    }

    /// For those that answer its requests.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.open.as_ref().map(OpenConnection::connection)
    }

    fn io(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.io.as_mut().map(Pin::new).ok_or_else(|| ErrorKind::NotConnected.into())
    }

    /// Ends what has to end, without the courtesy of waiting.
    fn cut(&mut self, kind: ErrorKind) -> io::Error {
        self.over = true;
        if let Some(io) = &self.io {
            // Without this, the kernel would go on offering what was said to a client that does not listen.
            let _ = io.set_zero_linger();
        }
        kind.into()
    }

    fn check_open(&mut self, cx: &Context<'_>) -> io::Result<()> {
        match &self.open {
            Some(open) if open.poll_ended(cx) => Err(self.cut(ErrorKind::ConnectionAborted)),
            _ => Ok(()),
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.io()?.poll_write(cx, bytes) {
            Poll::Ready(Ok(sent)) => {
                self.writing.moved(sent);
                Poll::Ready(Ok(sent))
            }
            Poll::Ready(Err(error)) => {
                self.over = true;
                Poll::Ready(Err(error))
            }
            Poll::Pending => {
                ready!(self.writing.poll_too_slow(cx));
                Poll::Ready(Err(self.cut(ErrorKind::TimedOut)))
            }
        }
    }

    fn poll_send_completed(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.completed.is_empty() {
            let bytes = self.completed.clone();
            let sent = ready!(self.poll_send(cx, &bytes))?;
            let _ = self.completed.split_to(sent);
        }
        Poll::Ready(Ok(()))
    }

    /// An answer that the HTTP layer gives by itself, such as 400 or 431, with what every answer of ours carries.
    fn complete(&self, bytes: &[u8]) -> Option<Bytes> {
        let idle = self.open.as_ref().is_some_and(OpenConnection::is_idle);
        (self.between_answers && idle && bytes.len() <= BARE_ANSWER)
            .then(|| self.shared.bare_answers.complete(bytes))
            .flatten()
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check_open(cx)?;
        self.open.iter().for_each(OpenConnection::note_read);
        let before = buf.filled().len();
        let read = ready!(self.io()?.poll_read(cx, buf));
        self.over |= read.is_err() || buf.filled().len() == before && buf.remaining() > 0;
        Poll::Ready(read)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check_open(cx)?;
        ready!(self.poll_send_completed(cx))?;
        if let Some(completed) = self.complete(bytes) {
            self.completed = completed;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.between_answers = false;
        self.poll_send(cx, bytes)
    }

    /// Called when everything was taken over.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send_completed(cx))?;
        self.between_answers = self.open.as_ref().is_some_and(OpenConnection::is_idle);
        self.writing.rest();
        self.io()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send_completed(cx))?;
        self.io()?.poll_shutdown(cx)
    }
}

/// A connection is dropped when its last answer is said, and the client may still be sending. If it were closed at once,
/// the client would see a broken connection instead of the answer.
impl Drop for ClientStream {
    fn drop(&mut self) {
        if let (Some(io), Some(open), false) = (self.io.take(), self.open.take(), self.over) {
            self.shared.runtime.spawn(linger(io, open, self.shared.patience));
        }
    }
}

/// Says that nothing more comes, and reads on for a while.
async fn linger(mut io: TcpStream, open: OpenConnection, patience: Patience) {
    let discarding = timeout(patience.linger_in_all, discard(&mut io, &open, patience.linger));
    if !matches!(discarding.await, Ok(Ok(Rest::Ended))) {
        // The kernel would otherwise remember the connection for a minute, waiting for the client to close it.
        let _ = io.set_zero_linger();
    }
}

/// How a closing connection ended.
enum Rest {
    /// The client closed it.
    Ended,
    /// The client took too long, or has to go.
    CutOff,
}

async fn discard(io: &mut TcpStream, open: &OpenConnection, least: Rate) -> io::Result<Rest> {
    io.shutdown().await?;
    let mut discarded = vec![0; DISCARDED];
    let mut pace = Pace::new(least);
    loop {
        let too_slow = poll_fn(|cx| match open.poll_ended(cx) {
            true => Poll::Ready(()),
            false => pace.poll_too_slow(cx),
        });
        let read = tokio::select! {
            read = io.read(&mut discarded) => read?,
            () = too_slow => return Ok(Rest::CutOff),
        };
        match read {
            0 => return Ok(Rest::Ended),
            bytes => pace.moved(bytes),
        }
    }
}
