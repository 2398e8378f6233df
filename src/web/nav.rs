//! The menus beside the pages: which entries they have, and which page is whose.

use crate::paths;

/// A menu beside the pages of one part of the portal.
#[derive(Debug)]
pub struct Nav {
    /// Above its entries.
    pub label: &'static str,
    /// In the order in which they stand.
    pub entries: &'static [NavEntry],
}

/// An entry of a menu.
#[derive(Debug)]
pub struct NavEntry {
    /// The section of the pages that it leads to.
    pub section: &'static str,
    /// Below the public path.
    pub path: &'static str,
    /// What it says.
    pub label: &'static str,
}

const fn entry(section: &'static str, path: &'static str, label: &'static str) -> NavEntry {
    NavEntry { section, path, label }
}

/// What people have for themselves.
pub static SETTINGS: Nav = Nav {
    label: "Settings",
    entries: &[
        entry("tokens", paths::TOKENS, "Access tokens"),
        entry("refusals", "/settings/refusals", "Refusals"),
        entry("profile", "/settings/profile", "Profile"),
        entry("password", "/settings/password", "Password"),
        entry("sessions", "/settings/sessions", "Sessions"),
        entry("security-log", "/settings/security-log", "Security log"),
        entry("invitations", "/settings/invitations", "Invitations"),
        entry("notifications", "/settings/notifications", "Notifications"),
        entry("calendar", "/settings/calendar", "Calendar"),
    ],
};

/// What operators have.
pub static OPERATOR: Nav = Nav {
    label: "Operator",
    entries: &[
        entry("operator", "/operator", "Overview"),
        entry("operator-accounts", "/operator/accounts", "Accounts"),
        entry("operator-tokens", "/operator/tokens", "Tokens"),
        entry("operator-events", "/operator/events", "Events"),
        entry("operator-feeds", "/operator/feeds", "Feeds"),
        entry("operator-mail", "/operator/mail", "Email"),
        entry("operator-jobs", "/operator/jobs", "Jobs"),
    ],
};

impl Nav {
    /// The menu with an entry for a section, if there is one.
    pub fn of(section: &str) -> Option<&'static Self> {
        [&SETTINGS, &OPERATOR].into_iter().find(|nav| nav.entries.iter().any(|entry| entry.section == section))
    }
}
