//! What a cleanup takes out of the store stays in its `trash/` for a while, by the day it was put there.

use chrono::NaiveDate;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::{ObjectStoreExt, path::Path as Location};

use super::{BlobError, BlobKey, Blobs};

const FOLDER: &str = "trash";

/// A file in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trashed {
    /// The day it was put there, UTC.
    pub day: NaiveDate,
    /// What it was called before.
    pub key: BlobKey,
}

impl Trashed {
    fn location(&self) -> Location {
        Location::from(format!("{FOLDER}/{}/{}", self.day, self.key.as_str()))
    }

    /// None for what nobody here put there.
    fn parse(location: &Location) -> Option<Self> {
        let (day, key) = location.as_ref().strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('/')?;
        Some(Self { day: day.parse().ok()?, key: BlobKey(key.to_owned()) }).filter(|trashed| trashed.key.id().is_some())
    }
}

impl Blobs {
    /// Moves a file into the trash.
    ///
    /// # Errors
    /// When the store refuses or does not answer; the file is then in its place, in the trash or in both.
    pub async fn move_to_trash(&self, key: &BlobKey, day: NaiveDate) -> Result<(), BlobError> {
        let trashed = Trashed { day, key: key.clone() };
        match self.store.rename(&key.location(), &trashed.location()).await {
            // Somebody else moved or removed it.
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is in the trash, in no order.
    pub fn trash(&self) -> BoxStream<'static, Result<Trashed, BlobError>> {
        let found = self.store.list(Some(&Location::from(FOLDER))).map_err(BlobError::from);
        found.try_filter_map(|meta| std::future::ready(Ok(Trashed::parse(&meta.location)))).boxed()
    }

    /// Moves a file from the trash back to its place.
    ///
    /// # Errors
    /// When the store refuses or does not answer.
    pub async fn restore_trashed(&self, trashed: &Trashed) -> Result<(), BlobError> {
        Ok(self.store.rename(&trashed.location(), &trashed.key.location()).await?)
    }

    /// Deletes a file in the trash for good.
    ///
    /// # Errors
    /// When the store refuses or does not answer.
    pub async fn delete_trashed(&self, trashed: &Trashed) -> Result<(), BlobError> {
        match self.store.delete(&trashed.location()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_cleanup_put_there_is_read_from_the_trash() {
        let key = BlobKey::new(crate::tokens::Kind::NuGet, uuid::Uuid::from_u128(7), "nupkg");
        let trashed = Trashed { day: "2026-11-28".parse().unwrap(), key };
        assert_eq!(Trashed::parse(&trashed.location()), Some(trashed));
        for other in ["trash/notes.txt", "trash/2026-11-28/notes.txt", "trash/nuget/07/x.nupkg", "nuget/07/x.nupkg"] {
            assert_eq!(Trashed::parse(&Location::from(other)), None, "{other}");
        }
    }
}
