//! `latchkey jobs …`

use anyhow::ensure;
use chrono::{DateTime, Duration, Utc};
use clap::{Subcommand, ValueEnum};

use super::say;
use crate::{app::App, jobs::run_expiry_warnings};

/// A `--now` further from the clock than this is a mistake, or a rehearsal.
const NEAR: Duration = Duration::minutes(5);

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a job once, then exit
    Run {
        job: Job,
        /// Only tell who would be mailed for which token
        #[arg(long)]
        dry_run: bool,
        /// Act as if it were this time, such as 2027-02-11T09:00:00Z. Far from the clock it needs --dry-run or
        /// LATCHKEY_TIME_TRAVEL=1
        #[arg(long)]
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
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Run { job: Job::ExpiryWarnings, dry_run, now, time_travel } = self;
        let clock = app.clock.now();
        let now = now.unwrap_or(clock);
        ensure!(
            dry_run || time_travel || (now - clock).abs() <= NEAR,
            "{now} is far from the clock: add --dry-run to see what would be sent then, or set LATCHKEY_TIME_TRAVEL=1 to send it"
        );
        say(run_expiry_warnings(app, dry_run, now).await?);
        Ok(())
    }
}
