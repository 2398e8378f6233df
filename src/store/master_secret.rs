//! Going over to another master secret, in one transaction: what follows from the old one is renewed or ended.

use super::{Result, Store, Transaction, readable};
use crate::tokens::MailId;

/// Name of the fact by which nodes recognise that they share the master secret.
const FINGERPRINT: &str = "master secret";

impl Store {
    /// The fingerprint of the master secret in use, once there is one.
    pub async fn master_fingerprint(&self) -> Result<Option<String>> {
        self.fact(FINGERPRINT).await
    }
}

impl Transaction {
    /// Keeps the fingerprint unless one is kept already, and tells which one is kept now.
    pub async fn keep_master_fingerprint(&mut self, fingerprint: &str) -> Result<String> {
        self.keep_fact(FINGERPRINT, fingerprint).await
    }

    /// Puts another fingerprint in its place; whether it was still `from`.
    pub async fn swap_master_fingerprint(&mut self, from: &str, to: &str) -> Result<bool> {
        self.swap_fact(FINGERPRINT, from, to).await
    }

    /// Makes the links of mails that are not sent yet known by what they will be: `hashes` gives the hash of a mail's
    /// link as it was and as it will be. How many mails there are.
    pub async fn rehash_mailed_links(&mut self, hashes: impl Fn(MailId) -> ([u8; 32], [u8; 32])) -> Result<usize> {
        let waiting: Vec<String> = sqlx::query_scalar("SELECT id FROM mails WHERE state IN ('pending', 'sending')")
            .fetch_all(&mut *self.inner)
            .await?;
        for id in &waiting {
            let (before, after) = hashes(readable(MailId::parse(id), "mails.id")?);
            self.copy_link(&before, &after).await?;
        }
        Ok(waiting.len())
    }

    /// Drops the mails that wait and hold a link nobody can know any more; how many. Whoever waits for one asks again.
    pub async fn drop_mails_with_links(&mut self) -> Result<u64> {
        let done = sqlx::query(
            "UPDATE mails SET state = 'dropped', content = NULL, reply = 'the master secret was lost', lease_until = 0, fence = fence + 1
             WHERE state IN ('pending', 'sending') AND letter IN ('password reset', 'sign-up', 'confirm address', 'new address')",
        )
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected())
    }
}
