//! How much there is on a host.

/// How much there is, counted up to a bound.
#[derive(Clone, Copy, Debug)]
pub struct HostNumbers {
    /// Accounts.
    pub accounts: i64,
    /// Tokens.
    pub tokens: i64,
    /// Feeds.
    pub feeds: i64,
    /// Packages.
    pub packages: i64,
}
