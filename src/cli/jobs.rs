//! `latchkey jobs …`

use anyhow::ensure;
use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Utc};
use clap::{Subcommand, ValueEnum};

use super::say;
use crate::{
    app::App,
    jobs::{OrphanCleanup, OrphanReport, clean_up_orphans, run_expiry_warnings},
};

/// A `--now` further from the clock than this is a mistake, or a rehearsal.
const NEAR: Duration = Duration::minutes(5);

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a job once, then exit
    Run {
        job: Job,
        /// Change nothing: only tell who would be mailed for which token, or which files would go
        #[arg(long)]
        dry_run: bool,
        /// With `orphans`: let the files go even if they are a large part of the package store
        #[arg(long)]
        allow_many: bool,
        /// With `expiry-warnings`: act as if it were this time, such as 2027-02-11T09:00:00Z, or 2027-02-11 for its beginning in UTC. Far from
        /// the clock it needs --dry-run or LATCHKEY_TIME_TRAVEL=1
        #[arg(long, value_parser = moment)]
        now: Option<DateTime<Utc>>,
        /// Allow --now to be far from the clock
        #[arg(long, env = "LATCHKEY_TIME_TRAVEL", hide = true, value_parser = clap::builder::FalseyValueParser::new())]
        time_travel: bool,
    },
}

/// A job that can be run by hand.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Job {
    /// Warn owners of tokens that expire soon
    ExpiryWarnings,
    /// Move package files that belong to no version into the trash of the package store, and empty the trash
    Orphans,
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Run { job, dry_run, allow_many, now, time_travel } = self;
        match job {
            Job::ExpiryWarnings => expiry_warnings(app, dry_run, now, time_travel).await,
            Job::Orphans => {
                ensure!(now.is_none(), "--now is for expiry-warnings only: files are as old as they are");
                orphans(app, OrphanCleanup { dry_run, allow_many }).await
            }
        }
    }
}

async fn expiry_warnings(
    app: &App,
    dry_run: bool,
    now: Option<DateTime<Utc>>,
    time_travel: bool,
) -> anyhow::Result<()> {
    let clock = app.clock.now();
    let now = now.unwrap_or(clock);
    ensure!(
        dry_run || time_travel || (now - clock).abs() <= NEAR,
        "{now} is far from the clock: add --dry-run to see what would be sent then, or set LATCHKEY_TIME_TRAVEL=1 to send it"
    );
    say(run_expiry_warnings(app, dry_run, now).await?);
    Ok(())
}

/// One line per file, its parts separated by tabs for other programs, and the sum at the end.
async fn orphans(app: &App, how: OrphanCleanup) -> anyhow::Result<()> {
    let OrphanReport { files, thrown_away, deleted, put_back, problem } = clean_up_orphans(app, how).await?;
    let whether = if how.dry_run { "would be " } else { "" };
    for (what, keys) in
        [("moved into the trash", &thrown_away), ("deleted from the trash", &deleted), ("put back", &put_back)]
    {
        for key in keys {
            say(format_args!("{whether}{what}\t{}", key.as_str()));
        }
    }
    say(format_args!("{} of {files} files belong to no version and have been there for a week", thrown_away.len()));
    if let Some(problem) = problem {
        say(format_args!("nothing would be moved: {problem}"));
    }
    Ok(())
}

/// Reads a moment, or a day, which stands for its beginning in UTC. The years are such that no reckoning with days and
/// months leaves the calendar.
pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let day = || text.parse().ok().map(|day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc());
    text.parse()
        .ok()
        .or_else(day)
        .filter(|at| (2000..=9999).contains(&at.year()))
        .ok_or("write a time such as 2027-02-11T09:00:00Z, or a day such as 2027-02-11, in the years 2000 to 9999")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_the_beginning_of_a_day() {
        for (text, meant) in [
            ("2027-02-11T09:00:00Z", "2027-02-11T09:00:00Z"),
            ("2027-02-11T09:00:00+01:00", "2027-02-11T08:00:00Z"),
            ("2027-02-11", "2027-02-11T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(moment(text), Ok(meant.parse().unwrap()), "{text}");
        }
        for bad in
            ["tomorrow", "", "2027-02-30", "2027-02-11T09:00", "+262142-12-31T23:59:59Z", "1999-12-31", "0000-01-01"]
        {
            assert!(moment(bad).is_err_and(|why| why.contains("such as 2027-02-11")), "{bad}");
        }
    }
}
