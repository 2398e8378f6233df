//! Steps that change many tokens: the selected ones in one transaction, all of an account's in several short ones.
//! Each token that changes gets its event, and the warning it is owed is cancelled or restored with it.

use std::{sync::LazyLock, time::Duration};

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::{
    bulk_sql::{
        CANCEL_NOTICES, DEACTIVATE, FREEZE, OWE_HAPPENINGS, OWE_NOTICES, REACTIVATE, RECORD, REVOKE, TOKENS, UNFREEZE,
    },
    lifecycle::is_told,
    listing_sql::{AWAKE, FROZEN},
};
use crate::{
    audit::{Actor, Cause, EventDetail, EventKind, Subject, TokenDetail},
    notifications::{CancelReason, end_notice::EndNotice},
    store::{Result, Store, Transaction, instant, notifications::security::SECURITY, readable},
    tokens::{
        AccountId, EventId, NoticeId, Token, TokenId,
        bulk::{BulkAction, MOST_SELECTED},
    },
};

/// Tokens that one transaction freezes. SQLite has one writer at a time: nobody should wait for it long.
const BATCH: i64 = 100;
/// Between two of them others get at SQLite's lock, for which they only look now and then.
const BREATH: Duration = Duration::from_millis(10);

/// A step as the database takes it.
struct Taken {
    statement: &'static LazyLock<String>,
    kind: EventKind,
    cause: Cause,
    /// Why warnings are no longer owed; none if they are owed again.
    cancel_reason: Option<CancelReason>,
}

impl Taken {
    fn of(step: BulkAction) -> Self {
        let taken = |statement, kind, cancel_reason| Self { statement, kind, cause: Cause::WithOthers, cancel_reason };
        match step {
            BulkAction::Deactivate => taken(&DEACTIVATE, EventKind::TokenDeactivated, Some(CancelReason::Deactivated)),
            BulkAction::Reactivate => taken(&REACTIVATE, EventKind::TokenReactivated, None),
            BulkAction::Revoke => taken(&REVOKE, EventKind::TokenRevoked, Some(CancelReason::Revoked)),
        }
    }

    fn freeze() -> Self {
        let (kind, cancel_reason) = (EventKind::TokenDeactivated, Some(CancelReason::Deactivated));
        Self { statement: &FREEZE, kind, cause: Cause::Freeze, cancel_reason }
    }

    fn after_restore() -> Self {
        Self { cause: Cause::Restore, ..Self::freeze() }
    }

    fn unfreeze() -> Self {
        Self { statement: &UNFREEZE, kind: EventKind::TokenReactivated, cause: Cause::Unfreeze, cancel_reason: None }
    }
}

/// Ids as the statements take them.
fn joined<T: ToString>(ids: impl IntoIterator<Item = T>) -> String {
    ids.into_iter().map(|id| id.to_string()).collect()
}

fn token_id(text: &str) -> Result<TokenId> {
    readable(TokenId::parse(text), "tokens.id")
}

impl Store {
    /// Those of the given tokens that the account has, in no order; at most [`MOST_SELECTED`] are looked at.
    pub async fn selected_tokens(&self, account: AccountId, ids: &[TokenId]) -> Result<Vec<Token>> {
        let mut tokens = Vec::new();
        for id in ids.iter().take(MOST_SELECTED) {
            tokens.extend(self.token_of(account, *id).await?);
        }
        Ok(tokens)
    }

