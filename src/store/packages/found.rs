//! Rows of packages that a search found.

use super::kind_of;
use crate::{
    packages::{FoundPackage, StoredPackage},
    store::{Result, readable},
    tokens::{FeedId, PackageKey},
};

row! {
    pub(in crate::store) struct FoundRow {
        id: String,
        kind: String,
        name: String,
        feed: String,
        feed_name: String,
        revision: i64,
        downloads: i64,
    }
}

row_of_sqlite! { FoundRow { id, kind, name, feed, feed_name, revision, downloads } }

impl FoundRow {
    pub(in crate::store) fn read(self) -> Result<FoundPackage> {
        let key = readable(PackageKey::parse(&self.id), "packages.id")?;
        Ok(FoundPackage {
            package: StoredPackage { key, kind: kind_of(&self.kind)?, name: self.name, owned: false },
            feed: readable(FeedId::parse(&self.feed), "packages.feed")?,
            feed_name: self.feed_name,
            revision: self.revision,
            downloads: self.downloads,
        })
    }
}
