//! What a job did.

use chrono::{DateTime, Duration, Utc};

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
