//! The reminders an account asked for, beside the warning that everybody gets.

/// Which reminders of a token's end an account gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reminders {
    /// 30 days before.
    pub thirty_days: bool,
    /// A day before.
    pub one_day: bool,
}
