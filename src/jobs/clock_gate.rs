//! Holds mails back where the clock on the wall jumped. Time passes alike by that clock and by the monotonic one; where
//! they differ, either the machine slept or somebody set its clock, perhaps to a wrong year: then every warning would be due.

use std::{sync::Mutex, time::Instant};

use chrono::{DateTime, Duration, Utc};

/// The two clocks may differ so much between two ticks: time is set right now and then, in small steps.
const LARGEST: Duration = Duration::hours(1);

/// Compares the two clocks from tick to tick.
#[derive(Debug, Default)]
pub(super) struct ClockGate {
    last: Mutex<Option<(DateTime<Utc>, Instant)>>,
}

impl ClockGate {
    /// Whether a tick may send mails. One after a jump may not, and says so in the log; the next one is compared with it.
    pub(super) fn passes(&self, wall: DateTime<Utc>, monotonic: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((wall_before, monotonic_before)) = last.replace((wall, monotonic)) else {
            return true;
        };
        let passed = Duration::from_std(monotonic.saturating_duration_since(monotonic_before)).unwrap_or(Duration::MAX);
        let jump = (wall - wall_before) - passed;
        if jump.abs() > LARGEST {
            tracing::error!(
                "the clock jumped by {} minutes since the last tick: no mail is sent in this one. If the time is wrong now, set it right or stop the server",
                jump.num_minutes()
            );
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_after_a_jump_is_held_and_the_next_one_goes_on() {
        let (gate, wall, monotonic) = (ClockGate::default(), DateTime::UNIX_EPOCH, Instant::now());
        let minute = std::time::Duration::from_secs(60);
        let passes = |ticks: u32, ahead: Duration| {
            gate.passes(wall + Duration::minutes(i64::from(ticks)) + ahead, monotonic + minute * ticks)
        };
        assert!(passes(0, Duration::zero()) && passes(1, Duration::minutes(50)));
        assert!(!passes(2, Duration::days(3650)), "ten years ahead");
        assert!(passes(3, Duration::days(3650)));
        assert!(!passes(4, Duration::zero()), "and back");
        assert!(passes(5, Duration::zero()));
        assert!(!passes(6, -Duration::days(365)));
    }
}
