//! Browsers that signed in to an account before. Their secrets are known here as SHA-256 only.

use chrono::{DateTime, Utc};

use crate::{
    accounts::{DEVICES_KEPT, KnownDevice, ListedDevice},
    audit::Actor,
    store::{Result, Store, Transaction, instant, readable},
    tokens::{AccountId, DeviceId},
};

impl Store {
    /// The device of a secret.
    pub async fn device(&self, secret_hash: &[u8]) -> Result<Option<KnownDevice>> {
        let row: Option<(String, String)> = sqlx::query_as("SELECT id, account FROM devices WHERE secret_hash = $1")
            .bind(secret_hash)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|(id, account)| {
            Ok(KnownDevice {
                id: readable(DeviceId::parse(&id), "devices.id")?,
                account: readable(AccountId::parse(&account), "devices.account")?,
            })
        })
        .transpose()
    }

    /// The devices of an account, the last seen first.
    pub async fn devices_of(&self, account: AccountId) -> Result<Vec<ListedDevice>> {
        let rows: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT id, client, address, created_at, seen_at FROM devices WHERE account = $1
             ORDER BY seen_at DESC, id DESC LIMIT $2",
        )
        .bind(account.to_string())
        .bind(DEVICES_KEPT)
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|(id, client, address, created, seen)| {
                let id = readable(DeviceId::parse(&id), "devices.id")?;
                Ok(ListedDevice { id, client, address, created_at: instant(created), seen_at: instant(seen) })
            })
            .collect()
    }
}

impl Transaction {
    /// Whether somebody signed in to an account before, or made it in a browser.
    pub async fn was_used_before(&mut self, account: AccountId) -> Result<bool> {
        let used: Option<i64> = sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM accounts a WHERE a.id = $1
               AND (a.signed_in_at IS NOT NULL OR EXISTS (SELECT 1 FROM devices d WHERE d.account = a.id))",
        )
        .bind(account.to_string())
        .fetch_optional(&mut *self.inner)
        .await?;
        Ok(used.is_some())
    }

    /// Notes that a browser signed in to an account for the first time.
    pub async fn add_device(
        &mut self,
        secret_hash: &[u8],
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let id = DeviceId::generate(now, &mut crate::random::system());
        sqlx::query(
            "INSERT INTO devices (id, secret_hash, account, client, address, created_at, seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(id.to_string())
        .bind(secret_hash)
        .bind(account.to_string())
        .bind(by.client.as_str())
        .bind(by.address.as_str())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        sqlx::query(
            "DELETE FROM devices WHERE account = $1
             AND id NOT IN (SELECT id FROM devices WHERE account = $1 ORDER BY seen_at DESC, id DESC LIMIT $2)",
        )
        .bind(account.to_string())
        .bind(DEVICES_KEPT)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Notes that a device signed in again. `false` if it is not known any more.
    pub async fn see_device(&mut self, device: DeviceId, now: DateTime<Utc>) -> Result<bool> {
        let seen = sqlx::query("UPDATE devices SET seen_at = $2 WHERE id = $1")
            .bind(device.to_string())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(seen.rows_affected() == 1)
    }

    /// Forgets one of an account's devices; tells which client and address it was of, if there was one.
    pub async fn forget_device(&mut self, account: AccountId, device: DeviceId) -> Result<Option<(String, String)>> {
        let forgotten = "DELETE FROM devices WHERE account = $1 AND id = $2 RETURNING client, address";
        let forgotten = sqlx::query_as(forgotten).bind(account.to_string()).bind(device.to_string());
        Ok(forgotten.fetch_optional(&mut *self.inner).await?)
    }

    /// Forgets every device of an account but for `keep`.
    pub async fn forget_devices_of(&mut self, account: AccountId, keep: Option<DeviceId>) -> Result<()> {
        sqlx::query("DELETE FROM devices WHERE account = $1 AND id <> $2")
            .bind(account.to_string())
            .bind(keep.map(|id| id.to_string()).unwrap_or_default())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}
