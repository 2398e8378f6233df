//! Writing what packages are found by: in the change that touches a package, and for hosts that were filled before there
//! was an index.

use sqlx::AnyConnection;

use super::super::{Result, Store, Transaction, packages::kind_of, readable};
use crate::{
    packages::{Shows, manifest::StoredManifest, rules, search::SearchText},
    tokens::PackageKey,
};

row! {
    struct SourceRow {
        feed: String,
        kind: String,
        name: String,
        name_key: String,
        downloads: i64,
        listed_versions: i64,
        listed_stable_versions: i64,
        listed_plain_versions: i64,
        listed_stable_plain_versions: i64,
        unlisted_versions: i64,
        package_types: String,
        published_at: Option<i64>,
        manifest: Option<String>,
        deprecation: Option<String>,
    }
}

row! {
    struct EntryRow {
        number: i64,
        name_words: String,
        title_words: String,
        tag_words: String,
        author_words: String,
        description_words: String,
    }
}

/// How many packages there are to be found, and how many are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexCounts {
    /// Packages with a version that was not removed.
    pub packages: i64,
    /// Entries of packages.
    pub entries: i64,
    /// Rows of the index of words.
    pub words: i64,
}

impl IndexCounts {
    /// Whether every package is found, and nothing else.
    pub fn agree(&self) -> bool {
        self.packages == self.entries && self.entries == self.words
    }
}

impl SourceRow {
    fn shows(&self) -> i64 {
        let sorts = [
            (Shows::Any, 1),
            (Shows::Listed, self.listed_versions),
            (Shows::Stable, self.listed_stable_versions),
            (Shows::Plain, self.listed_plain_versions),
            (Shows::StablePlain, self.listed_stable_plain_versions),
        ];
        sorts.into_iter().filter(|(_, count)| *count > 0).map(|(shows, _)| shows.bit()).sum()
    }

    fn text(&self) -> Result<SearchText> {
        let kept = self.manifest.clone().and_then(StoredManifest::new);
        let rules = rules(kind_of(&self.kind)?);
        let manifest = kept.map(|kept| readable(rules.manifest(&kept), "versions.manifest")).transpose()?;
        Ok(SearchText::of(&self.name, manifest.as_deref()))
    }
}

impl EntryRow {
    fn text(self) -> SearchText {
        SearchText {
            name: self.name_words,
            title: self.title_words,
            tags: self.tag_words,
            authors: self.author_words,
            description: self.description_words,
        }
    }
}

impl Transaction {
    /// Brings what a package is found by in line with its row and its newest version: the last step of every change of
    /// either.
    pub(in crate::store) async fn index_package(&mut self, package: PackageKey) -> Result<()> {
        let row: Option<SourceRow> = sqlx::query_as(
            "SELECT p.feed, p.kind, p.name, p.name_key, p.downloads, p.listed_versions, p.listed_stable_versions,
                p.listed_plain_versions, p.listed_stable_plain_versions, p.unlisted_versions, p.package_types, v.published_at,
                v.manifest, v.deprecation
             FROM packages p LEFT JOIN versions v ON v.package = p.id AND v.version_key = p.newest WHERE p.id = $1",
        )
        .bind(package.to_string())
        .fetch_optional(&mut *self.inner)
        .await?;
        match row.filter(|row| row.listed_versions + row.unlisted_versions > 0) {
            Some(row) => self.write_entry(package, &row).await,
            None => self.forget_entry(package).await,
        }
    }

    async fn write_entry(&mut self, package: PackageKey, row: &SourceRow) -> Result<()> {
        let text = row.text()?;
        let before = entry(&mut self.inner, package).await?;
        let number = match before {
            Some(entry) => {
                let number = entry.number;
                self.update_entry(package, row, &text).await?;
                if entry.text() == text {
                    return Ok(());
                }
                number
            }
            None => self.insert_entry(package, row, &text).await?,
        };
        let [names, marks, others] = self.engine.written(&text);
        let words = sqlx::query(self.engine.write_words()).bind(number).bind(names).bind(marks).bind(others);
        words.execute(&mut *self.inner).await?;
        Ok(())
    }

