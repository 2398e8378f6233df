//! Sign-ups that wait for their address to be confirmed. Until then there is no account, and so nobody's name or
//! address is taken by one.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::{
    accounts::{
        SignUp,
        one_time_link::{LinkPurpose, OneTimeLink},
    },
    store::{Result, Store, Transaction},
};

const SIGN_UP: &str = "SELECT username, email, password_hash, time_zone FROM sign_ups WHERE link = $1";

type SignUpRow = (String, String, String, String);

fn read((username, email, password_hash, time_zone): SignUpRow) -> SignUp {
    SignUp { username, email, password_hash, time_zone: time_zone.parse().unwrap_or(Tz::UTC) }
}

impl Store {
    /// The sign-up that a link confirms.
    pub async fn sign_up(&self, link: &[u8]) -> Result<Option<SignUp>> {
        let row: Option<SignUpRow> = sqlx::query_as(SIGN_UP).bind(link).fetch_optional(&self.pool).await?;
        Ok(row.map(read))
    }
}

impl Transaction {
    /// Keeps a sign-up until `expires_at`, with the link that confirms it.
    pub async fn add_sign_up(
        &mut self,
        link: &[u8],
        sign_up: &SignUp,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let about = OneTimeLink { purpose: LinkPurpose::SignUp, account: None, email: Some(sign_up.email.clone()) };
        self.insert_link(link, &about, now, expires_at).await?;
        sqlx::query("INSERT INTO sign_ups (link, username, email, password_hash, time_zone, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(link)
            .bind(sign_up.username.as_str())
            .bind(sign_up.email.as_str())
            .bind(sign_up.password_hash.as_str())
            .bind(sign_up.time_zone.name())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// The sign-up that a link confirms, inside the change.
    pub async fn sign_up(&mut self, link: &[u8]) -> Result<Option<SignUp>> {
        let row: Option<SignUpRow> = sqlx::query_as(SIGN_UP).bind(link).fetch_optional(&mut *self.inner).await?;
        Ok(row.map(read))
    }

    /// Lets another link confirm a sign-up too.
    pub(in crate::store) async fn copy_sign_up(&mut self, from: &[u8], to: &[u8]) -> Result<()> {
        let select = "SELECT username, email, password_hash, time_zone, created_at FROM sign_ups WHERE link = $1";
        let row: Option<(String, String, String, String, i64)> =
            sqlx::query_as(select).bind(from).fetch_optional(&mut *self.inner).await?;
        let Some((username, email, password_hash, time_zone, created_at)) = row else { return Ok(()) };
        sqlx::query(
            "INSERT INTO sign_ups (link, username, email, password_hash, time_zone, created_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (link) DO NOTHING",
        )
        .bind(to)
        .bind(username)
        .bind(email)
        .bind(password_hash)
        .bind(time_zone)
        .bind(created_at)
        .execute(&mut *self.inner)
        .await?;
        Ok(())
    }

    /// Forgets every sign-up for an address, one of which has become an account; the others' links lead nowhere then.
    pub async fn remove_sign_ups_for(&mut self, email: &str) -> Result<()> {
        let removed = sqlx::query("DELETE FROM sign_ups WHERE LOWER(email) = LOWER($1)");
        removed.bind(email).execute(&mut *self.inner).await?;
        Ok(())
    }
}
