//! What the page after a form says of what was done. It travels in a cookie that holds for one page, in the browser and
//! the session in which it was done.

use actix_session::SessionExt;
use actix_web::{
    HttpMessage, HttpRequest,
    cookie::{Cookie, time::Duration as Age},
};
use subtle::ConstantTimeEq;

use super::{
    csrf::VisitId,
    session::{TypedSession, cookie, cookie_value, seal},
};
use crate::app::App;

/// What was just done, or why nothing was.
pub struct Notice {
    /// The look of its banner: `ok` or `warn`.
    pub tone: &'static str,
    /// The sentence.
    pub text: &'static str,
}

/// What was just done, or not done; travels to the next page as one of these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flash {
    /// A token was edited.
    Saved,
    /// A token was narrowed to what it was used for.
    Narrowed,
    /// A token was switched off.
    Deactivated,
    /// A token was switched off for a while.
    Paused,
    /// A token was switched on.
    Reactivated,
    /// A token was switched on whose time is over.
    ReactivatedExpired,
    /// A token was switched on that has no key yet.
    ReactivatedWithoutKey,
    /// A token was ended.
    Revoked,
    /// A token was removed.
    Deleted,
    /// Several tokens were switched off.
    AllDeactivated,
    /// Several tokens were switched on.
    AllReactivated,
    /// Several tokens were ended.
    AllRevoked,
    /// Nothing: no token was selected.
    NoneSelected,
    /// What was frozen was switched on.
    Unfrozen,
    /// Freezing, or undoing it, did not come to its end.
    CutShort,
    /// The password was changed.
    PasswordChanged,
    /// The calendar's address was ended.
    CalendarEnded,
    /// The address for debuggers was ended.
    SymbolsAddressEnded,
    /// A new password was set by a link.
    PasswordSet,
    /// A first password was chosen by a link.
    PasswordChosen,
    /// An address was confirmed.
    AddressConfirmed,
    /// An account got another address.
    AddressChanged,
    /// A sign-up became an account.
    AccountMade,
    /// A mail was queued that confirms an address.
    ConfirmationSent,
    /// A mail was queued to an address that is to be the account's.
    NewAddressAsked,
    /// The address that was asked for is not wanted any more.
    AddressKept,
    /// A mail with a link was queued on a host that writes its mails to files.
    LinkFiled,
    /// The time zone was changed.
    TimeZoneSaved,
    /// An account asked for other reminders.
    RemindersSaved,
    /// What a banner said is put away.
    BannerDismissed,
    /// A session was ended.
    SessionEnded,
    /// Every other session was ended.
    OthersEnded,
    /// A browser is not known any more.
    DeviceForgotten,
    /// People were added and get mails.
    PeopleInvited,
    /// Somebody who was invited has no account after all.
    AccountInvitationWithdrawn,
    /// Somebody was asked to own something.
    OwnerInvited,
    /// Nobody is asked any more.
    InvitationWithdrawn,
    /// Somebody owns what they were asked to.
    InvitationAccepted,
    /// Somebody does not want to own what they were asked to.
    InvitationDeclined,
    /// A feed was made.
    FeedCreated,
    /// A feed was made for somebody else.
    FeedCreatedForOwner,
    /// A version was hidden from searches.
    Unlisted,
    /// A version was shown to searches again.
    Relisted,
    /// Versions were deprecated.
    Deprecated,
    /// Versions may be used again.
    DeprecationLifted,
    /// A version was removed for good.
    VersionRemoved,
    /// A tag of a repository is no longer shown.
    TagRemoved,
    /// Nothing: what was sent is what there was.
    Unchanged,
    /// Nothing: the session had ended.
    SignedOut,
    /// The same, when something was typed.
    SignedOutTyping,
    /// Nothing: a form came too late, and what was typed is shown again.
    Typed,
    /// Nothing: a button was pressed too late.
    NotSent,
    /// An account was disabled.
    AccountDisabled,
    /// An account was enabled.
    AccountEnabled,
    /// An account was deleted.
    AccountDeleted,
    /// An account was made an operator.
    OperatorMade,
    /// An account is no operator any more.
    OperatorUnmade,
    /// Nothing: a key was found to be its token's present one.
    KeyFound,
    /// Nothing: a key was found that a refresh has replaced.
    KeyReplaced,
    /// A feed was deleted.
    FeedDeleted,
    /// A mail is tried again at once.
    MailRetried,
    /// A mail is not sent.
    MailDropped,
}

