//! Who was asked to become an owner of a package or feed.

use crate::{
    feeds::Feed,
    packages::StoredPackage,
    tokens::{AccountId, InvitationId},
};
use chrono::{DateTime, Duration, Utc};

/// How long somebody has to answer.
pub const INVITATION_LASTS: Duration = Duration::days(7);

/// What somebody was asked to own.
#[derive(Clone, Debug)]
pub struct OwnerInvitation {
    /// Its id.
    pub id: InvitationId,
    /// The feed, or that of the package.
    pub feed: Feed,
    /// The package; none where it is the feed itself.
    pub package: Option<StoredPackage>,
    /// Who was asked.
    pub account: AccountId,
    /// Their username.
    pub username: String,
    /// Who asked.
    pub inviter: AccountId,
    /// Their username.
    pub inviter_name: String,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
}

/// What came of saying yes.
#[derive(Clone, Debug)]
pub enum Accepted {
    /// They are an owner now.
    Done(OwnerInvitation),
    /// There is no such invitation, or not any more.
    Gone,
    /// Whoever asked may not make owners any more.
    InviterLostRight(OwnerInvitation),
    /// Owners of a package upload to its feed, and they may not.
    NotAWriter(OwnerInvitation),
}
