//! Deprecating versions, and taking that back: one act on any number of them, one event, and word to the other owners.

use std::sync::LazyLock;

use chrono::Duration;
use sqlx::AnyConnection;

use super::version_number;
use crate::{
    audit::{DeprecationFacts, EventDetail, EventKind, Subject},
    packages::{
        BadAlternative, ChangeContext, Deprecation, DeprecationReason, NewDeprecation, StoredPackage, VersionNumber,
        VersionSet, rules,
    },
    store::{
        Result, Store, Transaction,
        notifications::security::SECURITY,
        readable,
        sql::{Direction, List},
    },
    tokens::{AccountId, EventId, FeedId, NoticeId, PackageKey},
};

/// What is said of a version; its table is called `v`.
pub(super) const DEPRECATION: &str =
    "v.deprecation, v.deprecation_reason, i.name AS alternative, w.username AS deprecated_by";
/// The tables that [`DEPRECATION`] is read from besides. An alternative of which nothing is left is none.
pub(super) const WITH_DEPRECATION: &str =
    "LEFT JOIN packages i ON i.id = v.alternative AND (i.listed_versions > 0 OR i.unlisted_versions > 0)
     LEFT JOIN accounts w ON w.id = v.deprecated_by";

static ALL: LazyLock<String> = LazyLock::new(|| {
    let all = List::of(format!("v.version, {DEPRECATION}"), format!("versions v {WITH_DEPRECATION}"));
    all.filter("v.package = $1 AND v.removed_at IS NULL").order("v.sort_key", Direction::Ascending).sql()
});

row! {
    struct SaidRow {
        version: String,
        deprecation: Option<String>,
        deprecation_reason: Option<String>,
        alternative: Option<String>,
        deprecated_by: Option<String>,
    }
}

/// Whether package `$1` leads to package `$2` by what its versions name to be used instead.
const LEADS_TO: &str = "WITH RECURSIVE led (id) AS (SELECT CAST($1 AS TEXT) UNION
        SELECT v.alternative FROM versions v JOIN led ON v.package = led.id
        WHERE v.alternative IS NOT NULL AND v.removed_at IS NULL)
     SELECT CAST(1 AS BIGINT) FROM led WHERE id = $2 LIMIT 1";

/// Acts within so long share a mail.
const ONE_MAIL: Duration = Duration::minutes(10);
/// Owners who are told.
const MOST_OWNERS: i64 = 100;

/// Says `$4` to `$8` of the versions from `$2` up to `$3` of which something else is said.
const SAY: &str = "UPDATE versions SET deprecation = $4, deprecation_reason = $5, alternative = $6, deprecated_at = $7, deprecated_by = $8
     WHERE package = $1 AND sort_key >= $2 AND sort_key < $3 AND removed_at IS NULL
        AND (COALESCE(deprecation, '') <> $9 OR COALESCE(deprecation_reason, 'other') <> $10 OR COALESCE(alternative, '') <> $11)
     RETURNING version";

/// What was kept of a deprecation.
pub(super) fn deprecation(
    message: Option<String>,
    reason: Option<String>,
    alternative: Option<String>,
    by: Option<String>,
) -> Option<Deprecation> {
    let reason = reason.as_deref().and_then(DeprecationReason::parse).unwrap_or_default();
    message.map(|message| Deprecation { reason, message, alternative, by })
}

impl Store {
    /// Whether nobody should use some version of a package any more.
    pub async fn is_deprecated(&self, package: PackageKey) -> Result<bool> {
        let sql =
            "SELECT 1 FROM versions WHERE package = $1 AND deprecation IS NOT NULL AND removed_at IS NULL LIMIT 1";
        let found: Option<i64> = sqlx::query_scalar(sql).bind(package.to_string()).fetch_optional(&self.pool).await?;
        Ok(found.is_some())
    }

    /// The package of a feed that is to be used instead of another one, as an account sees it.
    pub async fn alternative(
        &self,
        feed: FeedId,
        package: &StoredPackage,
        name: &str,
        account: AccountId,
    ) -> Result<std::result::Result<StoredPackage, BadAlternative>> {
        alternative(&mut *self.pool.acquire().await?, feed, package, (name, account)).await
    }
}

