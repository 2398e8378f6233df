//! Links that operators hand over, by which somebody sets a new password.

use chrono::{DateTime, Utc};

use crate::{
    accounts::one_time_link::{HANDED_OVER, LinkPurpose, OneTimeLink, generate, hash, password_path},
    audit::{Actor, EventDetail, EventKind, Subject},
    store::{Result, Transaction},
    tokens::AccountId,
};

/// Makes a one-time link by which somebody sets a new password for an account, whoever they are: hand it over in
/// private. It works for 24 hours and replaces an unused one before it. Gives its path below the public address; the
/// record says who made it.
pub async fn make_password_link(
    tx: &mut Transaction,
    account: AccountId,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<String> {
    let secret = generate(&mut crate::random::system());
    tx.add_link(&hash(&secret), &OneTimeLink::of(account, LinkPurpose::PasswordLink), now, now + HANDED_OVER).await?;
    tx.record(EventKind::PasswordLinkMade, by, Subject::account(account), EventDetail::Nothing, now).await?;
    Ok(password_path(&secret))
}
