//! Accounts: their rows, how one is made, and its password.

pub(in crate::store) mod acting;
pub(in crate::store) mod addresses;
pub(in crate::store) mod attempts;
pub(in crate::store) mod devices;
pub(in crate::store) mod invitations;
pub(in crate::store) mod lifecycle;
pub(in crate::store) mod one_time_links;
pub(in crate::store) mod rate_limits;
pub(in crate::store) mod sessions;
pub(in crate::store) mod sign_ups;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{Result, Store, Transaction, instant, readable};
use crate::{
    accounts::{Account, AccountKind, FIRST_EPOCH, NewAccount, Registration},
    audit::{Actor, EventDetail, EventKind, Subject},
    tokens::{
        AccountId, Token, TokenId, TokenKind, TokenSettings,
        lifecycle::{primary_lifetime, primary_permissions},
    },
};

row! {
    pub(in crate::store) struct AccountRow {
        id: String,
        kind: String,
        username: String,
        email: String,
        password_hash: Option<String>,
        time_zone: String,
        operator_since: Option<i64>,
        disabled_at: Option<i64>,
        session_epoch: i64,
    }
}

impl AccountRow {
    pub(in crate::store) fn read(self) -> Result<Account> {
        Ok(Account {
            id: readable(AccountId::parse(&self.id), "accounts.id")?,
            kind: readable(AccountKind::parse(&self.kind), "accounts.kind")?,
            username: self.username,
            email: self.email,
            password_hash: self.password_hash,
            time_zone: self.time_zone.parse().unwrap_or(Tz::UTC),
            is_operator: self.operator_since.is_some(),
            disabled_at: self.disabled_at.map(instant),
            session_epoch: self.session_epoch,
        })
    }
}

const ACCOUNT: &str = "SELECT id, kind, username, email, password_hash, time_zone, operator_since, disabled_at, session_epoch FROM accounts WHERE id = $1";

impl Store {
    /// The account of a username or e-mail address, in any ASCII case.
    pub async fn account_named(&self, name: &str) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(
            "SELECT id, kind, username, email, password_hash, time_zone, operator_since, disabled_at, session_epoch FROM accounts
             WHERE username_key = $1 OR email_key = $1 ORDER BY username_key = $1 DESC LIMIT 1",
        )
        .bind(name.to_ascii_lowercase())
        .fetch_optional(&self.pool)
        .await?;
        row.map(AccountRow::read).transpose()
    }

    /// The account of an id.
    pub async fn account(&self, id: AccountId) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(ACCOUNT).bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.map(AccountRow::read).transpose()
    }

    /// Whether nobody has signed up yet.
    pub async fn is_empty(&self) -> Result<bool> {
        let any: Option<i64> = sqlx::query_scalar("SELECT 1 FROM accounts LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(any.is_none())
    }
}