async fn alternative(
    connection: &mut AnyConnection,
    feed: FeedId,
    package: &StoredPackage,
    (name, account): (&str, AccountId),
) -> Result<std::result::Result<StoredPackage, BadAlternative>> {
    let key = name.trim().to_ascii_lowercase();
    let found = match rules(package.kind).check_name(&key) {
        Ok(()) => super::find(connection, feed, package.kind, &key, Some(account)).await?,
        Err(_) => None,
    };
    let Some(found) = found else { return Ok(Err(BadAlternative::NotThere)) };
    if found.key == package.key {
        return Ok(Err(BadAlternative::Itself));
    }
    let listed = "SELECT CAST(1 AS BIGINT) FROM packages WHERE id = $1 AND listed_versions > 0";
    let listed: Option<i64> =
        sqlx::query_scalar(listed).bind(found.key.to_string()).fetch_optional(&mut *connection).await?;
    let back: Option<i64> = sqlx::query_scalar(LEADS_TO)
        .bind(found.key.to_string())
        .bind(package.key.to_string())
        .fetch_optional(connection)
        .await?;
    Ok(match (listed, back) {
        (None, _) => Err(BadAlternative::NotThere),
        (_, Some(_)) => Err(BadAlternative::LeadsBack(found.name)),
        _ => Ok(found),
    })
}

impl Transaction {
    /// The versions of a package that were not removed, the lowest first, each with what is said of it.
    pub async fn deprecations(&mut self, package: &StoredPackage) -> Result<Vec<(VersionNumber, Option<Deprecation>)>> {
        let rows: Vec<SaidRow> =
            sqlx::query_as(ALL.as_str()).bind(package.key.to_string()).fetch_all(&mut *self.inner).await?;
        rows.into_iter()
            .map(|row| {
                let said = deprecation(row.deprecation, row.deprecation_reason, row.alternative, row.deprecated_by);
                Ok((version_number(package.kind, &row.version)?, said))
            })
            .collect()
    }

    /// How many versions of a package a set names.
    pub async fn count_versions(&mut self, package: PackageKey, set: &VersionSet) -> Result<i64> {
        let sql = "SELECT COUNT(*) FROM versions WHERE package = $1 AND sort_key >= $2 AND sort_key < $3 AND removed_at IS NULL";
        let mut count = 0;
        for (low, high) in set.ranges() {
            let query = sqlx::query_scalar(sql).bind(package.to_string()).bind(low.clone()).bind(high.clone());
            count += query.fetch_one(&mut *self.inner).await.map(|found: i64| found)?;
        }
        Ok(count)
    }

    /// The same as [`Store::alternative`], read inside the change.
    pub async fn alternative(
        &mut self,
        feed: FeedId,
        package: &StoredPackage,
        name: &str,
        account: AccountId,
    ) -> Result<std::result::Result<StoredPackage, BadAlternative>> {
        alternative(&mut self.inner, feed, package, (name, account)).await
    }

    /// Says why nobody should use some versions any more, or for `None` that everybody may; gives how many were changed.
    /// What is said already stays so; one event tells of all that was changed.
    pub async fn deprecate(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        set: &VersionSet,
        said: Option<&NewDeprecation>,
    ) -> Result<usize> {
        self.lock_package(package.key).await?;
        let mut changed: Vec<String> = Vec::new();
        for (low, high) in set.ranges() {
            changed.extend(self.say(change, package.key, (low, high), said).await?);
        }
        if !changed.is_empty() {
            self.index_package(package.key).await?;
            self.tell_deprecation(change, package, &changed, said).await?;
        }
        Ok(changed.len())
    }