impl Flash {
    const ALL: &[(Self, &'static str, &'static str)] = &[
        (Self::Saved, "saved", "Saved. It takes effect with the next request."),
        (Self::Narrowed, "narrowed", "Narrowed to what it was used for. It takes effect with the next request."),
        (Self::Deactivated, "deactivated", "Deactivated. Its key is refused from now on."),
        (
            Self::Paused,
            "paused",
            "Switched off for a while. This page lists every client that still tries to use its key.",
        ),
        (Self::Reactivated, "reactivated", "Reactivated. Its key works again."),
        (
            Self::ReactivatedExpired,
            "reactivated-expired",
            "Reactivated. It has expired, so its key stays refused until you refresh it.",
        ),
        (
            Self::ReactivatedWithoutKey,
            "reactivated-without-key",
            "Reactivated. It has no key yet: refresh it to get one.",
        ),
        (Self::Revoked, "revoked", "Revoked. Its key is refused for good."),
        (Self::Deleted, "deleted", "Deleted. Its record stays."),
        (Self::AllDeactivated, "all-deactivated", "The selected tokens are off. Their keys are refused from now on."),
        (
            Self::AllReactivated,
            "all-reactivated",
            "The selected tokens are on. Their keys work again, unless they have expired.",
        ),
        (Self::AllRevoked, "all-revoked", "The selected tokens are revoked. Their keys are refused for good."),
        (Self::NoneSelected, "none-selected", "Nothing was changed. Select at least one token."),
        (
            Self::Unfrozen,
            "unfrozen",
            "The freeze is undone. The keys it switched off work again, unless they have expired.",
        ),
        (
            Self::CutShort,
            "cut-short",
            "It stopped half way, because the database did not answer. What was done holds. Press the button again to go on.",
        ),
        (Self::PasswordChanged, "password-changed", "Password changed. You are signed out everywhere else."),
        (Self::CalendarEnded, "calendar-ended", "Ended. Calendars that used the address stop at once."),
        (Self::SymbolsAddressEnded, "symbols-address-ended", "Ended. Debuggers find nothing at the address any more."),
        (
            Self::PasswordSet,
            "password-set",
            "Password set. Sign in with it. Every earlier session has ended; your tokens go on working, so look through them if somebody else knew the old password.",
        ),
        (Self::PasswordChosen, "password-chosen", "Your password is set. Sign in with it."),
        (Self::AddressConfirmed, "address-confirmed", "Thank you. Your address is confirmed."),
        (
            Self::AddressChanged,
            "address-changed",
            "Your address is changed, and every session has ended. Sign in again.",
        ),
        (Self::AccountMade, "account-made", "Your account is ready. Sign in with the password you chose."),
        (
            Self::ConfirmationSent,
            "confirmation-sent",
            "A mail with a link is on its way. It comes within a minute or two.",
        ),
        (
            Self::NewAddressAsked,
            "new-address-asked",
            "A mail with a link is on its way to the new address. Until you confirm it there, nothing changes.",
        ),
        (
            Self::LinkFiled,
            "link-filed",
            "This host has no mail server, so the mail with the link becomes a file. Ask the operator for the link; until you follow it, nothing changes.",
        ),
        (
            Self::AddressKept,
            "address-kept",
            "Your address stays as it is. The link that was mailed to the other one is dead.",
        ),
        (
            Self::TimeZoneSaved,
            "time-zone-saved",
            "Saved. Times are shown in this zone from now on; no token’s expiry has moved.",
        ),
        (Self::RemindersSaved, "reminders-saved", "Saved. It holds for every reminder that is not on its way yet."),
        (Self::BannerDismissed, "dismissed", "Dismissed. The tokens stay in the list, among the expired ones."),
        (Self::SessionEnded, "session-ended", "Ended. Whoever used that session must sign in again."),
        (
            Self::OthersEnded,
            "others-ended",
            "Ended. You are signed in here and nowhere else, and the other browsers are not known any more.",
        ),
        (Self::PeopleInvited, "people-invited", "Invited. A mail with a link that works for seven days is on its way."),
        (
            Self::AccountInvitationWithdrawn,
            "account-invitation-withdrawn",
            "Withdrawn. The link no longer works, and the account is removed.",
        ),
        (Self::OwnerInvited, "owner-invited", "Invited. They become an owner when they accept, within seven days."),
        (Self::InvitationWithdrawn, "invitation-withdrawn", "Invitation withdrawn."),
        (Self::InvitationAccepted, "invitation-accepted", "Invitation accepted. You are an owner of this now."),
        (Self::InvitationDeclined, "invitation-declined", "Declined. Nothing has changed."),
        (Self::DeviceForgotten, "device-forgotten", "Forgotten. The next sign-in with that browser counts as new."),
        (Self::FeedCreated, "feed-created", "Feed created. Add the people who use it, then push a first package."),
        (
            Self::FeedCreatedForOwner,
            "feed-created-for-owner",
            "Feed created. Its owner can now add the people who use it.",
        ),
        (
            Self::Unlisted,
            "unlisted",
            "Unlisted. Searches no longer show it; clients that ask for exactly this version still get it.",
        ),
        (Self::Relisted, "relisted", "Listed again. Searches show it."),
        (
            Self::Deprecated,
            "deprecated",
            "Deprecated. Clients say so to everybody who installs it; the other owners are told.",
        ),
        (
            Self::DeprecationLifted,
            "deprecation-lifted",
            "No longer deprecated. Clients learn it at their next request.",
        ),
        (Self::TagRemoved, "tag-removed", "Removed from the list. The registry may still have the image."),
        (Self::VersionRemoved, "version-removed", "Removed for good. Its number cannot be used again."),
        (Self::Unchanged, "unchanged", "Nothing was changed: everything is as it was."),
        (
            Self::SignedOutTyping,
            "signed-out-typing",
            "You were signed out, so nothing was changed. Sign in: what you typed is kept, and you can send it again.",
        ),
        (Self::SignedOut, "signed-out", "You were signed out, so nothing was changed. Sign in to go on."),
        (
            Self::Typed,
            "typed",
            "You had been signed out or signed in again, so nothing was changed. This is what you had typed: check it and send it again.",
        ),
        (
            Self::NotSent,
            "not-sent",
            "You had been signed out or signed in again, so nothing was changed. Press the button again.",
        ),
        (
            Self::AccountDisabled,
            "account-disabled",
            "Disabled. Its sessions have ended, and its keys are refused from now on.",
        ),
        (Self::AccountEnabled, "account-enabled", "Enabled. Keys that are on work again; its people sign in anew."),
        (
            Self::AccountDeleted,
            "account-deleted",
            "Deleted, with its tokens. What it published stays, and so does its record.",
        ),
        (Self::OperatorMade, "operator-made", "This account is an operator now."),
        (Self::OperatorUnmade, "operator-unmade", "This account is no operator any more."),
        (Self::KeyFound, "key-found", "The key you pasted is the present key of this token."),
        (
            Self::KeyReplaced,
            "key-replaced",
            "The key you pasted was replaced by a refresh of this token and is refused. The token has a newer key.",
        ),
        (Self::FeedDeleted, "feed-deleted", "Feed deleted."),
        (Self::MailRetried, "mail-retried", "It is tried again within a minute."),
        (Self::MailDropped, "mail-dropped", "Discarded. It is not sent, and nothing comes in its place."),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(done, ..)| *done == self).map_or("", |(_, word, _)| word)
    }

    fn sentence(self) -> &'static str {
        Self::ALL.iter().find(|(done, ..)| *done == self).map_or("", |(_, _, sentence)| sentence)
    }

    /// What the page says of it.
    pub(crate) fn notice(self) -> Notice {
        let failed = matches!(
            self,
            Self::NoneSelected
                | Self::CutShort
                | Self::SignedOut
                | Self::SignedOutTyping
                | Self::LinkFiled
                | Self::Typed
                | Self::NotSent
        );
        Notice { tone: if failed { "warn" } else { "ok" }, text: self.sentence() }
    }

    /// A path of ours whose page says so first.
    pub fn at(self, path: &str) -> To {
        To { path: path.to_owned(), done: Some(self) }
    }

    /// The cookie that tells the next page, in this browser and the session that it has after this answer.
    pub(crate) fn cookie(self, req: &HttpRequest, app: &App) -> Cookie<'static> {
        let word = self.word();
        cookie(app, COOKIE, format!("{word}.{}", seal_of(word, req, app)), Some(Age::minutes(1)))
    }

    /// What this request's cookie tells, if we wrote it for this browser and session. No address says it, so no link
    /// that somebody else made can.
    pub(crate) fn of(req: &HttpRequest, app: &App) -> Option<Self> {
        let kept = cookie_value(req, app, COOKIE)?;
        let (word, seal) = kept.split_once('.')?;
        let (done, ..) = Self::ALL.iter().find(|(_, own, _)| *own == word)?;
        let is_ours: bool = seal_of(word, req, app).as_bytes().ct_eq(seal.as_bytes()).into();
        is_ours.then_some(*done)
    }

    /// The cookie that ends the one before.
    pub(crate) fn spent(app: &App) -> Cookie<'static> {
        cookie(app, COOKIE, String::new(), Some(Age::ZERO))
    }
}

const COOKIE: &str = "done";

fn seal_of(word: &str, req: &HttpRequest, app: &App) -> String {
    let visit = req.extensions().get::<VisitId>().map(|visit| visit.0.clone()).unwrap_or_default();
    seal(app, "done", &[&visit, &TypedSession(req.get_session()).form_key(), word])
}

/// Where an answer leads: a path of ours, and what its page says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct To {
    /// Below the public path.
    pub path: String,
    /// What was just done, if it is to be said.
    pub done: Option<Flash>,
}

impl From<&str> for To {
    fn from(path: &str) -> Self {
        Self { path: path.to_owned(), done: None }
    }
}

impl From<&String> for To {
    fn from(path: &String) -> Self {
        Self::from(path.as_str())
    }
}