impl Transaction {
    /// The account of an id, read inside the change.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        let row: Option<AccountRow> =
            sqlx::query_as(ACCOUNT).bind(id.to_string()).fetch_optional(&mut *self.inner).await?;
        row.map(AccountRow::read).transpose()
    }

    /// The account of an address, in any ASCII case, read inside the change.
    pub(in crate::store) async fn account_of_address(&mut self, address: &str) -> Result<Option<Account>> {
        let row: Option<AccountRow> = sqlx::query_as(
            "SELECT id, kind, username, email, password_hash, time_zone, operator_since, disabled_at, session_epoch FROM accounts
             WHERE email_key = $1",
        )
        .bind(address.to_ascii_lowercase())
        .fetch_optional(&mut *self.inner)
        .await?;
        row.map(AccountRow::read).transpose()
    }

    /// Makes an account with its primary token.
    pub async fn add_account(&mut self, new: &NewAccount, by: &Actor, now: DateTime<Utc>) -> Result<Registration> {
        let id = AccountId::generate(now, &mut crate::random::system());
        let done = sqlx::query(
            "INSERT INTO accounts (id, kind, username, username_key, email, email_key, password_hash, password_changed_at,
                time_zone, operator_since, session_epoch, created_at, unproven_since)
             VALUES ($1, $12, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7, $11) ON CONFLICT DO NOTHING",
        )
        .bind(id.to_string())
        .bind(new.username.as_str())
        .bind(new.username.to_ascii_lowercase())
        .bind(new.email.as_str())
        .bind(new.email.to_ascii_lowercase())
        .bind(new.password_hash.as_deref())
        .bind(now.timestamp())
        .bind(new.time_zone.name())
        .bind(new.operator.then(|| now.timestamp()))
        .bind(FIRST_EPOCH)
        .bind((!new.vouched).then(|| now.timestamp()))
        .bind(AccountKind::Person.as_str())
        .execute(&mut *self.inner)
        .await?;
        if done.rows_affected() == 0 {
            return self.what_is_taken(new).await;
        }
        self.add_token(&primary_token(id, new.max_token_days, now)).await?;
        let by = Actor { account: by.account.or((!by.address.is_empty()).then_some(id)), ..by.clone() };
        self.record(EventKind::AccountCreated, &by, Subject::account(id), EventDetail::Nothing, now).await?;
        if new.operator {
            self.record(EventKind::OperatorMade, &by, Subject::account(id), EventDetail::Nothing, now).await?;
        }
        Ok(Registration::Made(id))
    }

    async fn what_is_taken(&mut self, new: &NewAccount) -> Result<Registration> {
        let username: Option<i64> = sqlx::query_scalar("SELECT 1 FROM accounts WHERE username_key = $1 LIMIT 1")
            .bind(new.username.to_ascii_lowercase())
            .fetch_optional(&mut *self.inner)
            .await?;
        Ok(if username.is_some() { Registration::UsernameTaken } else { Registration::EmailTaken })
    }

    /// Sets a password and ends every session and link of the account, and its calendar's address; tells the epoch that new
    /// sessions belong to.
    pub async fn set_password(
        &mut self,
        account: AccountId,
        hash: &str,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<i64> {
        let had_one = self.account(account).await?.is_some_and(|account| account.password_hash.is_some());
        let kind = if had_one { EventKind::PasswordChanged } else { EventKind::PasswordChosen };
        sqlx::query("UPDATE accounts SET password_hash = $2, password_changed_at = $3, asked_email = NULL, asked_email_at = NULL, invited_at = NULL WHERE id = $1")
            .bind(account.to_string())
            .bind(hash)
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        let event = self.record(kind, by, Subject::account(account), EventDetail::Nothing, now).await?;
        self.enqueue_security_notification(account, event, None, now).await?;
        self.end_links_of(account).await?;
        self.end_calendar_link(account, by, now).await?;
        self.end_sessions_of(account).await
    }

    /// Changes the time zone that an account's times are shown in. No stored instant moves.
    pub async fn set_time_zone(&mut self, account: AccountId, zone: Tz, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE accounts SET time_zone = $2 WHERE id = $1")
            .bind(account.to_string())
            .bind(zone.name())
            .execute(&mut *self.inner)
            .await?;
        let detail = EventDetail::TimeZone { zone: zone.name().to_owned() };
        self.record(EventKind::TimeZoneChanged, by, Subject::account(account), detail, now).await?;
        Ok(())
    }

    /// Stores the same password under newer parameters, unless it was changed meanwhile.
    pub async fn raise_password(&mut self, account: AccountId, from: &str, to: &str) -> Result<()> {
        sqlx::query("UPDATE accounts SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
            .bind(account.to_string())
            .bind(from)
            .bind(to)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }
}

fn primary_token(account: AccountId, max_days: Option<i64>, now: DateTime<Utc>) -> Token {
    let id = TokenId::generate(now, &mut crate::random::system());
    let settings = TokenSettings::for_everything("Primary token", primary_permissions());
    Token {
        lifetime: Some(primary_lifetime(max_days)),
        ..Token::unissued(id, account, TokenKind::Primary, settings, now)
    }
}
