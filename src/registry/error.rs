//! What refusals of every door have in common: status, reason phrase, sentence. How clients are told is the door's
//! [`Dialect`].

use std::time::Duration;
use std::{fmt, marker::PhantomData};

use actix_http::ConnectionType;
use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header::RETRY_AFTER},
};

use crate::{
    auth::{Ambiguous, BadBody, CredentialScheme, NotLookedUp, QueueFull, Refusal},
    disk,
    packages::blobs::{BlobError, Ownership},
    store::StoreError,
    tokens::{
        Kind,
        decision::{Action, Class, Reason},
    },
};

const DISK_FULL: &str = "The disk of this host is full";

/// How the clients of a door are told.
pub trait Dialect: Sized + fmt::Debug + 'static {
    /// What is published there.
    const KIND: Kind;
    /// The header whose text clients print on success and on refusal alike.
    const WARNING: &'static str;
    /// What a request without credential is told to send.
    const SEND_A_TOKEN: &'static str;
    /// The status for what is not a live token.
    fn not_live(scheme: CredentialScheme) -> StatusCode;
    /// The answer, with its headers and body.
    fn answer(error: &DoorError<Self>) -> HttpResponse;
}

/// A refusal of a door.
#[derive(Debug)]
pub struct DoorError<D> {
    /// The status.
    pub(super) status: StatusCode,
    /// The reason phrase, ASCII.
    pub(super) phrase: &'static str,
    /// Which rule failed and how to mend it.
    pub(super) sentence: String,
    /// The realm of the challenge, if credentials may help.
    pub(super) realm: Option<String>,
    /// Off where nobody has to act: for the challenge, which clients get before every single request, and for what is not
    /// here, because clients ask every source for every package.
    pub(super) warn: bool,
    /// Seconds after which it may go better.
    later: Option<u8>,
    dialect: PhantomData<D>,
}

impl<D: Dialect> DoorError<D> {
    /// A refusal with its reason phrase (ASCII) and its sentence.
    pub(super) fn new(status: StatusCode, phrase: &'static str, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self { status, phrase, sentence, realm: None, warn: true, later: None, dialect: PhantomData }
    }

    /// The challenge for a request without credential.
    pub(super) fn challenge(host: &str) -> Self {
        let bare = Self::new(StatusCode::UNAUTHORIZED, "No access token was sent", D::SEND_A_TOKEN);
        Self { realm: Some(host.to_owned()), warn: false, ..bare }
    }

    /// What the decision refused.
    pub(super) fn of(refusal: Refusal, action: Action, host: &str) -> Self {
        let status = match refusal.reason.class() {
            Class::NotLive => D::not_live(refusal.scheme),
            Class::Forbidden => StatusCode::FORBIDDEN,
            Class::NotFound => StatusCode::NOT_FOUND,
        };
        let realm = (status == StatusCode::UNAUTHORIZED).then(|| host.to_owned());
        match refusal.reason {
            Reason::AccountCannotRead if matches!(action, Action::Pull(_)) => Self::nothing_here(),
            Reason::AccountCannotRead => Self::nothing_to_change(),
            reason => Self { realm, ..Self::new(status, reason.phrase(), refusal.sentence) },
        }
    }

    /// A package, feed or address that is not here, or looks so to who asks.
    pub(super) fn nothing_here() -> Self {
        Self { warn: false, ..Self::nothing_to_change() }
    }

