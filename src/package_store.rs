//! Whose the package store is: the claim in the database, held against the identity in the store. Nothing in a store is
//! deleted unless [`Custody::ownership`] says that it is ours.

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use rand::Rng;
use uuid::Uuid;

use crate::{
    packages::blobs::{BlobKey, Blobs, Claim, Ownership, StoreIdentity},
    store::{Result, Store},
};

/// Name of the fact in the database.
const FACT: &str = "package store";

/// Makes the installation's id at the first start. Files made after the last thing this database knows of are then told
/// from those that hosts of before uploads were noted left behind.
///
/// # Errors
/// When the database does not answer.
pub async fn note_start(store: &Store) -> Result<()> {
    if store.fact(FACT).await?.is_some() {
        return Ok(());
    }
    let since = store.last_sign_of_life().await?.map_or(0, |at| at.timestamp() + 1);
    let mut tx = store.begin().await?;
    tx.keep_fact(FACT, &written(&Claim { installation: random_id(), since, ..Claim::default() })).await?;
    tx.commit().await
}

/// What this database and its package store say of each other.
#[derive(Clone, Debug)]
pub struct Custody {
    /// What the database says.
    pub claim: Claim,
    /// What the store says.
    pub identity: Option<StoreIdentity>,
    /// How the one stands to the other.
    pub ownership: Ownership,
    /// The claim as it is stored.
    text: String,
}

impl Custody {
    /// Reads both; changes nothing.
    ///
    /// # Errors
    /// When the database or the store does not answer.
    pub async fn of(store: &Store, blobs: &Blobs) -> anyhow::Result<Self> {
        let text = store.fact(FACT).await?.unwrap_or_default();
        let claim = read(&text);
        let identity = blobs.identity().await?;
        let ownership = claim.ownership(identity.as_ref());
        Ok(Self { claim, identity, ownership, text })
    }

    /// Renews a claim that is ours, or makes the first one. An error if another process is at it.
    ///
    /// # Errors
    /// When the database or the store does not answer, or somebody else was faster.
    pub async fn renew(self, store: &Store, blobs: &Blobs, now: DateTime<Utc>) -> anyhow::Result<()> {
        let installation = self.claim.installation.clone();
        self.renew_as(installation, store, blobs, now).await
    }

    async fn renew_as(
        self,
        installation: String,
        store: &Store,
        blobs: &Blobs,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let renewal = self.identity.as_ref().map_or(0, |found| found.renewal) + 1;
        let mark = random_id();
        // Before the store is written the database knows both marks, so a process may die in between.
        let settled = self.identity.filter(|_| self.ownership == Ownership::Ours).map(|found| found.mark);
        let planned =
            Claim { installation: installation.clone(), mark: settled, next_mark: Some(mark.clone()), ..self.claim };
        swap(store, &self.text, &planned).await?;
        let identity =
            StoreIdentity { installation: installation.clone(), renewal, mark: mark.clone(), disputed: false };
        if !blobs.renew(&identity).await? {
            bail!("another process is looking through the package store at the same time; try again later");
        }
        let since = now.timestamp();
        let done = Claim { installation, mark: Some(mark), next_mark: None, since, held: false };
        swap(store, &written(&planned), &done).await
    }

    /// Keeps every copy of this database from deleting: this one, and in the store the ones that believe it is theirs.
    ///
    /// # Errors
    /// When the database or the store does not answer.
    pub async fn hold(self, store: &Store, blobs: &Blobs) -> anyhow::Result<()> {
        if let Some(found) = self.identity.filter(|found| found.installation == self.claim.installation)
            && !found.disputed
            && self.ownership == Ownership::Disputed
        {
            blobs.renew(&StoreIdentity { renewal: found.renewal + 1, disputed: true, ..found }).await?;
        }
        if self.claim.held {
            return Ok(());
        }
        swap(store, &self.text, &Claim { held: true, ..self.claim }).await
    }
}

/// Takes the store over for this database, under a new id: every other copy of the database, and whoever had the store
/// before, then finds that it belongs to somebody else.
///
/// # Errors
/// When the database or the store does not answer.
pub async fn adopt(store: &Store, blobs: &Blobs, now: DateTime<Utc>) -> anyhow::Result<()> {
    Custody::of(store, blobs).await?.renew_as(random_id(), store, blobs, now).await
}

/// Deletes the bytes of what was removed, where the store is ours; else a cleanup does it later.
pub async fn discard(store: &Store, blobs: &Blobs, files: &[BlobKey]) {
    match Custody::of(store, blobs).await.map(|custody| custody.ownership) {
        Ok(Ownership::Ours | Ownership::Unclaimed) => blobs.discard(files).await,
        Ok(ownership) => {
            let why = ownership.problem().unwrap_or_default();
            tracing::warn!(?files, "the bytes of what was removed stay in the package store: {why}");
        }
        Err(error) => {
            tracing::warn!(?files, "the bytes of what was removed stay behind for a while: {error:#}");
        }
    }
}

async fn swap(store: &Store, from: &str, to: &Claim) -> anyhow::Result<()> {
    let mut tx = store.begin().await?;
    if !tx.swap_fact(FACT, from, &written(to)).await? {
        bail!("another process is looking through the package store at the same time; try again later");
    }
    tx.commit().await.context("the claim to the package store could not be kept")
}

fn written(claim: &Claim) -> String {
    serde_json::to_string(claim).unwrap_or_default()
}

/// An unreadable claim matches no store.
fn read(text: &str) -> Claim {
    serde_json::from_str(text).unwrap_or_default()
}

fn random_id() -> String {
    let mut bytes = [0; 16];
    crate::random::system().fill_bytes(&mut bytes);
    Uuid::from_bytes(bytes).simple().to_string()
}
