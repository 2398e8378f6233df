//! Tells owners of the ends of their tokens: binds what is due to mails and has them sent.
//! When a notice is due was decided when the token got its end; whether it is still owed, `tokens::end_notice` decides.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::{
    clock_gate::ClockGate, counted_as, mail_delivery::deliver_mails, security_mails::bind_security_notifications,
};
use crate::{
    accounts::Account,
    app::App,
    clock::Clock,
    mail::Outcome,
    notifications::end_notice::{DueNotice, EndNotice, cancel_reason},
    tokens::{MailId, Token, TokenId},
};

/// So many due notices are looked at in one go.
const BATCH: i64 = 500;
/// So many are named by a dry run.
const DRY_RUN: i64 = 100_000;

/// Who was, or would be, mailed for which token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// The account's name.
    pub username: String,
    /// The address.
    pub recipient: String,
    /// The token.
    pub token: TokenId,
    /// The token's name.
    pub name: String,
    /// The token's hint.
    pub hint: Option<String>,
    /// What was told.
    pub notice: EndNotice,
    /// The end it was about.
    pub expires_at: DateTime<Utc>,
    /// What came of it; `None` in a dry run.
    pub outcome: Option<Outcome>,
}

/// What a run did. Prints as one line per token and a count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Who was mailed for which token, in the order of sending.
    pub warned: Vec<Warned>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Warned { username, recipient, name, hint, notice, expires_at, outcome, .. } in &self.warned {
            let hint = hint.as_deref().unwrap_or("-");
            let ends = if *notice == EndNotice::Expired { "expired" } else { "expires" };
            let end = expires_at.format("%Y-%m-%dT%H:%M:%SZ");
            let reminder = if notice.is_reminder() { " (reminder)" } else { "" };
            write!(f, "{username} <{recipient}>: {hint} \"{name}\" {ends} {end}{reminder}: ")?;
            match outcome {
                None => writeln!(f, "would be mailed")?,
                Some(Outcome::Sent(_)) => writeln!(f, "mailed")?,
                Some(Outcome::Final(why)) => writeln!(f, "refused: {why}")?,
                Some(Outcome::Retry(why) | Outcome::Silent(why) | Outcome::Down(why) | Outcome::Misconfigured(why)) => {
                    writeln!(f, "will be tried again: {why}")?
                }
                Some(Outcome::Withdrawn) => writeln!(f, "no longer owed")?,
            }
        }
        let sent = self.warned.iter().filter(|one| matches!(one.outcome, None | Some(Outcome::Sent(_)))).count();
        write!(f, "{sent} notice{}", if sent == 1 { "" } else { "s" })
    }
}

/// Binds and sends all that is due at `now`, or, in a dry run, only tells what that would be.
pub async fn run_expiry_warnings(app: &App, dry_run: bool, now: DateTime<Utc>) -> anyhow::Result<Report> {
    if dry_run {
        return would_be_sent(app, now).await;
    }
    let clock = Clock::fixed_at(now);
    bind_due_notices(app, &clock).await?;
    let delivered = deliver_mails(app, &clock, None, || false).await?;
    let mut report = Report::default();
    for (mail, outcome) in delivered {
        for notice in app.store.end_notices_in(mail).await? {
            if let Some((account, token)) = owner_and_token(app, &notice).await? {
                report.warned.push(Warned::new(account, token, &notice, Some(outcome.clone())));
            }
        }
    }
    Ok(report)
}

/// One tick of the running server; tells what became of the mails, in words.
pub(super) async fn tick(
    app: Arc<App>,
    gate: Arc<ClockGate>,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<String> {
    bind_due_notices(&app, &app.clock).await?;
    bind_security_notifications(&app, &app.clock).await?;
    // The clock may jump between two mails as well.
    let stopping = || *stopped.borrow() || !gate.passes(app.clock.now(), Instant::now());
    let delivered = deliver_mails(&app, &app.clock, Some(app.settings.mails_per_minute), stopping).await?;
    Ok(in_words(delivered.iter().map(|(_, outcome)| outcome)))
}

fn in_words<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> String {
    let (mut sent, mut refused, mut waiting, mut withdrawn) = (0, 0, 0, 0);
    for outcome in outcomes {
        *match outcome {
            Outcome::Sent(_) => &mut sent,
            Outcome::Final(_) => &mut refused,
            Outcome::Retry(_) | Outcome::Silent(_) | Outcome::Down(_) | Outcome::Misconfigured(_) => &mut waiting,
            Outcome::Withdrawn => &mut withdrawn,
        } += 1;
    }
    let counts = [
        counted_as(sent, "sent"),
        counted_as(refused, "refused"),
        counted_as(waiting, "to try again"),
        counted_as(withdrawn, "no longer owed"),
    ];
    counts.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ")
}

/// Binds every due notice: those of one account, one hour and one kind share a mail.
async fn bind_due_notices(app: &App, clock: &Clock) -> anyhow::Result<()> {
    loop {
        let due = app.store.due_end_notices(clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(());
        }
        let groups: BTreeSet<_> = due.iter().map(|due| (due.hour(), due.account, due.notice)).collect();
        for (hour, account, notice) in groups {
            let now = clock.now();
            let mail = MailId::generate(now, &mut crate::random::system());
            let mut tx = app.store.begin().await?;
            let message_id = app.mailer.message_id(mail);
            if tx.bind_end_notices((account, hour, notice), (mail, &message_id), now).await?.is_some() {
                tx.commit().await?;
            }
        }
    }
}

async fn would_be_sent(app: &App, now: DateTime<Utc>) -> anyhow::Result<Report> {
    let mut due = app.store.due_end_notices(now, DRY_RUN).await?;
    for mail in app.store.waiting_mails(now, DRY_RUN).await? {
        due.extend(app.store.end_notices_in(mail).await?);
    }
    let mut report = Report::default();
    for due in due {
        if let Some((account, token)) = owner_and_token(app, &due).await?
            && cancel_reason(due.notice, &token, due.expires_at, account.disabled_at.is_some(), now).is_none()
            && (!due.notice.is_reminder() || app.store.wants_reminder(account.id, due.notice).await?)
        {
            report.warned.push(Warned::new(account, token, &due, None));
        }
    }
    Ok(report)
}

async fn owner_and_token(app: &App, notice: &DueNotice) -> anyhow::Result<Option<(Account, Token)>> {
    let account = app.store.account(notice.account).await?;
    let token = app.store.token(notice.token).await?;
    Ok(account.zip(token))
}

impl Warned {
    fn new(account: Account, token: Token, due: &DueNotice, outcome: Option<Outcome>) -> Self {
        Self {
            username: account.username,
            recipient: account.email,
            token: token.id,
            name: token.settings.name,
            hint: token.hint,
            notice: due.notice,
            expires_at: due.expires_at,
            outcome,
        }
    }
}