    async fn update_entry(&mut self, package: PackageKey, row: &SourceRow, text: &SearchText) -> Result<()> {
        sqlx::query(
            "UPDATE search_entries SET downloads = $2, shows = $3, types = $4, deprecated_at = $5, name_words = $6,
                title_words = $7, tag_words = $8, author_words = $9, description_words = $10 WHERE package = $1",
        )
        .bind(package.to_string())
        .bind(row.downloads)
        .bind(row.shows())
        .bind(row.package_types.as_str())
        .bind(row.published_at.filter(|_| row.deprecation.is_some()))
        .bind(text.name.as_str())
        .bind(text.title.as_str())
        .bind(text.tags.as_str())
        .bind(text.authors.as_str())
        .bind(text.description.as_str())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    async fn insert_entry(&mut self, package: PackageKey, row: &SourceRow, text: &SearchText) -> Result<i64> {
        let number: i64 = sqlx::query_scalar(self.engine.insert_entry())
            .bind(package.to_string())
            .bind(row.feed.as_str())
            .bind(row.kind.as_str())
            .bind(row.name_key.clone().into_bytes())
            .bind(row.downloads)
            .bind(row.shows())
            .bind(row.package_types.as_str())
            .bind(row.published_at.filter(|_| row.deprecation.is_some()))
            .bind(text.name.as_str())
            .bind(text.title.as_str())
            .bind(text.tags.as_str())
            .bind(text.authors.as_str())
            .bind(text.description.as_str())
            .fetch_one(&mut *self.inner)
            .await?;
        Ok(number)
    }

    async fn forget_entry(&mut self, package: PackageKey) -> Result<()> {
        let forget = "DELETE FROM search_entries WHERE package = $1 RETURNING number";
        let number: Option<i64> =
            sqlx::query_scalar(forget).bind(package.to_string()).fetch_optional(&mut *self.inner).await?;
        if let Some(number) = number {
            sqlx::query(self.engine.forget_words()).bind(number).execute(&mut *self.inner).await?;
        }
        Ok(())
    }
}

async fn entry(connection: &mut AnyConnection, package: PackageKey) -> Result<Option<EntryRow>> {
    let sql = "SELECT number, name_words, title_words, tag_words, author_words, description_words
        FROM search_entries WHERE package = $1";
    Ok(sqlx::query_as(sql).bind(package.to_string()).fetch_optional(connection).await?)
}

impl Store {
    /// Indexes packages that are not indexed yet, or all anew, at most `limit` in the order they were made, after `after`.
    /// The last one; none when there are no more.
    pub async fn index_packages(
        &self,
        after: Option<PackageKey>,
        limit: i64,
        anew: bool,
    ) -> Result<Option<PackageKey>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT p.id FROM packages p WHERE p.id > $1 AND (p.listed_versions > 0 OR p.unlisted_versions > 0)
                AND ($3 = 1 OR NOT EXISTS (SELECT 1 FROM search_entries e WHERE e.package = p.id)) ORDER BY p.id LIMIT $2",
        )
        .bind(after.map(|key| key.to_string()).unwrap_or_default())
        .bind(limit)
        .bind(i64::from(anew))
        .fetch_all(&self.pool)
        .await?;
        let packages = ids.iter().map(|id| readable(PackageKey::parse(id), "packages.id"));
        let packages = packages.collect::<Result<Vec<_>>>()?;
        if packages.is_empty() {
            return Ok(None);
        }
        let mut tx = self.begin_giving_way().await?;
        for package in &packages {
            tx.lock_for_index(*package).await?;
            if anew {
                tx.forget_entry(*package).await?;
            }
            tx.index_package(*package).await?;
        }
        tx.commit().await?;
        Ok(packages.last().copied())
    }

    /// Forgets what is found of packages that are gone.
    pub async fn forget_lost_entries(&self) -> Result<()> {
        let mut tx = self.begin_giving_way().await?;
        sqlx::query(
            "DELETE FROM search_entries WHERE NOT EXISTS (SELECT 1 FROM packages p WHERE p.id = search_entries.package
                AND (p.listed_versions > 0 OR p.unlisted_versions > 0))",
        )
        .execute(&mut *tx.inner)
        .await?;
        sqlx::query(self.engine.forget_lost_words()).execute(&mut *tx.inner).await?;
        tx.commit().await
    }

    /// Counts the packages and what is found of them.
    pub async fn index_counts(&self) -> Result<IndexCounts> {
        let (packages, entries, words): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM packages WHERE listed_versions > 0 OR unlisted_versions > 0),
                (SELECT COUNT(*) FROM search_entries), (SELECT COUNT(*) FROM search_index)",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(IndexCounts { packages, entries, words })
    }
}

impl Transaction {
    /// Makes changes of the package wait, without counting this as one.
    async fn lock_for_index(&mut self, package: PackageKey) -> Result<()> {
        let lock = "UPDATE packages SET revision = revision WHERE id = $1";
        sqlx::query(lock).bind(package.to_string()).execute(&mut *self.inner).await?;
        Ok(())
    }
}
