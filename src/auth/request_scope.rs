//! The request that is being worked on, for the lines that the log has about it. Nothing is put into words before there is
//! a line: most requests have none.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    future::Future,
    net::IpAddr,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use actix_web::{
    dev::ServiceRequest,
    http::{
        Method, Uri,
        header::{HeaderValue, USER_AGENT},
    },
};
use ipnet::IpNet;
use pin_project_lite::pin_project;
use rand::Rng;

use super::{LegacyKeys, client_address};
use crate::tokens::{TokenLookup, decision::Reason, legacy::Shape};

thread_local! {
    static CURRENT: RefCell<Option<Rc<RequestScope>>> = const { RefCell::new(None) };
}

/// The id of a request, in its answer (`X-Request-Id`), its log lines and its error page: 16 hexadecimal digits, which no
/// other request of this process has. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(u64);

impl RequestId {
    /// The next one. A count from a random number on, stirred (SplitMix64) so that ids look different at first sight.
    pub fn next() -> Self {
        static BEGINNING: LazyLock<u64> = LazyLock::new(|| crate::random::system().next_u64());
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = BEGINNING.wrapping_add(COUNT.fetch_add(1, Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let stirred = (count ^ (count >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(stirred ^ (stirred >> 31))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A request as the log knows it.
#[derive(Debug)]
pub struct RequestScope {
    /// Its id.
    pub id: RequestId,
    /// Its method.
    pub method: Method,
    /// Its address with the query, which must not be logged.
    pub uri: Uri,
    /// The client's name for itself, as it came.
    pub agent: Option<HeaderValue>,
    /// Where it comes from.
    pub address: IpAddr,
    /// The shapes of keys of older systems that are here.
    pub shapes: Vec<Shape>,
    token: OnceCell<Arc<TokenLookup>>,
    account: OnceCell<String>,
    judged: Cell<Option<Result<(), Reason>>>,
}

impl RequestScope {
    /// Of a request that has just come.
    pub fn of(req: &ServiceRequest, trusted: &[IpNet]) -> Rc<Self> {
        Rc::new(Self {
            id: RequestId::next(),
            method: req.method().clone(),
            uri: req.uri().clone(),
            agent: req.headers().get(USER_AGENT).cloned(),
            address: client_address(req.request(), trusted),
            shapes: LegacyKeys::last_known_at(req.request()),
            token: OnceCell::new(),
            account: OnceCell::new(),
            judged: Cell::new(None),
        })
    }

    /// The one that is being worked on by this thread, if any is.
    pub fn current() -> Option<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone)
    }

    /// The id of the current one; empty where there is none.
    pub fn current_id() -> String {
        Self::current().map(|scope| scope.id.to_string()).unwrap_or_default()
    }

    /// The account that asks, once that is known.
    pub fn account(&self) -> Option<&str> {
        self.account.get().map(String::as_str).or_else(|| self.token.get().map(|known| known.username.as_str()))
    }

    /// What the key is called that is presented, once that is known.
    pub fn key(&self) -> Option<&str> {
        self.token.get().map(|known| known.token.called())
    }

    /// What the key that is presented was told last, if there is one.
    pub fn judged(&self) -> Option<Result<(), Reason>> {
        self.judged.get()
    }

    /// What the key of the current request is told.
    pub(super) fn note_judged(judged: Result<(), Reason>) {
        CURRENT.with_borrow(|scope| scope.as_ref().map(|scope| scope.judged.set(Some(judged)))).unwrap_or_default();
    }

    /// Whose key the current request presents; the first word counts.
    pub(super) fn note_token(known: &Arc<TokenLookup>) {
        CURRENT
            .with_borrow(|scope| scope.as_ref().map(|scope| scope.token.get_or_init(|| Arc::clone(known))).is_some());
    }

    /// Who is signed in and makes the current request.
    pub fn note_account(username: &str) {
        CURRENT.with_borrow(|scope| {
            scope.as_ref().map(|scope| scope.account.get_or_init(|| username.to_owned())).is_some()
        });
    }
}

pin_project! {
    /// Works on a request: whatever is logged meanwhile is about it.
    pub struct InRequest<F> {
        scope: Rc<RequestScope>,
        #[pin]
        work: F,
    }
}

impl<F> InRequest<F> {
    /// `work` is about this request.
    pub fn new(scope: Rc<RequestScope>, work: F) -> Self {
        Self { scope, work }
    }
}

impl<F: Future> Future for InRequest<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = Entered::new(Rc::clone(this.scope));
        this.work.poll(cx)
    }
}

/// The current request until this is dropped, also by a panic.
struct Entered(Option<Rc<RequestScope>>);

impl Entered {
    fn new(scope: Rc<RequestScope>) -> Self {
        Self(CURRENT.replace(Some(scope)))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn ids_are_different_and_of_one_length() {
        let ids: std::collections::HashSet<_> = (0..1_000).map(|_| RequestId::next().to_string()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 16));
    }

    #[test]
    fn a_request_is_the_current_one_while_it_is_worked_on() {
        let scope = |uri| RequestScope::of(&TestRequest::with_uri(uri).to_srv_request(), &[]);
        let path = || RequestScope::current().map(|scope| scope.uri.path().to_owned());
        let (outer, inner) = (scope("/outer"), scope("/inner?secret"));
        let seen = InRequest::new(outer, async {
            let seen = InRequest::new(inner, async { path() }).await;
            (seen, path())
        });
        assert_eq!(seen.now_or_never(), Some((Some("/inner".to_owned()), Some("/outer".to_owned()))));
        assert_eq!(path(), None);
    }
}