    /// The same to somebody who wants to change it, and so has to be told.
    pub(super) fn nothing_to_change() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", "There is nothing here, or this key cannot see it.")
    }

    /// A request for another representation than the one that is here.
    pub(super) fn another_one_wanted() -> Self {
        let sentence = "This file is not the one that If-Match asks for.";
        Self { warn: false, ..Self::new(StatusCode::PRECONDITION_FAILED, "Precondition failed", sentence) }
    }

    /// Input that cannot be used.
    pub(super) fn bad(phrase: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, phrase, sentence)
    }

    /// Too much at once.
    pub(super) fn busy(sentence: &str) -> Self {
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many pushes at once", sentence);
        Self { later: Some(5), ..refused }
    }

    /// Too many long answers under way.
    pub(super) fn too_many_at_once() -> Self {
        let sentence = "The feed is busy with other searches. Try again in a moment.";
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment", sentence);
        Self { later: Some(5), ..refused }
    }

    /// Too many searches without a key from one address.
    pub(super) fn too_many_searches(wait: Duration) -> Self {
        let sentence =
            "There were too many searches without a key from your address. Send an access token, or wait a moment.";
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many searches", sentence);
        Self { later: Some(u8::try_from(wait.as_secs()).unwrap_or(u8::MAX - 1) + 1), ..refused }
    }

    /// Too many wrong passwords.
    pub(super) fn too_many_guesses(wait: chrono::Duration, sentence: String) -> Self {
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many wrong passwords", sentence);
        Self { later: Some(u8::try_from(wait.num_seconds()).unwrap_or(u8::MAX - 1).saturating_add(1)), ..refused }
    }

    /// What would be put into such a package store would get lost.
    pub(super) fn wrong_store(ownership: &Ownership) -> Self {
        let why = match ownership {
            Ownership::Foreign(_) => "The package store belongs to another installation",
            _ => "The package store is not where it was; its disk may not be mounted",
        };
        let sentence =
            format!("{why}, so nothing can be published here. Tell the operator: latchkey doctor says what to do.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Nothing can be published here", sentence)
    }

    /// A fault of ours that may pass.
    pub(super) fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!("a request could not be answered: {}", causes(error));
        let (phrase, sentence) = if disk::is_full(error) {
            (DISK_FULL, "The disk of this host is full. Its operator has to make room. Try again later.")
        } else {
            ("Try again in a moment", "The feed cannot answer just now. Try again in a moment.")
        };
        let refused = Self::new(StatusCode::SERVICE_UNAVAILABLE, phrase, sentence);
        Self { later: Some(2), ..refused }
    }

    /// The same of the package store and the database's word of it.
    pub(super) fn of_store(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) => Self::store_unavailable(error.as_ref()),
        }
    }

    /// The same of the package store.
    fn store_unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        let refused = Self::unavailable(error);
        if refused.phrase == DISK_FULL {
            return refused;
        }
        let sentence = "The package store of this host does not work as it should. Its operator learns why from \
                        latchkey doctor and the log. Try again later.";
        Self { phrase: "The package store does not work", sentence: sentence.to_owned(), ..refused }
    }
}

/// An error with what caused it, and what caused that.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        // Some say what caused them in their own words.
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

impl<D: Dialect> From<StoreError> for DoorError<D> {
    fn from(error: StoreError) -> Self {
        let refused = Self::unavailable(&error);
        match error.root() {
            StoreError::TooSlow => Self { sentence: error.sentence().to_owned(), ..refused },
            StoreError::Busy(_) | StoreError::Full(_) => {
                Self { sentence: format!("{} Try again later.", error.sentence()), ..refused }
            }
            _ => refused,
        }
    }
}

impl<D: Dialect> From<NotLookedUp> for DoorError<D> {
    fn from(error: NotLookedUp) -> Self {
        let sentence = error.to_string();
        match error {
            NotLookedUp::Store(error) => error.into(),
            NotLookedUp::Busy(_) => Self::too_many_guesses(chrono::Duration::seconds(4), sentence),
            NotLookedUp::Wait(wait) => Self::too_many_guesses(wait, sentence),
        }
    }
}

impl<D: Dialect> From<BlobError> for DoorError<D> {
    fn from(error: BlobError) -> Self {
        Self::store_unavailable(&error)
    }
}

impl<D: Dialect> From<Ambiguous> for DoorError<D> {
    fn from(error: Ambiguous) -> Self {
        Self::bad("Two different credentials", error.to_string())
    }
}

impl<D: Dialect> From<BadBody> for DoorError<D> {
    fn from(error: BadBody) -> Self {
        let (status, phrase) = match error {
            BadBody::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "The package is too large"),
            BadBody::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The package did not arrive in time"),
            BadBody::BrokenOff => (StatusCode::BAD_REQUEST, "The request broke off"),
        };
        Self::new(status, phrase, error.to_string())
    }
}

impl<D: Dialect> From<QueueFull> for DoorError<D> {
    fn from(_: QueueFull) -> Self {
        Self::busy(
            "Too many pushes are under way: those of this key's account, or of everybody. Wait for some to end, then push again.",
        )
    }
}

impl<D> fmt::Display for DoorError<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.sentence)
    }
}

impl<D: fmt::Debug> std::error::Error for DoorError<D> {}

impl<D: Dialect> ResponseError for DoorError<D> {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = D::answer(self);
        if let Some(seconds) = self.later {
            answer.headers_mut().insert(RETRY_AFTER, u16::from(seconds).into());
        }
        if matches!(self.status, StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT) {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        answer
    }
}
