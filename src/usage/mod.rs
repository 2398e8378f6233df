//! What tokens did and what was refused, and how long that is kept.

mod host_numbers;
mod refusal;
mod token_use;

pub use self::{
    host_numbers::HostNumbers,
    refusal::{HOUR, LateUses, REFUSALS_KEPT, RefusalCursor, RefusalOfToken, RefusedUse, hour_of},
    token_use::{
        CLIENT_USES_KEPT, ClientUse, DAYS_KEPT, DailyUse, PERMISSION_USES_KEPT, PermissionUse, TokenUse, UsageEvent,
        WatchedUse, day_of,
    },
};
