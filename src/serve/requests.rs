//! What holds for every request: its body may not take for ever, what its answer leaves unread ends the connection in an
//! orderly way, and nobody has too many under way.

use std::{
    cell::RefCell,
    io::{self, ErrorKind},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::header::{CONTENT_LENGTH, RETRY_AFTER, TRANSFER_ENCODING},
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::Stream;
use pin_project_lite::pin_project;
use tokio::{runtime::Handle, task::yield_now};

use crate::{
    app::App,
    auth::{
        Answering, Caller, Connection, Connections, Credentials, OpenRequest, Pace, Rate, UsageRecorder, client_address,
    },
    runtime::InRuntime,
};

/// A request's body, shared by whoever reads it and the answer.
#[derive(Clone)]
struct SharedBody(Rc<RefCell<Inner>>);

struct Inner {
    payload: Payload,
    /// Bytes that may still come; none where the body itself says when it ends (chunked).
    left: Option<u64>,
    pace: Pace,
}

impl Inner {
    /// No more than was announced. The HTTP layer takes what follows `Upgrade: websocket` for a body without end, whatever
    /// its length; nothing here upgrades to anything, so the header is ignored.
    fn cut(&mut self, mut chunk: Bytes) -> Bytes {
        if let Some(left) = &mut self.left {
            chunk.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= chunk.len() as u64;
        }
        chunk
    }
}

impl Stream for SharedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inner = &mut *self.0.borrow_mut();
        if inner.left == Some(0) {
            return Poll::Ready(None);
        }
        match Pin::new(&mut inner.payload).poll_next(cx) {
            Poll::Ready(item) => {
                inner.pace.moved(item.as_ref().and_then(|item| item.as_ref().ok()).map_or(0, Bytes::len));
                Poll::Ready(item.map(|item| item.map(|chunk| inner.cut(chunk))))
            }
            Poll::Pending => {
                ready!(inner.pace.poll_too_slow(cx));
                Poll::Ready(Some(Err(PayloadError::Io(io::Error::from(ErrorKind::TimedOut)))))
            }
        }
    }
}

/// What is kept until an answer is sent.
///
/// What of the request's body was not read is among it: the HTTP layer closes a connection whose body somebody still
/// holds, and would otherwise read on without end.
#[derive(Default)]
struct Kept {
    unread: Option<SharedBody>,
    _answering: Option<Answering>,
    request: Option<OpenRequest>,
}

pin_project! {
    /// The body of an answer. What it does while it is sent, such as reading more from the database, belongs to `runtime`.
    pub(super) struct Answer<B> {
        #[pin]
        body: Option<B>,
        kept: Kept,
        runtime: Handle,
    }

    impl<B> PinnedDrop for Answer<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.runtime.enter();
            this.body.set(None);
        }
    }
}

impl<B> Answer<B> {
    fn new(body: B, kept: Kept, runtime: Handle) -> Self {
        Self { body: Some(body), kept, runtime }
    }
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.as_ref().map_or(BodySize::None, B::size)
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let _entered = this.runtime.enter();
        this.body.as_pin_mut().map_or(Poll::Ready(None), |body| body.poll_next(cx))
    }
}

/// What is asked of requests.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// How fast bodies must come.
    pub(super) least: Rate,
    pub(super) connections: Connections,
    /// The runtime of everything that is done.
    pub(super) runtime: Handle,
}

/// Wraps every request: watches over its body, and counts it where it comes through a proxy.
pub(super) async fn guard<B: MessageBody + 'static>(
    guard: Guard,
    mut req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Answer<EitherBody<B>>>, Error> {
    let mut kept = Kept { _answering: Connection::of(req.request()).map(Connection::answering), ..Kept::default() };
    let left = announced(&req);
    kept.unread = match req.take_payload() {
        Payload::None => None,
        payload => Some(SharedBody(Rc::new(RefCell::new(Inner { payload, left, pace: Pace::new(guard.least) })))),
    };
    if let Some(body) = &kept.unread {
        req.set_payload(Payload::Stream { payload: Box::pin(body.clone()) });
    }
    // The HTTP layer answers requests that wait on one connection one after the other, as long as none of them has to wait.
    // So each but the first lets everybody else have a turn.
    if Connection::of(req.request()).is_none_or(Connection::is_pipelined) {
        yield_now().await;
    }
    let runtime = guard.runtime.clone();
    let answer = InRuntime::new(guard.runtime, answer(&guard.connections, req, next, &mut kept.request)).await;
    match answer {
        Ok(answer) => Ok(answer.map_body(|_, body| Answer::new(body, kept, runtime))),
        Err(mut error) => {
            let kept = RefCell::new(kept);
            error.add_response_mapper(move |answer| {
                let kept = kept.take();
                answer.map_body(|_, body| BoxBody::new(Answer::new(body, kept, runtime.clone())))
            });
            Err(error)
        }
    }
}

/// The length of a body, unless it comes in chunks.
fn announced(req: &ServiceRequest) -> Option<u64> {
    if req.headers().contains_key(TRANSFER_ENCODING) {
        return None;
    }
    let length = req.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.trim().parse().ok());
    Some(length.unwrap_or_default())
}

async fn answer<B: MessageBody + 'static>(
    connections: &Connections,
    req: ServiceRequest,
    next: Next<B>,
    open: &mut Option<OpenRequest>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let peer = req.peer_addr().filter(|peer| connections.is_trusted(peer.ip()));
    if let (Some(_), Some(app)) = (peer, req.app_data::<Data<App>>().cloned()) {
        let client = client_address(req.request(), &app.settings.trusted_proxies);
        *open = connections.request(client);
        if open.is_none() && !connections.is_trusted(client) && !carries_live_key(&app, req.request()).await {
            return Ok(req.into_response(too_many()).map_into_right_body());
        }
    }
    next.call(req).await.map(ServiceResponse::map_into_left_body)
}

fn too_many() -> HttpResponse {
    let sentence = "Too many requests from your address are under way. Wait for some to end, then try again.\n";
    HttpResponse::TooManyRequests()
        .insert_header((RETRY_AFTER, "5"))
        .content_type("text/plain; charset=utf-8")
        .body(sentence)
}

async fn carries_live_key(app: &App, req: &HttpRequest) -> bool {
    let Ok(credentials) = Credentials::read(req.headers()) else { return false };
    let Ok(in_use) = app.legacy.in_use(&app.store, &credentials).await else { return false };
    let Ok(Some(key)) = credentials.into_key(&in_use) else { return false };
    let recorder = UsageRecorder::of(req, &app.usage_buffer, &app.settings.trusted_proxies);
    let caller = Caller::look_up(&app.store, key, "", recorder).await;
    caller.is_ok_and(|caller| caller.live_token(app.clock.now()).is_some())
}
