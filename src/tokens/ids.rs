//! The ids of stored things: random, sortable by the time they were made (UUID version 7), written in lower case.

use rand::CryptoRng;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id that sorts by `now` (to the millisecond).
            pub fn generate(now: chrono::DateTime<chrono::Utc>, rng: &mut impl CryptoRng) -> Self {
                Self(sortable(now, rng))
            }

            /// The first id of a moment: whatever was made before it sorts before.
            pub fn first_at(moment: chrono::DateTime<chrono::Utc>) -> Self {
                Self(Uuid::from_u128(u128::from(millis(moment)) << 80))
            }

            /// Reads an id as this module writes it. Any other spelling of the same number is refused,
            /// so that one thing has one address.
            pub fn parse(text: &str) -> Option<Self> {
                let id = Uuid::try_parse(text).ok()?;
                (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(Self(id))
            }

            /// The bare id, for names made from it.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0.hyphenated())
            }
        }
    )+};
}

ids! {
    /// An account.
    AccountId,
    /// A token. Its secret may change; its id does not.
    TokenId,
    /// A feed.
    FeedId,
    /// The row of a package in one feed (its public id is `packages::PackageId`).
    PackageKey,
    /// The row of a published version.
    VersionKey,
    /// A line of the append-only record.
    EventId,
    /// A fact somebody is owed a message about.
    NoticeId,
    /// A mail.
    MailId,
    /// A browser that signed in to an account before, as its owner's page names it. The cookie holds a secret.
    DeviceId,
    /// A session, as its owner's page names it. The cookie holds another, secret id.
    SessionId,
    /// An invitation to own a package or feed.
    InvitationId,
    /// The one-time id of a form that issues a secret: sent twice, it changes nothing the second time.
    FormId,
}

fn sortable(now: chrono::DateTime<chrono::Utc>, rng: &mut impl CryptoRng) -> Uuid {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    uuid::Builder::from_unix_timestamp_millis(millis(now), &random).into_uuid()
}

fn millis(now: chrono::DateTime<chrono::Utc>) -> u64 {
    u64::try_from(now.timestamp_millis()).unwrap_or(0)
}
