//! The statements that change many tokens, each made once.

use std::sync::LazyLock;

use super::{COLUMNS, ends};
use crate::{notifications::end_notice::EndNotice, store::notifications::about_an_end, tokens::expiry::EndRule};

/// A statement for many tokens. `$1` holds their ids, `$2` as many new ids, one after the other with nothing between; `$3`
/// says how many, `$4` is now.
fn batch(rest: &str) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $3),
         batch(n, token, fresh) AS (SELECT i, SUBSTR($1, i * 36 + 1, 36), SUBSTR($2, i * 36 + 1, 36) FROM n) {rest}"
    )
}

pub(super) static DEACTIVATE: LazyLock<String> = LazyLock::new(|| {
    batch(
        "UPDATE tokens SET reactivate_at = NULL, frozen_at = NULL, version = version + 1,
       deactivated_at = CASE WHEN deactivated_at IS NULL OR reactivate_at <= $4 THEN $4 ELSE deactivated_at END
     WHERE id IN (SELECT token FROM batch) AND account = $5 AND revoked_at IS NULL
       AND (deactivated_at IS NULL OR reactivate_at IS NOT NULL) RETURNING id",
    )
});
pub(super) static REACTIVATE: LazyLock<String> = LazyLock::new(|| {
    batch(
        "UPDATE tokens SET deactivated_at = NULL, reactivate_at = NULL, frozen_at = NULL, version = version + 1
     WHERE id IN (SELECT token FROM batch) AND account = $5 AND revoked_at IS NULL AND deactivated_at IS NOT NULL
       AND (reactivate_at IS NULL OR reactivate_at > $4) RETURNING id",
    )
});
pub(super) static REVOKE: LazyLock<String> = LazyLock::new(|| {
    batch(
        "UPDATE tokens SET revoked_at = $4, reactivate_at = NULL, version = version + 1
     WHERE id IN (SELECT token FROM batch) AND account = $5 AND revoked_at IS NULL AND kind <> 'primary' RETURNING id",
    )
});
/// What is off for a while stays off until further notice: it must not come back by itself during a freeze, and its
/// undo must not bring it back early.
pub(super) static FREEZE: LazyLock<String> = LazyLock::new(|| {
    batch(
        "UPDATE tokens SET reactivate_at = NULL, version = version + 1,
       deactivated_at = CASE WHEN deactivated_at IS NULL OR reactivate_at <= $4 THEN $4 ELSE deactivated_at END,
       frozen_at = CASE WHEN deactivated_at IS NULL OR reactivate_at <= $4 THEN $4 ELSE NULL END
     WHERE id IN (SELECT token FROM batch) AND account = $5 AND revoked_at IS NULL
       AND (deactivated_at IS NULL OR reactivate_at IS NOT NULL) RETURNING id",
    )
});
pub(super) static UNFREEZE: LazyLock<String> = LazyLock::new(|| {
    batch(
        "UPDATE tokens SET deactivated_at = NULL, reactivate_at = NULL, frozen_at = NULL, version = version + 1
     WHERE id IN (SELECT token FROM batch) AND account = $5 AND revoked_at IS NULL AND frozen_at IS NOT NULL RETURNING id",
    )
});

pub(super) static TOKENS: LazyLock<String> = LazyLock::new(|| {
    let columns = COLUMNS.as_str();
    batch(&format!("SELECT {columns} FROM batch JOIN tokens t ON t.id = batch.token ORDER BY batch.n"))
});
pub(super) static RECORD: LazyLock<String> = LazyLock::new(|| {
    batch(
        "INSERT INTO events (id, at, verb, account, actor, actor_token, token, hint, address, client, detail)
     SELECT batch.fresh, $4, $5, t.account, $6, $7, t.id, t.hint, $8, $9,
       RTRIM(SUBSTR($10, batch.n * CAST($11 AS INTEGER) + 1, CAST($11 AS INTEGER)))
     FROM batch JOIN tokens t ON t.id = batch.token",
    )
});
/// The batch holds the events, not the tokens.
pub(super) static OWE_HAPPENINGS: LazyLock<String> = LazyLock::new(|| {
    batch(
        "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at)
     SELECT batch.fresh, $5, $6, batch.token, $6, $4, $4 FROM batch",
    )
});
pub(super) static CANCEL_NOTICES: LazyLock<String> = LazyLock::new(|| {
    batch(&format!(
        "UPDATE notices SET cancelled_at = $4, cancelled_because = $5
     WHERE subject IN (SELECT token FROM batch) AND mail IS NULL AND cancelled_at IS NULL AND {}",
        about_an_end()
    ))
});
/// As `Transaction::add_end_notices` does for one token that is live, for one kind of notice ($5).
pub(in crate::store) static OWE_NOTICES: LazyLock<String> = LazyLock::new(|| {
    batch(&format!(
        "INSERT INTO notices (id, kind, subject, occasion, account, due_at, created_at)
         SELECT due.fresh, $5, due.id, CAST(due.ends_at AS TEXT), due.account, due.due_at, $4
         FROM (SELECT one.fresh, one.id, one.account, one.ends_at, {due_at} AS due_at
               FROM (SELECT batch.fresh, t.id, t.account, t.issued_at, {ends} AS ends_at
                     FROM batch JOIN tokens t ON t.id = batch.token WHERE t.issued_at IS NOT NULL) one
               WHERE one.ends_at > $4) due
         WHERE due.due_at IS NOT NULL AND ({always} OR due.due_at > $4)
         ON CONFLICT (kind, subject, occasion) DO UPDATE
         SET due_at = excluded.due_at, cancelled_at = NULL, cancelled_because = NULL WHERE notices.mail IS NULL",
        always = always_owed(),
        due_at = due_at(),
        ends = ends("t"),
    ))
});

/// When the notice of kind $5 is due: the first of [`EndNotice::rules`] that the life is long enough for, in the hour.
fn due_at() -> String {
    let when = |kind: EndNotice, rule: &EndRule| {
        let (kind, life, ahead) = (kind.as_str(), rule.life_over.num_seconds(), rule.ahead.num_seconds());
        format!(
            " WHEN $5 = '{kind}' AND one.ends_at - one.issued_at > {life}
              THEN one.ends_at - {ahead} - one.ends_at % 3600"
        )
    };
    let ahead: String =
        EndNotice::ALL.iter().flat_map(|kind| kind.rules().iter().map(|rule| when(*kind, rule))).collect();
    format!("CASE WHEN $5 = '{}' THEN one.ends_at{ahead} END", EndNotice::Expired.as_str())
}

/// Kinds $5 that are owed even when their time has passed.
fn always_owed() -> String {
    let always = EndNotice::ALL.into_iter().filter(|kind| !kind.is_reminder());
    format!("$5 IN ({})", always.map(|kind| format!("'{}'", kind.as_str())).collect::<Vec<_>>().join(", "))
}
