//! What a job did.

use chrono::{DateTime, Duration, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// One run of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    /// Its name.
    pub job: String,
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// How long it took, to the millisecond.
    pub took: Duration,
    /// Counts in words; empty if there was nothing to do.
    pub did: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// A job in the background. Its word is kept with each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Job {
    /// Binds what is owed to mails, and sends them.
    Mail,
    /// Writes what keys did.
    #[strum(serialize = "evidence")]
    Usage,
    /// Writes downloads.
    Downloads,
    /// Looks for room on the disk.
    Disk,
    /// Removes files that belong to nothing.
    Orphans,
    /// Looks at everything the host depends on.
    Health,
    /// Retires idle keys of an older system.
    #[strum(serialize = "legacy keys")]
    LegacyKeys,
    /// Notes the ends of pauses.
    Pauses,
    /// Removes what is past its term.
    #[strum(serialize = "sweep")]
    Cleanup,
    /// Rewrites events of older releases.
    #[strum(serialize = "typed events")]
    Events,
    /// Indexes packages of older releases.
    #[strum(serialize = "search index")]
    Search,
}

impl Job {
    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mail => "Mail",
            Self::Usage => "Usage",
            Self::Downloads => "Downloads",
            Self::Disk => "Disk space",
            Self::Orphans => "Unused files",
            Self::Health => "Health",
            Self::LegacyKeys => "Legacy tokens",
            Self::Pauses => "Temporary deactivations",
            Self::Cleanup => "Cleanup",
            Self::Events => "Older events",
            Self::Search => "Search index",
        }
    }

    /// What it is for.
    pub fn about(self) -> &'static str {
        match self {
            Self::Mail => "sends every mail that is due",
            Self::Usage => "saves when tokens were used, and what was refused",
            Self::Downloads => "counts downloads",
            Self::Disk => "watches the free space on the disk",
            Self::Orphans => "removes files that belong to no package",
            Self::Health => "checks the database, the package store and the mail server",
            Self::LegacyKeys => "retires legacy tokens that were idle for too long",
            Self::Pauses => "records tokens that turned back on",
            Self::Cleanup => "deletes expired sessions, links and old records",
            Self::Events => "converts events of older releases",
            Self::Search => "indexes packages that no search finds yet",
        }
    }

    /// Whether it runs all the time, so that runs with nothing to do are not kept.
    pub fn is_frequent(self) -> bool {
        matches!(self, Self::Usage | Self::Downloads | Self::Disk | Self::Events | Self::Health | Self::Search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_are_kept_do_not_change() {
        let words: Vec<&str> = Job::VARIANTS.iter().map(|job| (*job).into()).collect();
        let kept =
            "mail, evidence, downloads, disk, orphans, health, legacy keys, pauses, sweep, typed events, search index";
        assert_eq!(words.join(", "), kept);
        assert!(Job::VARIANTS.iter().all(|job| Job::try_from(<&str>::from(*job)) == Ok(*job)));
    }
}