    /// Takes a step with all of the given tokens for which it can be taken, in one transaction; tells how many.
    pub async fn change_selected(
        &self,
        account: AccountId,
        ids: &[TokenId],
        step: BulkAction,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let mut tx = self.begin_by(by).await?;
        let changed = tx.take(&Taken::of(step), account, ids, by, now).await?;
        if step == BulkAction::Revoke {
            for id in ids {
                tx.revoke_made_by((account, *id), by, now).await?;
            }
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Switches off every token of an account that is on, in transactions of a hundred. If it is cut short, what it
    /// did holds, and done again it goes on from there.
    pub async fn freeze_tokens(&self, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<u64> {
        self.freeze(&Taken::freeze(), (account, i64::MAX), by, now).await
    }

    /// The same for those whose secret was issued until `since`, when the backup was made that is in use again.
    pub async fn freeze_restored_tokens(
        &self,
        account: AccountId,
        since: DateTime<Utc>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        self.freeze(&Taken::after_restore(), (account, since.timestamp()), by, now).await
    }

    async fn freeze(
        &self,
        taken: &Taken,
        (account, issued_until): (AccountId, i64),
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let (mut frozen, mut after) = (0, (i64::MIN, String::new()));
        loop {
            let mut tx = self.begin_by(by).await?;
            let awake: Vec<(i64, String)> = sqlx::query_as(AWAKE.as_str())
                .bind(account.to_string())
                .bind(now.timestamp())
                .bind(after.0)
                .bind(after.1.as_str())
                .bind(BATCH)
                .bind(issued_until)
                .fetch_all(&mut *tx.inner)
                .await?;
            let Some(last) = awake.last().cloned() else {
                return Ok(frozen);
            };
            let ids = awake.iter().map(|(_, id)| token_id(id)).collect::<Result<Vec<_>>>()?;
            let more = tx.take(taken, account, &ids, by, now).await?;
            if frozen == 0 && more > 0 {
                tx.tell_once(EventKind::TokensFrozen, taken, account, by, now).await?;
            }
            frozen += more;
            tx.commit().await?;
            after = last;
            sleep(BREATH).await;
        }
    }

    /// Switches on again what [`Store::freeze_tokens`] switched off and nobody has touched since, in the same manner.
    pub async fn unfreeze_tokens(&self, account: AccountId, by: &Actor, now: DateTime<Utc>) -> Result<u64> {
        let mut thawed = 0;
        loop {
            let mut tx = self.begin_by(by).await?;
            let frozen: Vec<String> =
                sqlx::query_scalar(FROZEN).bind(account.to_string()).bind(BATCH).fetch_all(&mut *tx.inner).await?;
            if frozen.is_empty() {
                return Ok(thawed);
            }
            let ids = frozen.iter().map(|id| token_id(id)).collect::<Result<Vec<_>>>()?;
            let taken = Taken::unfreeze();
            let more = tx.take(&taken, account, &ids, by, now).await?;
            if thawed == 0 && more > 0 {
                tx.tell_once(EventKind::TokensUnfrozen, &taken, account, by, now).await?;
            }
            thawed += more;
            tx.commit().await?;
            sleep(BREATH).await;
        }
    }

    /// Since when tokens of an account are frozen, if any are.
    pub async fn frozen_since(&self, account: AccountId) -> Result<Option<DateTime<Utc>>> {
        let since: Option<i64> = sqlx::query_scalar(
            "SELECT MAX(frozen_at) FROM tokens WHERE account = $1 AND frozen_at IS NOT NULL AND revoked_at IS NULL",
        )
        .bind(account.to_string())
        .fetch_one(&self.pool)
        .await?;
        Ok(since.map(instant))
    }

    /// Whether a freeze has switched a token off.
    pub async fn is_frozen(&self, token: TokenId) -> Result<bool> {
        let frozen: Option<Option<i64>> = sqlx::query_scalar("SELECT frozen_at FROM tokens WHERE id = $1")
            .bind(token.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(frozen.flatten().is_some())
    }

    /// How many tokens of an account are frozen, counted up to `most`.
    pub async fn count_frozen(&self, account: AccountId, most: i64) -> Result<i64> {
        let count = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tokens
                     WHERE account = $1 AND frozen_at IS NOT NULL AND revoked_at IS NULL LIMIT $2) counted";
        Ok(sqlx::query_scalar(count).bind(account.to_string()).bind(most).fetch_one(&self.pool).await?)
    }
}

impl Transaction {
    /// One line for all: the tokens have their own in the record.
    async fn tell_once(
        &mut self,
        kind: EventKind,
        taken: &Taken,
        account: AccountId,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let cause = Some(taken.cause).filter(|cause| *cause == Cause::Restore);
        let detail = TokenDetail { cause, ..TokenDetail::default() }.into();
        let event = self.record(kind, by, Subject::account(account), detail, now).await?;
        self.enqueue_security_notification(account, event, None, now).await
    }

    async fn take(
        &mut self,
        taken: &Taken,
        account: AccountId,
        ids: &[TokenId],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        if ids.is_empty() {
            return Ok(0);
        }
        let changed: Vec<String> = sqlx::query_scalar(taken.statement.as_str())
            .bind(joined(ids))
            .bind("")
            .bind(ids.len() as i64)
            .bind(now.timestamp())
            .bind(account.to_string())
            .fetch_all(&mut *self.inner)
            .await?;
        if !changed.is_empty() {
            let events = self.record_all(taken, &changed, by, now).await?;
            if taken.cause == Cause::WithOthers && is_told(taken.kind, account, by) {
                self.owe_happenings(account, &events, now).await?;
            }
            self.settle_end_notices(taken, &changed, now).await?;
        }
        Ok(changed.len() as u64)
    }

    async fn record_all(
        &mut self,
        taken: &Taken,
        tokens: &[String],
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Vec<EventId>> {
        let details = self.details_of(taken, tokens).await?;
        let width = details.iter().map(|text| text.chars().count()).max().unwrap_or_default();
        let padded: String = details.iter().map(|text| format!("{text:width$}")).collect();
        let rng = &mut crate::random::system();
        let events: Vec<_> = tokens.iter().map(|_| EventId::generate(now, rng)).collect();
        sqlx::query(RECORD.as_str())
            .bind(joined(tokens))
            .bind(joined(&events))
            .bind(tokens.len() as i64)
            .bind(now.timestamp())
            .bind(taken.kind.code())
            .bind(by.account.map(|id| id.to_string()))
            .bind(by.token.map(|id| id.to_string()))
            .bind(by.address.as_str())
            .bind(by.client.as_str())
            .bind(padded)
            .bind(width as i64)
            .execute(&mut *self.inner)
            .await?;
        Ok(events)
    }

    /// What the events of these tokens tell, in their order.
    async fn details_of(&mut self, taken: &Taken, tokens: &[String]) -> Result<Vec<String>> {
        let ids = sqlx::query_as(TOKENS.as_str()).bind(joined(tokens)).bind("").bind(tokens.len() as i64);
        let found: Vec<Token> = ids.fetch_all(&mut *self.inner).await?;
        let mut details = Vec::new();
        for token in &found {
            let token = Some(self.token_facts(token).await?);
            let told = TokenDetail { token, cause: Some(taken.cause), ..TokenDetail::default() };
            details.push(EventDetail::from(told).to_text());
        }
        Ok(details)
    }

    async fn owe_happenings(&mut self, account: AccountId, events: &[EventId], now: DateTime<Utc>) -> Result<()> {
        let rng = &mut crate::random::system();
        sqlx::query(OWE_HAPPENINGS.as_str())
            .bind(joined(events))
            .bind(joined(events.iter().map(|_| NoticeId::generate(now, rng))))
            .bind(events.len() as i64)
            .bind(now.timestamp())
            .bind(SECURITY)
            .bind(account.to_string())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    async fn settle_end_notices(&mut self, taken: &Taken, tokens: &[String], now: DateTime<Utc>) -> Result<()> {
        let query = |statement: &'static str, ids: String| {
            sqlx::query(statement).bind(joined(tokens)).bind(ids).bind(tokens.len() as i64).bind(now.timestamp())
        };
        if let Some(cancel_reason) = taken.cancel_reason {
            query(CANCEL_NOTICES.as_str(), String::new())
                .bind(cancel_reason.as_str())
                .execute(&mut *self.inner)
                .await?;
            return Ok(());
        }
        for notice in EndNotice::ALL {
            let rng = &mut crate::random::system();
            let fresh = joined(tokens.iter().map(|_| NoticeId::generate(now, rng)));
            query(OWE_NOTICES.as_str(), fresh).bind(notice.as_str()).execute(&mut *self.inner).await?;
        }
        Ok(())
    }
}
