//! Switching a token off for a while, to see who still needs it: for how long, and when it is on again.

use chrono::{DateTime, Duration, Utc};
use thiserror::Error;

use super::expiry::whole_second;

/// How long a token is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Until somebody switches it on.
    Open,
    /// For a while; it turns back on.
    Minutes(i64),
}

/// What was sent is no choice of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Choose for how long.")]
pub struct BadPause;

impl Pause {
    /// Every choice: as it is sent, and in words.
    pub const CHOICES: [(Self, &'static str, &'static str); 7] = [
        (Self::Open, "open", "Until I reactivate it"),
        (Self::Minutes(15), "15m", "15 minutes"),
        (Self::Minutes(60), "1h", "1 hour"),
        (Self::Minutes(8 * 60), "8h", "8 hours"),
        (Self::Minutes(24 * 60), "1d", "1 day"),
        (Self::Minutes(3 * 24 * 60), "3d", "3 days"),
        (Self::Minutes(7 * 24 * 60), "7d", "7 days"),
    ];

    /// Reads a choice as it is sent; nothing is [`Pause::Open`].
    pub fn parse(word: &str) -> Result<Self, BadPause> {
        let chosen = Self::CHOICES.iter().find(|(_, name, _)| *name == word).map(|(pause, ..)| *pause);
        chosen.or(word.is_empty().then_some(Self::Open)).ok_or(BadPause)
    }

    /// When a token that is switched off at `now` is on again, if by itself.
    pub fn until(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Open => None,
            Self::Minutes(minutes) => Some(whole_second(now) + Duration::minutes(minutes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_lasts_as_long_as_it_says_and_no_choice_of_ones_own_is_taken() {
        let now = "2026-11-23T12:00:00.5Z".parse().unwrap();
        for (pause, word, _) in Pause::CHOICES {
            assert_eq!(Pause::parse(word), Ok(pause));
        }
        assert_eq!(Pause::parse("15m").unwrap().until(now), Some("2026-11-23T12:15:00Z".parse().unwrap()));
        assert_eq!(Pause::parse("").unwrap().until(now), None);
        for word in ["8d", "1", "-15m", "OPEN"] {
            assert_eq!(Pause::parse(word), Err(BadPause));
        }
    }
}