    async fn say(
        &mut self,
        change: &ChangeContext<'_>,
        package: PackageKey,
        (low, high): (&[u8], &[u8]),
        said: Option<&NewDeprecation>,
    ) -> Result<Vec<String>> {
        let message = said.map(|said| said.message.as_str());
        let reason = said.map(|said| said.reason.as_str());
        let alternative = said.and_then(|said| said.alternative.as_ref()).map(|(key, _)| key.to_string());
        let by = change.by.account.filter(|_| said.is_some()).map(|account| account.to_string());
        Ok(sqlx::query_scalar(SAY)
            .bind(package.to_string())
            .bind(low.to_vec())
            .bind(high.to_vec())
            .bind(message)
            .bind(reason)
            .bind(alternative.clone())
            .bind(said.map(|_| change.now.timestamp()))
            .bind(by)
            .bind(message.unwrap_or_default())
            .bind(reason.unwrap_or(DeprecationReason::Other.as_str()))
            .bind(alternative.unwrap_or_default())
            .fetch_all(&mut *self.inner)
            .await?)
    }

    async fn tell_deprecation(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        changed: &[String],
        said: Option<&NewDeprecation>,
    ) -> Result<()> {
        let kind = if said.is_some() { EventKind::VersionDeprecated } else { EventKind::DeprecationLifted };
        let version = if let [only] = changed { Some(only.as_str()) } else { None };
        let subject = Subject { package: Some(&package.name), version, ..change.subject() };
        let detail = EventDetail::Deprecation(DeprecationFacts {
            count: changed.len() as u64,
            reason: said.map(|said| said.reason.as_str().to_owned()),
            message: said.map(|said| said.message.clone()),
            alternative: said.and_then(|said| said.alternative.as_ref()).map(|(_, name)| name.clone()),
            version: version.map(str::to_owned),
        });
        let event = self.record(kind, change.by, subject, detail, change.now).await?;
        for owner in self.owners_of(package.key).await? {
            if change.by.account != Some(owner) {
                self.owe_word_of_deprecation(owner, event, (change, package)).await?;
            }
        }
        Ok(())
    }

    async fn owners_of(&mut self, package: PackageKey) -> Result<Vec<AccountId>> {
        let sql = "SELECT account FROM package_owners WHERE package = $1 ORDER BY since, account LIMIT $2";
        let rows: Vec<String> =
            sqlx::query_scalar(sql).bind(package.to_string()).bind(MOST_OWNERS).fetch_all(&mut *self.inner).await?;
        rows.iter().map(|id| readable(AccountId::parse(id), "package_owners.account")).collect()
    }

    /// Owes an owner word of what holds now, ten minutes after the first of several acts; what was said in between and holds
    /// no more is not told.
    async fn owe_word_of_deprecation(
        &mut self,
        owner: AccountId,
        event: EventId,
        (change, package): (&ChangeContext<'_>, &StoredPackage),
    ) -> Result<()> {
        let sql = "DELETE FROM notices WHERE account = $1 AND kind = $2 AND mail IS NULL AND cancelled_at IS NULL
             AND EXISTS (SELECT 1 FROM events e WHERE e.id = notices.occasion AND e.feed = $3 AND e.package = $4
                AND e.verb IN ('package.version_deprecated', 'package.deprecation_lifted')) RETURNING due_at";
        let before: Vec<i64> = sqlx::query_scalar(sql)
            .bind(owner.to_string())
            .bind(SECURITY)
            .bind(change.feed_name)
            .bind(package.name.as_str())
            .fetch_all(&mut *self.inner)
            .await?;
        let due = before.into_iter().min().unwrap_or((change.now + ONE_MAIL).timestamp());
        sqlx::query(
            "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at) VALUES ($1, $2, $3, $4, $3, $5, $6)",
        )
        .bind(NoticeId::generate(change.now, &mut crate::random::system()).to_string())
        .bind(SECURITY)
        .bind(owner.to_string())
        .bind(event.to_string())
        .bind(due)
        .bind(change.now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// A package of which nothing is left is no alternative any more; those that named it are changed by that.
    pub(super) async fn forget_alternative(&mut self, package: PackageKey) -> Result<()> {
        for sql in [
            "UPDATE packages SET revision = revision + 1 WHERE id IN (SELECT package FROM versions WHERE alternative = $1)",
            "UPDATE versions SET alternative = NULL WHERE alternative = $1",
        ] {
            sqlx::query(sql).bind(package.to_string()).execute(&mut *self.inner).await?;
        }
        Ok(())
    }
}
