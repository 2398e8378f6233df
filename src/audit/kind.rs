//! What can happen, each with the code that is stored and the words that people read.

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $label:literal;)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventKind { $($(#[$doc])* $name,)+ }

        impl EventKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code that is stored: what it is about, a dot, and what became of that.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The words that people read.
            pub fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }
        }
    };
}

kinds! {
    /// A token was made.
    TokenCreated = "token.created", "token created";
    /// A token's name, note, patterns, feeds, permissions or end was changed.
    TokenEdited = "token.edited", "token edited";
    /// A token got a new secret.
    TokenRefreshed = "token.refreshed", "token refreshed";
    /// A token was switched off.
    TokenDeactivated = "token.deactivated", "token deactivated";
    /// A token was switched on again.
    TokenReactivated = "token.reactivated", "token reactivated";
    /// A token was ended for good.
    TokenRevoked = "token.revoked", "token revoked";
    /// A token's row was removed.
    TokenDeleted = "token.deleted", "token deleted";
    /// A key of an older system came in.
    TokenImported = "token.imported", "legacy key imported";
    /// An idle key of an older system ended.
    TokenRetired = "token.retired", "legacy key retired";
    /// Every token of an account that was on was switched off in one step.
    TokensFrozen = "token.all_frozen", "all tokens frozen";
    /// What a freeze had switched off was switched on.
    TokensUnfrozen = "token.all_unfrozen", "freeze of all tokens undone";
    /// An account was made.
    AccountCreated = "account.created", "account created";
    /// An operator made an account whose owner is yet to choose a password.
    AccountInvited = "account.invited", "account invited";
    /// Somebody who was invited got another link.
    AccountInvitedAgain = "account.invited_again", "account invited again";
    /// Somebody who was invited chose a password.
    AccountInvitationAccepted = "account.invitation_accepted", "account invitation accepted";
    /// An account whose owner never chose a password was taken back.
    AccountInvitationWithdrawn = "account.invitation_withdrawn", "account invitation withdrawn";
    /// An account may no longer do anything.
    AccountDisabled = "account.disabled", "account disabled";
    /// An account may act again.
    AccountEnabled = "account.enabled", "account enabled";
    /// An account was removed.
    AccountDeleted = "account.deleted", "account deleted";
    /// An account may run the host.
    OperatorMade = "account.operator_made", "account made operator";
    /// An account no longer runs the host.
    OperatorUnmade = "account.operator_unmade", "account no longer operator";
    /// An account owns packages whose only owner was deleted.
    PackagesHandedOver = "package.handed_over", "packages handed over";
    /// Somebody signed in.
    SignedIn = "session.started", "signed in";
    /// A sign-in failed.
    SignInFailed = "session.refused", "sign-in failed";
    /// Packages were read with a username and password; noted once a day for each network.
    ReadWithPassword = "account.read_with_password", "packages read with a password";
    /// The password was changed; every session ended.
    PasswordChanged = "account.password_changed", "password changed";
    /// The first password was chosen.
    PasswordChosen = "account.password_chosen", "password chosen";
    /// An account got a private calendar address.
    CalendarMade = "account.calendar_made", "calendar address made";
    /// A private calendar address ended.
    CalendarEnded = "account.calendar_ended", "calendar address ended";
    /// A token got a private address at which debuggers read symbols.
    SymbolsAddressMade = "token.symbols_address_made", "symbols address made";
    /// A private address for debuggers ended.
    SymbolsAddressEnded = "token.symbols_address_ended", "symbols address ended";
    /// A one-time link was made that sets the password.
    PasswordLinkMade = "account.password_link_made", "password link made";
    /// A link that sets the password was mailed to whom it belongs.
    PasswordResetMailed = "account.password_reset_mailed", "password reset mailed";
    /// The address was confirmed by a link that was mailed to it.
    AddressConfirmed = "account.address_confirmed", "address confirmed";
    /// Another address was given; it is to be confirmed yet.
    AddressChangeAsked = "account.address_change_asked", "address change asked";
    /// The address that was asked for is not wanted any more.
    AddressChangeWithdrawn = "account.address_change_withdrawn", "address change withdrawn";
    /// The address was changed; every session ended.
    AddressChanged = "account.address_changed", "address changed";
    /// Sessions were ended from another one.
    SessionEnded = "session.ended", "session ended";
    /// A browser that signed in before is not known any more.
    DeviceForgotten = "session.device_forgotten", "device forgotten";
    /// The time zone was changed.
    TimeZoneChanged = "account.time_zone_changed", "time zone changed";
    /// A feed was made.
    FeedCreated = "feed.created", "feed created";
    /// An empty feed was removed.
    FeedDeleted = "feed.deleted", "feed deleted";
    /// Somebody's role in a feed was changed.
    MemberChanged = "feed.member_changed", "member changed";
    /// Somebody has no role in a feed any more.
    MemberRemoved = "feed.member_removed", "member removed";
    /// A version was published.
    VersionPublished = "package.version_published", "version published";
    /// The symbols of a version were published.
    SymbolsPublished = "package.symbols_published", "symbols published";
    /// A version was unlisted.
    VersionUnlisted = "package.version_unlisted", "version unlisted";
    /// A version was listed again.
    VersionRelisted = "package.version_relisted", "version relisted";
    /// A tag stands for another version.
    TagMoved = "package.tag_moved", "tag moved";
    /// A tag was taken away.
    TagRemoved = "package.tag_removed", "tag removed";
    /// Nobody should use a version any more.
    VersionDeprecated = "package.version_deprecated", "version deprecated";
    /// A version may be used again.
    DeprecationLifted = "package.deprecation_lifted", "deprecation lifted";
    /// A version was removed for good.
    VersionRemoved = "package.version_removed", "version removed";
    /// Every version of a package was removed for good.
    PackageRemoved = "package.removed", "package removed";
    /// A package got one more owner.
    OwnerAdded = "package.owner_added", "package owner added";
    /// A package lost an owner.
    OwnerRemoved = "package.owner_removed", "package owner removed";
    /// Somebody was asked to become an owner of a package or feed.
    OwnerInvited = "feed.owner_invited", "owner invited";
    /// Somebody who was asked to become an owner said no.
    OwnerDeclined = "feed.owner_declined", "owner invitation declined";
    /// Somebody is not to become an owner any more.
    OwnerInvitationWithdrawn = "feed.owner_withdrawn", "owner invitation withdrawn";
    /// A feed may be read by everybody without a key.
    FeedOpened = "feed.made_public", "feed made public";
    /// A feed may be read by its members only.
    FeedClosed = "feed.made_private", "feed made private";
    /// A feed says of packages that a key does not cover that they are not there.
    FeedPassesOn = "feed.passes_on", "feed passes on what keys do not cover";
    /// A feed refuses packages that a key does not cover, with the reason.
    FeedRefuses = "feed.refuses", "feed refuses what keys do not cover";
    /// What everybody may do in a feed was changed.
    EveryoneChanged = "feed.everyone_changed", "everybody's role changed";
    /// An expiry warning was sent.
    WarningSent = "mail.warning_sent", "expiry warning sent";
    /// An extra reminder of a token's end was sent.
    ReminderSent = "mail.reminder_sent", "expiry reminder sent";
    /// Word that a token has expired was sent.
    ExpiredSent = "mail.expired_sent", "expiry notice sent";
    /// An account asked for other reminders, or for none.
    RemindersChanged = "account.reminders_changed", "reminders changed";
    /// A mail that waited or was refused is tried again at once.
    MailRetried = "mail.retried", "mail tried again";
    /// A mail that waited or was refused is not sent.
    MailDropped = "mail.dropped", "mail dropped";
    /// Something that this version has no code for; the detail has its text.
    Other = "other", "other";
}

impl EventKind {
    /// Reads the code that is stored.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// Whether it gave somebody access that goes on, other than by a token, of which token mails tell: whoever did it in
    /// a browser is told by mail, in case it was not them.
    pub fn gives_access(self) -> bool {
        matches!(
            self,
            Self::CalendarMade
                | Self::SymbolsAddressMade
                | Self::PasswordLinkMade
                | Self::OperatorMade
                | Self::FeedCreated
                | Self::FeedOpened
                | Self::EveryoneChanged
                | Self::MemberChanged
                | Self::OwnerAdded
                | Self::OwnerInvited
        )
    }

    /// What it is about: the part of the code before the dot.
    pub fn group(self) -> &'static str {
        self.code().split('.').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.code()), Some(*kind));
            let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '_');
            assert!(kind.code().chars().all(plain), "{}", kind.code());
        }
        assert_eq!(EventKind::parse("token created"), None);
    }
}
