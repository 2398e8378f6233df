//! What was refused lately and nothing has fixed since: marked in the list of tokens, and counted in the menu.

use actix_web::{HttpRequest, http::Method};
use chrono::{DateTime, Duration, Utc};

use super::remedy::{Remedy, remedy_for};
use crate::{
    app::App,
    feeds::Membership,
    paths,
    store::StoreError,
    usage::{RefusalCursor, RefusalOfToken},
    web::{
        error::PageError,
        owner::Owner,
        page::{SignedIn, below_prefix, note_open_refusals, signed_in},
    },
};

/// A refusal is open for so long, unless it is fixed before.
const LATELY: Duration = Duration::days(7);
/// Refusals of an account that are looked at for that, the newest.
const LATEST: i64 = 200;

/// What the person's tokens were refused in the last days and is not fixed yet, newest first, as far as it is written.
pub(super) async fn open_refusals(
    app: &App,
    me: &SignedIn,
    owner: Owner,
) -> Result<Vec<(RefusalOfToken, Remedy)>, StoreError> {
    let kept = app.store.refusals_of_account(owner.id, &RefusalCursor::newest(), LATEST).await?;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let memberships = app.store.feeds_of(owner.id).await?;
    Ok(kept.into_iter().filter_map(|kept| open(&kept, &memberships, me.now).map(|remedy| (kept, remedy))).collect())
}

/// What fixes a refusal, if it is open.
pub(super) fn open(kept: &RefusalOfToken, memberships: &[Membership], now: DateTime<Utc>) -> Option<Remedy> {
    let remedy = (kept.line.last_at > now - LATELY).then(|| remedy_for(&kept.token, &kept.line, memberships, now))?;
    (!matches!(remedy, Remedy::Fixed(_))).then_some(remedy)
}

/// Counts what is open for the menu beside the settings. The two pages that list it count for themselves, once what was
/// refused a second ago is written.
///
/// # Errors
/// When the database does not answer; a menu without a count is better than no page.
pub async fn count_for_menu(req: &HttpRequest, app: &App) -> Result<(), PageError> {
    let path = below_prefix(req);
    let counts_itself = req.method() == Method::GET && [paths::TOKENS, "/settings/refusals"].contains(&path.as_str());
    if !path.starts_with("/settings/") || counts_itself {
        return Ok(());
    }
    if let Some(me) = signed_in(req).await? {
        note_open_refusals(req, open_refusals(app, &me, Owner::of(&me)).await?.len());
    }
    Ok(())
}
