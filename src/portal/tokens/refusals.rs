//! What tokens were refused, why, and the button that mends it: a page for the account, and a part of each token's page.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Query},
};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{
    open_refusals::{open, open_refusals},
    remedy::{self, Remedy, remedy_for},
};
use crate::{
    app::App,
    feeds::Membership,
    tokens::{
        State, Token, TokenId,
        act::{TokenAct, state_when_on},
        decision::Reason,
        state::state,
    },
    usage::{LateUses, RefusalCursor, RefusalOfToken},
    web::{
        error::PageError,
        format::{self, Time},
        owner::Owner,
        page::{Page, SignedIn, answer, note_open_refusals},
        paging::{Rows, limit},
        query::with_query,
        toolbar::Pager,
    },
};

/// Lines on a page of the account's refusals.
const LINES: usize = 50;
/// Lines that are read for it: one more tells whether there is another page.
const READ: i64 = limit(LINES);
/// Lines on a token's page.
const FEW: usize = 5;
/// Those who came while a token was off, on its page.
const SEEKERS: usize = 10;

/// Equal refusals, ready for templates.
pub struct RefusalRow {
    /// The last time.
    pub time: Time,
    /// The first time, if that was a minute or more before.
    pub first: Option<Time>,
    /// How often.
    pub times: i64,
    /// Which token: id, name and hint.
    pub token: Named,
    /// What was tried: "Upload Fabrikam.Core to main".
    pub what: String,
    /// The client and its address; never empty.
    pub from: String,
    /// The client alone; never empty.
    pub client: String,
    /// The address alone.
    pub address: String,
    /// Which rule failed, in the fewest words.
    pub reason: String,
    /// The same in one sentence.
    pub rule: String,
    /// What helps.
    pub remedy: Remedy,
}

/// A token, as far as it is named beside a line.
pub struct Named {
    /// For links.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Begins its key; empty before it has one.
    pub hint: String,
}

/// What is wrong with one token now: what it was refused, whether old keys are still around, whether it is off for a
/// while. Its template is `portal/tokens/_trouble.html`.
pub struct TokenIssues {
    /// The newest refusals of rules that can be mended, a few.
    pub lines: Vec<RefusalRow>,
    /// How many are open: refused lately, and not fixed since.
    pub open: usize,
    /// The way to more of them on the page of refusals.
    pub pager: Pager,
    /// Old keys that are still presented.
    pub late: Vec<Late>,
    /// That it is switched off, and who ran into it.
    pub off: Option<Off>,
    /// Begins the present key; empty if there is none that works.
    pub hint: String,
    /// Where the key lives, as the owner noted; may be empty.
    pub note: String,
    /// For links.
    pub id: String,
}

/// An old key that is still presented.
pub struct Late {
    /// "The key replaced on 3 Nov 2026, 14:00 UTC" or "The revoked key".
    pub which: String,
    /// How often since.
    pub times: i64,
    /// The last time.
    pub time: Time,
    /// The last client and address.
    pub from: String,
}

/// A token that is switched off.
pub struct Off {
    /// Since when.
    pub since: Time,
    /// When it turns back on, if so.
    pub until: Option<Time>,
    /// Whether a freeze of all tokens switched it off.
    pub frozen: bool,
    /// Whether it can be switched on.
    pub can_be_reactivated: bool,
    /// Whether its time is over besides, so that its key works again in no case.
    pub is_over: bool,
    /// How many requests failed because of it.
    pub times: i64,
    /// Who sent them, a few.
    pub lines: Vec<RefusalRow>,
}

#[derive(Template)]
#[template(path = "portal/tokens/refusals.html")]
struct Refusals {
    page: Page,
    lines: Vec<RefusalRow>,
    /// The token it is about, if about one.
    only: Option<Named>,
    /// Whether newer lines are left out.
    continued: bool,
    pager: Pager,
    days_kept: i64,
}

/// What is asked for in the address.
#[derive(Debug, Default, Deserialize)]
pub struct RefusalsQuery {
    /// Only this token's.
    token: Option<String>,
    /// Continues behind this line.
    after: Option<String>,
}

/// `GET /settings/refusals`
pub async fn list_refusals(
    req: HttpRequest,
    app: Data<App>,
    me: SignedIn,
    owner: Owner,
    Query(asked): Query<RefusalsQuery>,
) -> Result<HttpResponse, PageError> {
    let after = asked.after.as_deref().map(|mark| RefusalCursor::parse(mark).ok_or(PageError::NotFound)).transpose()?;
    let token = match asked.token.as_deref() {
        Some(id) => Some(super::find(&app, owner, id).await?),
        None => None,
    };
    write_mine(&app, owner).await;
    note_open_refusals(&req, open_refusals(&app, &me, owner).await?.len());
    let viewer = Viewer::of(&app, &me, owner).await?;
    let mark = after.clone().unwrap_or_else(RefusalCursor::newest);
    let kept = match &token {
        Some(token) => app.store.refusals_of_token(owner.id, token.id, &mark, READ).await?,
        None => app.store.refusals_of_account(owner.id, &mark, READ).await?,
    };
    let kept = Rows::new(kept, LINES);
    let next = kept.next(|last| address(token.as_ref().map(|token| token.id), &last.mark));
    let newest = with_query("/settings/refusals", [("token", asked.token.as_deref().unwrap_or_default())]);
    let pager = Pager {
        shown: String::new(),
        earlier: after.as_ref().map(|_| ("Newest", newest)),
        later: next.map(|path| ("Older", path)),
    };
    let page = Refusals {
        page: Page::in_section(&req, "Refusals", "refusals"),
        lines: kept.shown.iter().map(|kept| viewer.line(kept)).collect(),
        only: token.as_ref().map(Named::of),
        continued: after.is_some(),
        pager,
        days_kept: crate::usage::DAYS_KEPT,
    };
    answer(StatusCode::OK, &page)
}

