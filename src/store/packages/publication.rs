//! Publishing, unlisting and relisting: the version's row, the package's summary and the event change together.

use chrono::{DateTime, Utc};
use sqlx::AnyConnection;

use crate::{
    audit::{EventDetail, EventKind, Subject},
    packages::{ChangeContext, NewVersion, PublishContext, StoredPackage},
    store::{Result, Store, StoreError, Transaction},
    tokens::{AccountId, Kind, PackageKey, Token},
};

impl Store {
    /// How many bytes of packages, of what is kept beside them and of symbols the tokens of an account have published; what
    /// was removed does not count.
    pub async fn published_bytes(&self, account: AccountId) -> Result<u64> {
        published_bytes(&mut *self.pool.acquire().await?, account).await
    }
}

async fn published_bytes(connection: &mut AnyConnection, account: AccountId) -> Result<u64> {
    let sum = "SELECT CAST(COALESCE((SELECT SUM(size + beside_size) FROM versions
                WHERE published_by = $1 AND removed_at IS NULL), 0)
            + COALESCE((SELECT SUM(size) FROM symbol_files WHERE published_by = $1), 0) AS BIGINT)";
    let bytes: i64 = sqlx::query_scalar(sum).bind(account.to_string()).fetch_one(connection).await?;
    Ok(u64::try_from(bytes).unwrap_or_default())
}

impl Transaction {
    /// The same as [`Store::published_bytes`], with what this change publishes. Other pushes of the account that ask wait
    /// until this change has ended, so ask last: what the change is about is locked before the account.
    pub async fn published_bytes(&mut self, account: AccountId) -> Result<u64> {
        self.lock_account(account).await?;
        published_bytes(&mut self.inner, account).await
    }

    /// Notes that a token has published, as the last step of the change, and locks its row from here to the commit: whoever
    /// revokes it meanwhile waits until this change holds. `false` if the token is not as it was judged any more; then
    /// this change must not hold; that pushes beside this one put its retirement off matters nothing. Nothing is locked
    /// before, so that a push that hangs keeps nobody from revoking.
    pub async fn note_push(&mut self, judged: &Token, now: DateTime<Utc>) -> Result<bool> {
        let seconds = |at: Option<DateTime<Utc>>| at.map_or(0, |at| at.timestamp());
        let done = sqlx::query(
            "UPDATE tokens SET last_pushed_at = $2
             WHERE id = $1 AND version = $3 AND COALESCE(hint, '') = $4 AND COALESCE(issued_at, 0) = $5
               AND COALESCE(expires_at, 0) = $6 AND COALESCE(deactivated_at, 0) = $7 AND COALESCE(reactivate_at, 0) = $8
               AND COALESCE(revoked_at, 0) = $9 AND COALESCE(retires_at, 0) >= $10",
        )
        .bind(judged.id.to_string())
        .bind(now.timestamp())
        .bind(judged.version)
        .bind(judged.hint.as_deref().unwrap_or_default())
        .bind(seconds(judged.issued_at))
        .bind(seconds(judged.settings.expires_at))
        .bind(seconds(judged.deactivated_at))
        .bind(seconds(judged.reactivate_at))
        .bind(seconds(judged.revoked_at))
        .bind(seconds(judged.retires_at))
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.put_off_retirement(judged, now).await?;
        Ok(true)
    }

    /// Makes a package of a name that its kind's rules allow, which belongs to the token's account. `None` if somebody made
    /// it meanwhile, or the account was deleted.
    pub async fn add_package(
        &mut self,
        context: &PublishContext<'_>,
        kind: Kind,
        name: &str,
    ) -> Result<Option<PackageKey>> {
        if !self.lock_account(context.token.account).await? {
            return Ok(None);
        }
        let key = PackageKey::generate(context.now, &mut crate::random::system());
        let done = sqlx::query(
            "INSERT INTO packages (id, feed, kind, name, name_key, search_text, listed_versions, listed_stable_versions, downloads, created_at)
             VALUES ($1, $2, $3, $4, $5, '', 0, 0, 0, $6) ON CONFLICT (feed, kind, name_key) DO NOTHING",
        )
        .bind(key.to_string())
        .bind(context.feed.to_string())
        .bind(kind.as_str())
        .bind(name)
        .bind(name.to_ascii_lowercase())
        .bind(context.now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query("INSERT INTO package_owners (package, account, since) VALUES ($1, $2, $3)")
            .bind(key.to_string())
            .bind(context.token.account.to_string())
            .bind(context.now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(Some(key))
    }

    /// Adds a version. `false` if it exists under any spelling, or existed and was removed.
    pub async fn add_version(
        &mut self,
        context: &PublishContext<'_>,
        package: PackageKey,
        new: &NewVersion,
    ) -> Result<bool> {
        if !self.insert_version(context, package, new).await? {
            return Ok(false);
        }
        self.summarise(package).await?;
        let (name, version) = (new.manifest.name(), new.manifest.version().text);
        self.record_version(&context.change(), EventKind::VersionPublished, name, &version).await?;
        Ok(true)
    }

    async fn insert_version(
        &mut self,
        context: &PublishContext<'_>,
        package: PackageKey,
        new: &NewVersion,
    ) -> Result<bool> {
        let token = context.token;
        let kept = new.manifest.kept().map_err(|error| StoreError::Unreadable(error.to_string()))?;
        let version = new.manifest.version();
        let done = sqlx::query(
            "INSERT INTO versions (id, package, version, version_key, sort_key, published_at, published_by, published_with, published_hint,
                size, beside_size, sha512, blob, manifest, downloads)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $14, $11, $12, $13, 0) ON CONFLICT (package, version_key) DO NOTHING",
        )
        .bind(new.key.to_string())
        .bind(package.to_string())
        .bind(version.text)
        .bind(version.key)
        .bind(version.sort_key)
        .bind(context.now.timestamp())
        .bind(token.account.to_string())
        .bind(token.id.to_string())
        .bind(token.hint.as_deref())
        .bind(new.size)
        .bind(new.sha512.as_str())
        .bind(new.blob.as_str())
        .bind(kept.as_str())
        .bind(new.beside_size)
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Lists or unlists a version, by its identity. `false` if there is none; what is so already stays so, without an event.
    pub async fn set_listed(
        &mut self,
        change: &ChangeContext<'_>,
        package: &StoredPackage,
        version_key: &str,
        listed: bool,
    ) -> Result<bool> {
        // The package first, then its versions: in one order, changes wait for each other and never for ever.
        self.lock_package(package.key).await?;
        let Some(found) = super::version(&mut self.inner, package.key, version_key).await? else {
            return Ok(false);
        };
        if found.listed != listed {
            sqlx::query("UPDATE versions SET unlisted_at = $3 WHERE package = $1 AND version_key = $2")
                .bind(package.key.to_string())
                .bind(version_key)
                .bind((!listed).then(|| change.now.timestamp()))
                .execute(&mut *self.inner)
                .await?;
            self.summarise(package.key).await?;
            let kind = if listed { EventKind::VersionRelisted } else { EventKind::VersionUnlisted };
            self.record_version(change, kind, &package.name, &found.version.text).await?;
        }
        Ok(true)
    }

    /// Writes what became of a version into the record.
    pub(in crate::store) async fn record_version(
        &mut self,
        change: &ChangeContext<'_>,
        kind: EventKind,
        package: &str,
        version: &str,
    ) -> Result<()> {
        let subject = Subject { package: Some(package), version: Some(version), ..change.subject() };
        self.record(kind, change.by, subject, EventDetail::Nothing, change.now).await?;
        Ok(())
    }
}
