//! What an owner is told of a token's end, and when. Each is told once of each end; whether it still is to be told,
//! [`cancel_reason`] decides.

use chrono::{DateTime, Duration, DurationRound, TimeDelta, Utc};
use strum::{EnumCount, EnumString, IntoStaticStr};

use super::{CancelReason, warning_cancel_reason};
use crate::tokens::{
    AccountId, NoticeId, Token, TokenId,
    expiry::{EndRule, ONE_DAY, SHORT_LIFE, WARNING, ahead_of_end},
};

/// Lives longer than this have a reminder 30 days before their end.
const LONG_LIFE: Duration = Duration::days(60);

/// When somebody who asked for it is reminded a day before. Shorter lives are warned then, so that it is no news.
const REMINDER_1: [EndRule; 1] = [EndRule { life_over: SHORT_LIFE, ahead: ONE_DAY }];
/// When somebody who asked for it is reminded 30 days before.
const REMINDER_30: [EndRule; 1] = [EndRule { life_over: LONG_LIFE, ahead: Duration::days(30) }];

/// Something an owner is told of a token's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum EndNotice {
    /// It has ended.
    Expired,
    /// It will end soon; everybody is warned.
    Warning,
    /// It ends within a day; for those who asked to be reminded.
    #[strum(serialize = "reminder-1")]
    Reminder1,
    /// It ends within 30 days; for those who asked to be reminded.
    #[strum(serialize = "reminder-30")]
    Reminder30,
}

words!(EndNotice);

impl EndNotice {
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [Self::Expired, Self::Warning, Self::Reminder1, Self::Reminder30];

    /// Whether it is sent only to those who asked for it.
    pub fn is_reminder(self) -> bool {
        matches!(self, Self::Reminder1 | Self::Reminder30)
    }

    /// When it is told ahead of the end: the first rule whose life is exceeded counts. The only place that knows; the
    /// store writes its statement for many tokens from it. What is told after the end has no rule.
    pub fn rules(self) -> &'static [EndRule] {
        match self {
            Self::Expired => &[],
            Self::Warning => &WARNING,
            Self::Reminder1 => &REMINDER_1,
            Self::Reminder30 => &REMINDER_30,
        }
    }

    /// When it is due, for a token that ends at `end`; `None` if never. What is told ahead is due in the hour it is
    /// owed from, so that an owner's notices of one hour share a mail.
    fn due_at(self, token: &Token, end: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let issued_at = token.issued_at?;
        if self == Self::Expired {
            return Some(end);
        }
        let ahead = ahead_of_end(self.rules(), issued_at, end)?;
        Some(ahead.duration_trunc(Duration::hours(1)).unwrap_or(ahead))
    }
}

/// What the owner of a live token is owed about its end, and when. A reminder whose time has passed already would come
/// right after what somebody just did with the token, and say nothing new.
pub fn due_notices(token: &Token, end: DateTime<Utc>, now: DateTime<Utc>) -> Vec<(EndNotice, DateTime<Utc>)> {
    let due = EndNotice::ALL.into_iter().filter_map(|notice| Some((notice, notice.due_at(token, end)?)));
    due.filter(|(notice, due_at)| !notice.is_reminder() || *due_at > now).collect()
}

/// Why a notice of a token's end at `end` is no longer owed at `now`; `None` while it is.
pub fn cancel_reason(
    notice: EndNotice,
    token: &Token,
    end: DateTime<Utc>,
    account_disabled: bool,
    now: DateTime<Utc>,
) -> Option<CancelReason> {
    match (notice, warning_cancel_reason(token, end, account_disabled, now)) {
        (EndNotice::Expired, Some(CancelReason::Expired | CancelReason::Retired)) => None,
        (EndNotice::Reminder30, None) if token.warn_from().is_some_and(|from| from <= now) => {
            Some(CancelReason::Warned)
        }
        (_, cancel_reason) => cancel_reason,
    }
}

/// A notice of a token's end.
#[derive(Clone, Debug)]
pub struct DueNotice {
    /// Its id.
    pub id: NoticeId,
    /// What is told.
    pub notice: EndNotice,
    /// Who is owed it.
    pub account: AccountId,
    /// The token it is about.
    pub token: TokenId,
    /// The end it tells of.
    pub expires_at: DateTime<Utc>,
    /// When it was, or is, due.
    pub due_at: DateTime<Utc>,
}

impl DueNotice {
    /// The hour it was, or is, due in.
    pub fn hour(&self) -> DateTime<Utc> {
        self.due_at.duration_trunc(TimeDelta::hours(1)).unwrap_or(self.due_at)
    }
}

/// A token whose end a mail tells of.
#[derive(Clone, Debug)]
pub struct EndingTokenOfMail {
    /// The token as it is now.
    pub token: Token,
    /// The end.
    pub expires_at: DateTime<Utc>,
}
