//! Whose a package store is. A cleanup that trusted its own database alone would delete what other hosts keep in the same
//! store, or what was pushed after the backup it runs on. So the installation that may delete keeps an identity object
//! in the store and a [`Claim`] to it in its database. Both are renewed by every cleanup with a fresh random mark: two
//! databases that both say they are this installation soon disagree with the store, and then neither deletes anything.

use futures_util::TryStreamExt;
use object_store::{ObjectStoreExt, PutMode, PutOptions, path::Path as Location};
use serde::{Deserialize, Serialize};

use super::{BlobError, Blobs};

/// Where identities are: one object per renewal, the highest number counts.
const FOLDER: &str = "identity";

/// What the store says about whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreIdentity {
    /// Id of the installation.
    pub installation: String,
    /// How often the identity was renewed.
    pub renewal: u64,
    /// Random text of this renewal.
    pub mark: String,
    /// Two databases claim to be this installation; nobody deletes until one of them is told to take the store over.
    #[serde(default)]
    pub disputed: bool,
}

/// What a database says about its package store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Id of this installation.
    pub installation: String,
    /// The mark of the last renewal; none before the first.
    pub mark: Option<String>,
    /// The mark of a renewal under way, or of one whose process died.
    pub next_mark: Option<String>,
    /// Since when (unix seconds) every file that this installation writes is noted before. An unknown file made later is
    /// another host's, or newer than this database.
    pub since: i64,
    /// Found to be a restored or copied database: deletes nothing until told to.
    #[serde(default)]
    pub held: bool,
}

/// How a database stands to its package store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The store is this installation's.
    Ours,
    /// The store has no identity yet.
    Unclaimed,
    /// The identity that this installation put there is gone: it is another, empty folder or bucket.
    Missing,
    /// The store belongs to another installation, of this id.
    Foreign(String),
    /// Another copy of this database has used the store: one of the two is a restored or copied host.
    Disputed,
}

impl Claim {
    /// Holds the claim against what the store says.
    pub fn ownership(&self, found: Option<&StoreIdentity>) -> Ownership {
        let Some(found) = found else {
            return match self.mark {
                _ if self.held => Ownership::Disputed,
                Some(_) => Ownership::Missing,
                None => Ownership::Unclaimed,
            };
        };
        let ours = [&self.mark, &self.next_mark].into_iter().flatten().any(|mark| *mark == found.mark);
        if found.installation != self.installation {
            Ownership::Foreign(found.installation.clone())
        } else if self.held || found.disputed || !ours {
            Ownership::Disputed
        } else {
            Ownership::Ours
        }
    }
}

impl Ownership {
    /// Whether packages may be put there: not where they would get lost.
    pub fn takes_packages(&self) -> bool {
        !matches!(self, Self::Missing | Self::Foreign(_))
    }

    /// What it means, and what to do; none where all is well.
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Ours | Self::Unclaimed => None,
            Self::Missing => Some(
                "it is not the one that this host used: the identity this host gave it is gone. Is its disk mounted, and is \
                 it the right folder or bucket? Nothing is published or deleted there until the right one is back, or \
                 `latchkey store adopt` says that this one is to be used"
                    .to_owned(),
            ),
            Self::Foreign(installation) => Some(format!(
                "it belongs to another installation ({installation}); give this host a package store of its own, or run \
                 `latchkey store adopt` if that installation is gone for good"
            )),
            Self::Disputed => Some(
                "another copy of this database has used it, so one of the two is a restored or copied host, and neither \
                 deletes files; stop the other one and run `latchkey restored` (after a restore) or `latchkey store adopt` \
                 on the one that stays"
                    .to_owned(),
            ),
        }
    }
}

impl Blobs {
    /// The identity that counts, if there is one.
    ///
    /// # Errors
    /// When the store does not answer, or the object is not readable as an identity.
    pub async fn identity(&self) -> Result<Option<StoreIdentity>, BlobError> {
        match self.last_identity().await {
            // A renewal took it away after it was listed, or none was listed between the one and the other.
            Ok(None) | Err(BlobError::Store(object_store::Error::NotFound { .. })) => self.last_identity().await,
            found => found,
        }
    }

    async fn last_identity(&self) -> Result<Option<StoreIdentity>, BlobError> {
        let Some(last) = self.identities().await?.pop() else { return Ok(None) };
        let bytes = self.store.get(&last).await?.bytes().await?;
        serde_json::from_slice(&bytes).map(Some).map_err(|error| BlobError::Identity(last.to_string(), error))
    }

    /// Writes an identity unless there is one of the same renewal already; whether it was written. Older ones go.
    ///
    /// # Errors
    /// When the store refuses or does not answer.
    pub async fn renew(&self, identity: &StoreIdentity) -> Result<bool, BlobError> {
        let name = Location::from(format!("{FOLDER}/{:012}.json", identity.renewal));
        let text = serde_json::to_vec_pretty(identity).map_err(|error| BlobError::Identity(name.to_string(), error))?;
        if !self.create(&name, text).await? {
            return Ok(false);
        }
        for old in self.identities().await?.into_iter().filter(|old| *old < name) {
            self.store.delete(&old).await?;
        }
        Ok(true)
    }

    /// Some stores cannot refuse to overwrite (`AWS_CONDITIONAL_PUT=disabled`): there we look first.
    async fn create(&self, name: &Location, text: Vec<u8>) -> Result<bool, BlobError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(name, text.clone().into(), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(false),
            Err(object_store::Error::NotImplemented { .. }) => match self.store.head(name).await {
                Ok(_) => Ok(false),
                Err(object_store::Error::NotFound { .. }) => {
                    self.store.put(name, text.into()).await?;
                    Ok(true)
                }
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// By renewal, the newest last.
    async fn identities(&self) -> Result<Vec<Location>, BlobError> {
        let found = self.store.list(Some(&Location::from(FOLDER)));
        let mut names: Vec<_> = found.map_ok(|meta| meta.location).try_collect().await?;
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(installation: &str, mark: &str) -> StoreIdentity {
        StoreIdentity { installation: installation.to_owned(), renewal: 3, mark: mark.to_owned(), disputed: false }
    }

    #[test]
    fn a_store_is_ours_only_while_it_carries_our_id_and_our_last_mark() {
        let mine = Claim {
            installation: "a".to_owned(),
            mark: Some("m1".to_owned()),
            next_mark: Some("m2".to_owned()),
            ..Claim::default()
        };
        assert_eq!(mine.ownership(None), Ownership::Missing, "what had an identity is another store without one");
        assert_eq!(Claim { mark: None, ..mine.clone() }.ownership(None), Ownership::Unclaimed);
        // A process that died between store and database left either mark.
        for mark in ["m1", "m2"] {
            assert_eq!(mine.ownership(Some(&identity("a", mark))), Ownership::Ours, "{mark}");
        }
        assert_eq!(mine.ownership(Some(&identity("a", "m3"))), Ownership::Disputed);
        assert_eq!(mine.ownership(Some(&identity("b", "m1"))), Ownership::Foreign("b".to_owned()));
        let disputed = StoreIdentity { disputed: true, ..identity("a", "m1") };
        assert_eq!(mine.ownership(Some(&disputed)), Ownership::Disputed);
        let held = Claim { held: true, ..mine };
        assert_eq!(held.ownership(Some(&identity("a", "m1"))), Ownership::Disputed);
        assert_eq!(held.ownership(None), Ownership::Disputed);
    }
}
