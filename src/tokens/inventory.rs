//! All tokens of the host, as its operators look through them: which of them are worth a look.

use strum::{EnumCount, EnumString, IntoStaticStr};

use super::{AccountId, Token};

/// A part of all tokens of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, EnumCount, EnumString, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum InventoryFilter {
    /// Every one.
    #[default]
    All,
    /// Those that work, or would once they are on again, and have no end.
    NeverExpires,
    /// Those neither used nor issued for [`UNUSED_FOR`](super::listing::UNUSED_FOR), and not revoked.
    Unused,
    /// Those whose key was never used, and that are not revoked.
    NeverUsed,
    /// Those whose patterns cover every package, and that have not ended.
    AllPackages,
    /// Those that live longer than the host's maximum allows now.
    BeyondMaximum,
    /// Those whose time is over.
    Expired,
    /// Those that are switched off.
    Deactivated,
    /// Those ended for good.
    Revoked,
    /// Those that come from an older system, and have not ended.
    Legacy,
}

words!(InventoryFilter);

impl InventoryFilter {
    /// All of them, as a page offers them.
    pub const ALL: [Self; Self::COUNT] = [
        Self::All,
        Self::NeverExpires,
        Self::Unused,
        Self::NeverUsed,
        Self::AllPackages,
        Self::BeyondMaximum,
        Self::Expired,
        Self::Deactivated,
        Self::Revoked,
        Self::Legacy,
    ];

    /// What the part is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::NeverExpires => "Never expires",
            Self::Unused => "Unused for 90 days",
            Self::NeverUsed => "Never used",
            Self::AllPackages => "All packages",
            Self::BeyondMaximum => "Beyond the maximum",
            Self::Expired => "Expired",
            Self::Deactivated => "Deactivated",
            Self::Revoked => "Revoked",
            Self::Legacy => "Legacy",
        }
    }
}

/// What an operator looks for.
#[derive(Clone, Debug, Default)]
pub struct InventoryQuery {
    /// Which part.
    pub filter: InventoryFilter,
    /// Only one account's.
    pub owner: Option<AccountId>,
    /// Only those with this permission, such as `nuget:push`, or with any of a kind, such as `nuget:`; empty for all.
    pub scope: String,
    /// Only those whose name, hint, patterns or owner contain this; empty for all.
    pub words: String,
    /// The longest lifetime that the host allows, in days; without one, nothing is beyond it.
    pub max_days: Option<i64>,
}

/// A token and whose it is.
#[derive(Clone, Debug)]
pub struct InventoryToken {
    /// The token.
    pub token: Token,
    /// The username of its owner.
    pub owner: String,
}