fn address(token: Option<TokenId>, after: &RefusalCursor) -> String {
    let token = token.map(|id| id.to_string()).unwrap_or_default();
    with_query("/settings/refusals", [("token", token), ("after", after.to_text())])
}

/// Adds what this node has seen of the person's tokens to the rows, so that what was refused a second ago is shown.
/// A page without the last ten seconds is better than none. Tells whether anything was added.
pub(super) async fn write_mine(app: &App, owner: Owner) -> bool {
    app.usage_buffer.write_for(&app.store, owner.id).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the last seconds are not on the page");
        false
    })
}

impl TokenIssues {
    /// Of one of the person's tokens, as far as it is written; see [`write_mine`].
    pub async fn of(app: &App, me: &SignedIn, owner: Owner, token: &Token) -> Result<Self, PageError> {
        let viewer = Viewer::of(app, me, owner).await?;
        let kept = app.store.refusals_of_token(owner.id, token.id, &RefusalCursor::newest(), READ).await?;
        let late = app.store.late_uses(token).await?;
        let off = match token.deactivated_at.filter(|_| state(token, me.now) == State::Deactivated) {
            Some(since) => {
                let times = app.store.times_refused(token.id, Reason::Deactivated, since).await?;
                let frozen = app.store.is_frozen(token.id).await?;
                Some(Off { frozen, ..viewer.off(token, since, times, &kept) })
            }
            None => None,
        };
        // What the other two parts say is not said again.
        let said = |reason| match reason {
            Reason::Replaced | Reason::Revoked => true,
            reason => off.is_some() && reason == Reason::Deactivated,
        };
        let about_rules: Vec<_> = kept.iter().filter(|kept| !said(kept.line.reason)).collect();
        Ok(Self {
            lines: about_rules.iter().take(FEW).map(|kept| viewer.line(kept)).collect(),
            open: about_rules.iter().filter(|kept| viewer.is_open(kept)).count(),
            pager: Pager {
                later: (about_rules.len() > FEW).then(|| {
                    ("All refusals of this token", with_query("/settings/refusals", [("token", token.id.to_string())]))
                }),
                ..Pager::default()
            },
            late: late.iter().map(|uses| viewer.late(uses)).collect(),
            off,
            hint: token.hint.clone().filter(|_| token.revoked_at.is_none()).unwrap_or_default(),
            note: token.settings.note.clone(),
            id: token.id.to_string(),
        })
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.late.is_empty() && self.off.is_none()
    }
}

/// Who looks, and what helps to say what would help.
struct Viewer<'a> {
    me: &'a SignedIn,
    memberships: Vec<Membership>,
}

impl<'a> Viewer<'a> {
    async fn of(app: &App, me: &'a SignedIn, owner: Owner) -> Result<Self, PageError> {
        Ok(Self { me, memberships: app.store.feeds_of(owner.id).await? })
    }

    fn time(&self, at: DateTime<Utc>) -> Time {
        Time::new(at, self.me.now, self.me.account.time_zone)
    }

    fn is_open(&self, kept: &RefusalOfToken) -> bool {
        open(kept, &self.memberships, self.me.now).is_some()
    }

    fn line(&self, kept: &RefusalOfToken) -> RefusalRow {
        let RefusalOfToken { token, line, .. } = kept;
        let (first, time) = (self.time(line.first_at), self.time(line.last_at));
        RefusalRow {
            first: Some(first).filter(|first| first.text != time.text),
            time,
            times: line.times,
            token: Named::of(token),
            what: remedy::what(line),
            from: from(&line.client, &line.address),
            client: client(&line.client),
            address: line.address.clone(),
            reason: remedy::reason(line, |at| self.time(at).words),
            rule: remedy::rule(line, |at| self.time(at).text),
            remedy: remedy_for(token, line, &self.memberships, self.me.now),
        }
    }

    fn late(&self, uses: &LateUses) -> Late {
        let ended = self.time(uses.ended_at).text;
        Late {
            which: match uses.reason {
                Reason::Revoked => format!("The key revoked on {ended}"),
                _ => format!("The key replaced on {ended}"),
            },
            times: uses.times,
            time: self.time(uses.last_at),
            from: from(&uses.client, &uses.address).replacen("An unnamed", "an unnamed", 1),
        }
    }

    fn off(&self, token: &Token, since: DateTime<Utc>, times: i64, kept: &[RefusalOfToken]) -> Off {
        let meanwhile =
            kept.iter().filter(|kept| (kept.line.reason, kept.line.occasion) == (Reason::Deactivated, Some(since)));
        Off {
            since: self.time(since),
            until: token.reactivate_at.map(|at| self.time(at)),
            frozen: false,
            can_be_reactivated: TokenAct::Reactivate.check(token, self.me.now).is_ok(),
            is_over: matches!(state_when_on(token, self.me.now), State::Expired | State::Retired),
            times,
            lines: meanwhile.take(SEEKERS).map(|kept| self.line(kept)).collect(),
        }
    }
}

impl Named {
    fn of(token: &Token) -> Self {
        let hint = token.hint.clone().unwrap_or_default();
        Self { id: token.id.to_string(), name: token.settings.name.clone(), hint }
    }
}

/// `NuGet 6.8 from 203.0.113.7`.
fn from(client: &str, address: &str) -> String {
    format!("{} from {address}", self::client(client))
}

fn client(agent: &str) -> String {
    let client = format::client(agent);
    if client.is_empty() { "An unnamed client".to_owned() } else { client }
}
