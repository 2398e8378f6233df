//! The life of a token, one transaction a step: the row, its secret, the event and the owed warning change together.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};

use super::COLUMNS;
use crate::{
    audit::{Actor, Cause, EventKind, Subject, TokenDetail, TokenFacts},
    notifications::{CancelReason, warning_cancel_reason},
    store::{Result, Store, Transaction, sql::List},
    tokens::{AccountId, Edited, EventId, Feeds, Issued, OneTime, Secret, Token, TokenId, TokenSettings, state::state},
};

impl Store {
    /// Makes a token and its secret. `form` is the one-time id of the form: sent again, it makes nothing.
    pub async fn create_token<'a>(
        &self,
        token: Token,
        form: impl Into<OneTime<'a>>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Issued> {
        let form = form.into();
        let mut tx = self.begin_by(by).await?;
        if let Some(id) = tx.issued_by_form(form.id).await? {
            return Ok(Issued::AlreadyDone(id));
        }
        let secret = Secret::generate(&mut crate::random::system());
        let token = Token { hint: Some(secret.hint().to_owned()), ..token };
        tx.add_token(&token).await?;
        if !tx.replace_secret(token.id, secret.hash(), form, now).await? {
            // The same form, sent at the same time, was a moment earlier. What this change did is not kept.
            return tx.issued_meanwhile(form.id).await;
        }
        tx.note(EventKind::TokenCreated, &token, by, TokenDetail::default(), now).await?;
        tx.commit().await?;
        Ok(Issued::Secret(secret))
    }

    /// Gives a token a new secret; the old one ends in the same transaction. `token` is as `change::refresh` left it.
    pub async fn refresh_token<'a>(
        &self,
        token: Token,
        form: impl Into<OneTime<'a>>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Issued> {
        let form = form.into();
        let mut tx = self.begin_by(by).await?;
        if let Some(id) = tx.issued_by_form(form.id).await? {
            return Ok(Issued::AlreadyDone(id));
        }
        let secret = Secret::generate(&mut crate::random::system());
        let token = Token { hint: Some(secret.hint().to_owned()), ..token };
        let first_key = tx.token(token.id).await?.is_some_and(|before| before.issued_at.is_none());
        let changed = tx.update_token(&token).await?;
        if !changed || !tx.replace_secret(token.id, secret.hash(), form, now).await? {
            return tx.issued_meanwhile(form.id).await;
        }
        let told = TokenDetail { first_key, ..TokenDetail::default() };
        tx.note(EventKind::TokenRefreshed, &token, by, told, now).await?;
        tx.commit().await?;
        Ok(Issued::Secret(secret))
    }

    /// Writes an edited token, as `change::Edit::apply` left it.
    pub async fn edit_token(&self, token: &Token, by: &Actor, now: DateTime<Utc>) -> Result<Edited> {
        let mut tx = self.begin_by(by).await?;
        let before = tx.token(token.id).await?;
        let Some(before) = before.filter(|before| before.version + 1 == token.version) else {
            return Ok(Edited::Stale);
        };
        let changed = TokenSettings::changed(&before.settings, &token.settings);
        if changed.is_empty() {
            return Ok(Edited::Unchanged);
        }
        if !tx.update_token(token).await? {
            return Ok(Edited::Stale);
        }
        let told = TokenDetail { changed, ..TokenDetail::default() };
        let event = tx.note(EventKind::TokenEdited, token, by, told, now).await?;
        if names_more(token, &before) {
            tx.mark_widened(token.id, now).await?;
        }
        if reaches_more(token, &before) {
            tx.enqueue_security_notification(token.account, event, None, now).await?;
        }
        tx.commit().await?;
        Ok(Edited::Done)
    }

    /// Switches a token off until somebody switches it on. It wins over whatever else is under way: no version is asked
    /// for.
    pub async fn deactivate_token(&self, token: &Token, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        self.pause_token(token, None, by, now).await
    }

    /// Switches a token off, for a while if `until` is given. One that is off already stays off since then, and gets the
    /// new end.
    pub async fn pause_token(
        &self,
        token: &Token,
        until: Option<DateTime<Utc>>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.begin_by(by).await?;
        tx.end_pause(token.id, now).await?;
        if tx.mark_deactivated(token.id, until, now).await? {
            let off = Token { deactivated_at: Some(now), reactivate_at: until, ..token.clone() };
            let told = TokenDetail { until, ..TokenDetail::default() };
            tx.note(EventKind::TokenDeactivated, &off, by, told, now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Switches a token on again.
    pub async fn reactivate_token(&self, token: &Token, by: &Actor, now: DateTime<Utc>) -> Result<Edited> {
        let mut tx = self.begin_by(by).await?;
        if !tx.mark_reactivated(token).await? {
            return Ok(Edited::Stale);
        }
        let on = Token { deactivated_at: None, reactivate_at: None, version: token.version + 1, ..token.clone() };
        tx.note(EventKind::TokenReactivated, &on, by, TokenDetail::default(), now).await?;
        tx.commit().await?;
        Ok(Edited::Done)
    }

    /// Records of at most `limit` tokens that their time has switched them on, and restores the warnings they are owed.
    /// Tells of how many. They work without this; see `tokens::state`.
    pub async fn end_pauses(&self, now: DateTime<Utc>, limit: i64) -> Result<usize> {
        let due = "SELECT id FROM tokens WHERE reactivate_at IS NOT NULL AND reactivate_at <= $1 AND revoked_at IS NULL
             ORDER BY reactivate_at, id LIMIT $2";
        let due: Vec<String> = sqlx::query_scalar(due).bind(now.timestamp()).bind(limit).fetch_all(&self.pool).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let (mut tx, mut ended) = (self.begin().await?, 0);
        for id in due.iter().filter_map(|id| TokenId::parse(id)) {
            ended += usize::from(tx.end_pause(id, now).await?);
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends a token for good. It wins over whatever else is under way: no version is asked for.
    pub async fn revoke_token(&self, token: &Token, made: Made, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin_by(by).await?;
        let mut changed = tx.revoke(token, TokenDetail::default(), by, now).await?;
        if made == Made::Too {
            changed |= tx.revoke_made_by((token.account, token.id), by, now).await?;
        }
        if changed {
            tx.commit().await?;
        }
        Ok(())
    }

    /// How many tokens that are not revoked a token made through the API, directly or through one that it made.
    pub async fn count_made_by(&self, token: TokenId) -> Result<i64> {
        Ok(sqlx::query_scalar(COUNT_MADE.as_str()).bind(token.to_string()).fetch_one(&self.pool).await?)
    }

    /// What a request asked for that has issued a secret, hashed; none if there was none of this id.
    pub async fn request_of(&self, id: &str) -> Result<Option<String>> {
        let request = sqlx::query_scalar("SELECT request FROM token_secrets WHERE form = $1").bind(id);
        Ok(request.fetch_optional(&self.pool).await?)
    }

    /// Removes a token, live or not, with its secrets. Its events stay.
    pub async fn delete_token(&self, token: &Token, by: &Actor, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.begin_by(by).await?;
        let Some(before) = tx.token(token.id).await? else { return Ok(()) };
        if tx.remove_token(token.id).await? {
            tx.revoke_made_by((token.account, token.id), by, now).await?;
            let gone = Token { revoked_at: Some(now), ..before.clone() };
            let event = tx.note(EventKind::TokenDeleted, &gone, by, TokenDetail::default(), now).await?;
            if state(&before, now).may_work_again() {
                tx.enqueue_security_notification(token.account, event, None, now).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

/// What becomes of the tokens that a revoked token made through the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// They are revoked too.
    Too,
    /// They go on.
    Kept,
}

/// The ids of all that a token made, directly or through one that it made. No token makes its maker, so that this ends.
const MADE: &str = "WITH RECURSIVE made (id) AS (SELECT id FROM tokens WHERE made_by = $1
     UNION SELECT t.id FROM tokens t JOIN made ON t.made_by = made.id)";

/// Its tokens that can still be revoked. A deleted one in between ends the line: it took what it made with it.
static MADE_TOKENS: LazyLock<String> = LazyLock::new(|| {
    let columns = COLUMNS.as_str();
    let list =
        List::of(columns, "made JOIN tokens t ON t.id = made.id").filter("t.account = $2 AND t.revoked_at IS NULL");
    format!("{MADE} {}", list.sql())
});

static COUNT_MADE: LazyLock<String> = LazyLock::new(|| {
    format!("{MADE} SELECT COUNT(*) FROM made JOIN tokens t ON t.id = made.id WHERE t.revoked_at IS NULL")
});

/// What lets a key work that did not, or ends it for good, its owner is told by mail, whoever did it; that it is switched
/// off, if somebody else did it.
pub(in crate::store) fn is_told(kind: EventKind, owner: AccountId, by: &Actor) -> bool {
    use EventKind::{TokenCreated, TokenDeactivated, TokenReactivated, TokenRefreshed, TokenRevoked};
    match kind {
        TokenCreated | TokenRefreshed | TokenReactivated | TokenRevoked => true,
        TokenDeactivated => by.account != Some(owner),
        _ => false,
    }
}

/// Whether a pattern or a feed was added, be it one that another covered before.
fn names_more(after: &Token, before: &Token) -> bool {
    let is_new = |pattern: &str| !before.settings.patterns.iter().any(|old| old.eq_ignore_ascii_case(pattern));
    after.settings.patterns.iter().any(is_new) || after.settings.feeds.adds_to(&before.settings.feeds)
}

fn reaches_more(after: &Token, before: &Token) -> bool {
    after.settings.patterns.covers_beyond(&before.settings.patterns)
        || after.settings.feeds.adds_to(&before.settings.feeds)
}

impl Transaction {
    /// Ends a token for good; `false` if it had ended so before.
    async fn revoke(&mut self, token: &Token, told: TokenDetail, by: &Actor, now: DateTime<Utc>) -> Result<bool> {
        if !self.mark_revoked(token.id, now).await? {
            return Ok(false);
        }
        let gone = Token { revoked_at: Some(now), ..token.clone() };
        self.note(EventKind::TokenRevoked, &gone, by, told, now).await?;
        Ok(true)
    }

    /// Ends for good what an account's token made through the API; `false` if there was nothing to end.
    pub(in crate::store) async fn revoke_made_by(
        &mut self,
        (account, maker): (AccountId, TokenId),
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let made = sqlx::query_as(MADE_TOKENS.as_str()).bind(maker.to_string());
        let made: Vec<Token> = made.bind(account.to_string()).fetch_all(&mut *self.inner).await?;
        for token in &made {
            let told = TokenDetail { cause: Some(Cause::WithMaker), ..TokenDetail::default() };
            self.revoke(token, told, by, now).await?;
        }
        Ok(!made.is_empty())
    }

    /// Records what happened to a token, owes its owner word of it, and brings the owed warning in line.
    pub(in crate::store) async fn note(
        &mut self,
        kind: EventKind,
        token: &Token,
        by: &Actor,
        told: TokenDetail,
        now: DateTime<Utc>,
    ) -> Result<EventId> {
        let detail = TokenDetail { token: Some(self.token_facts(token).await?), ..told };
        let event = self.record(kind, by, Subject::token(token), detail.into(), now).await?;
        if is_told(kind, token.account, by) {
            self.enqueue_security_notification(token.account, event, None, now).await?;
        }
        self.sync_expiry_notices(token, now).await?;
        Ok(event)
    }

    /// A token as its events tell of it.
    pub(in crate::store) async fn token_facts(&mut self, token: &Token) -> Result<TokenFacts> {
        let Feeds::Some(ids) = &token.settings.feeds else { return Ok(TokenFacts::of(token, None)) };
        let mut names = Vec::new();
        for id in ids {
            let name = sqlx::query_scalar("SELECT name FROM feeds WHERE id = $1").bind(id.to_string());
            names.extend(name.fetch_optional(&mut *self.inner).await?);
        }
        Ok(TokenFacts::of(token, Some(names)))
    }

    /// Notes that a token reaches more: what it was used for before says nothing about that.
    async fn mark_widened(&mut self, token: TokenId, now: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE tokens SET widened_at = $2 WHERE id = $1")
            .bind(token.to_string())
            .bind(now.timestamp())
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    /// What another request did with the same form while this one waited for it, if that is what it waited for.
    async fn issued_meanwhile(mut self, form: &str) -> Result<Issued> {
        Ok(self.issued_by_form(form).await?.map_or(Issued::Stale, Issued::AlreadyDone))
    }

    /// Writes down that a token's pause is over, if it is, as of the moment it was; of several that try at once, one does
    /// it. The token's version stays: nothing changed that a form could show.
    async fn end_pause(&mut self, token: TokenId, now: DateTime<Utc>) -> Result<bool> {
        let Some(off) = self.token(token).await? else { return Ok(false) };
        let Some(at) = off.reactivate_at.filter(|at| *at <= now) else { return Ok(false) };
        let ended = "UPDATE tokens SET deactivated_at = NULL, reactivate_at = NULL, frozen_at = NULL
             WHERE id = $1 AND reactivate_at = $2 AND revoked_at IS NULL";
        let ended = sqlx::query(ended).bind(token.to_string()).bind(at.timestamp()).execute(&mut *self.inner).await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        let on = Token { deactivated_at: None, reactivate_at: None, ..off };
        let token = Some(self.token_facts(&on).await?);
        let detail = TokenDetail { token, cause: Some(Cause::PauseOver), ..TokenDetail::default() };
        let by = Actor::host("end of a pause");
        self.record(EventKind::TokenReactivated, &by, Subject::token(&on), detail.into(), at).await?;
        // As of then: it may have expired since, and its owner is told.
        self.sync_expiry_notices(&on, at).await?;
        Ok(true)
    }

    async fn mark_deactivated(
        &mut self,
        token: TokenId,
        until: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE tokens SET deactivated_at = COALESCE(deactivated_at, $2), reactivate_at = $3, version = version + 1
             WHERE id = $1 AND (deactivated_at IS NULL OR reactivate_at IS NOT NULL) AND revoked_at IS NULL",
        )
        .bind(token.to_string())
        .bind(now.timestamp())
        .bind(until.map(|at| at.timestamp()))
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn mark_reactivated(&mut self, token: &Token) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE tokens SET deactivated_at = NULL, reactivate_at = NULL, frozen_at = NULL, version = version + 1
             WHERE id = $1 AND version = $2 AND revoked_at IS NULL AND deactivated_at IS NOT NULL",
        )
        .bind(token.id.to_string())
        .bind(token.version)
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn mark_revoked(&mut self, token: TokenId, now: DateTime<Utc>) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE tokens SET revoked_at = $2, reactivate_at = NULL, version = version + 1
             WHERE id = $1 AND revoked_at IS NULL",
        )
        .bind(token.to_string())
        .bind(now.timestamp())
        .execute(&mut *self.inner)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// What a token's owner is owed about its end follows from the token: made, moved, cancelled or restored here.
    pub(in crate::store) async fn sync_expiry_notices(&mut self, token: &Token, now: DateTime<Utc>) -> Result<()> {
        let cancel_reason =
            token.end().map_or(Some(CancelReason::EndMoved), |end| warning_cancel_reason(token, end, false, now));
        // That it has ended is still to be told.
        let keep =
            token.end().filter(|_| matches!(cancel_reason, None | Some(CancelReason::Expired | CancelReason::Retired)));
        self.cancel_end_notices(token.id, keep, cancel_reason.unwrap_or(CancelReason::EndMoved), now).await?;
        if let (Some(end), None) = (keep, cancel_reason) {
            self.add_end_notices(token, end, now).await?;
        }
        Ok(())
    }
}
