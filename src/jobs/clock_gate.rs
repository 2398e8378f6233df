//! Holds jobs back where the clock on the wall jumped. Time passes alike by that clock and by the monotonic one; where
//! they differ, either the machine slept or somebody set its clock, perhaps to a wrong year: then every token would have
//! expired, and every record would be old enough to go.

use std::{sync::Mutex, time::Instant};

use chrono::{DateTime, Duration, Utc};

/// The two clocks may drift apart so much from look to look: time is set right now and then, in small steps.
const LARGEST: Duration = Duration::hours(1);

/// Compares the two clocks whenever a job is to run.
#[derive(Debug)]
pub(super) struct ClockGate {
    start: Instant,
    patience: Duration,
    course: Mutex<Option<Course>>,
}

/// How far the wall's clock is ahead of the monotonic one.
#[derive(Clone, Copy, Debug)]
struct Course {
    trusted: Duration,
    /// Another one that the clock has taken, and since when.
    doubtful: Option<(Duration, Instant)>,
}

impl ClockGate {
    /// A gate that believes a clock that jumped once it has gone on for as long as `patience`.
    pub(super) fn new(start: Instant, patience: std::time::Duration) -> Self {
        let patience = Duration::from_std(patience).unwrap_or(Duration::MAX);
        Self { start, patience, course: Mutex::default() }
    }

    /// Whether a job may believe the clock. After a jump it may not, until the clock is back or has kept its new course
    /// for a while; the log says so.
    pub(super) fn passes(&self, wall: DateTime<Utc>, monotonic: Instant) -> bool {
        let passed =
            |since: Instant| Duration::from_std(monotonic.saturating_duration_since(since)).unwrap_or(Duration::MAX);
        let ahead = (wall - DateTime::UNIX_EPOCH) - passed(self.start);
        let mut course = self.course.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let trusted = course.map_or(ahead, |course| course.trusted);
        let doubtful = course.and_then(|course| course.doubtful);
        let jump = ahead - trusted;
        let kept = doubtful.filter(|(other, _)| (ahead - *other).abs() <= LARGEST).map(|(_, since)| since);
        if jump.abs() <= LARGEST || kept.is_some_and(|since| passed(since) >= self.patience) {
            *course = Some(Course { trusted: ahead, doubtful: None });
            return true;
        }
        if kept.is_none() {
            tracing::error!(
                "the clock jumped by {} minutes: nothing is sent or removed for {} minutes. If the time is wrong now, set it right or stop the server",
                jump.num_minutes(),
                self.patience.num_minutes()
            );
        }
        *course = Some(Course { trusted, doubtful: Some((ahead, kept.unwrap_or(monotonic))) });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumped_is_believed_when_it_is_back_or_has_kept_its_course() {
        let (wall, monotonic) = (DateTime::UNIX_EPOCH, Instant::now());
        let minute = std::time::Duration::from_secs(60);
        let gate = ClockGate::new(monotonic, minute * 10);
        let passes = |minutes: u32, ahead: Duration| {
            gate.passes(wall + Duration::minutes(i64::from(minutes)) + ahead, monotonic + minute * minutes)
        };
        let (no, years) = (Duration::zero(), Duration::days(3650));
        assert!(passes(0, no) && passes(1, Duration::minutes(50)));
        assert!(passes(2, Duration::minutes(100)), "small steps add up");
        assert!(passes(3, Duration::minutes(50)) && passes(4, no));
        assert!(!passes(5, years) && !passes(14, years) && passes(15, no), "ten years ahead, and back");
        assert!(!passes(16, -years) && !passes(17, years) && !passes(26, years), "back and forth");
        assert!(passes(27, years), "ten minutes on one course");
        assert!(!passes(28, no) && !passes(37, no) && passes(38, no));
        assert!(!passes(39, Duration::minutes(61)) && passes(40, Duration::minutes(59)));
    }
}
