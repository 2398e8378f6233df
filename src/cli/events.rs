//! `latchkey events …`: the record as a file, for whoever keeps or searches it elsewhere.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::Context;
use chrono::{DateTime, Utc};
use clap::{Subcommand, ValueEnum};

use super::jobs::moment;
use crate::{app::App, audit::EventLine};

/// Events that are read at a time.
const PAGE: i64 = 1_000;

/// What to do with the record.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what was recorded, the oldest first
    Export {
        /// From then on, such as 2027-02-11T09:00:00Z, or 2027-02-11 for its beginning in UTC
        #[arg(long, value_parser = moment)]
        since: DateTime<Utc>,
        /// Before then; up to now if left out
        #[arg(long, value_parser = moment)]
        until: Option<DateTime<Utc>>,
        /// How each event is written
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
    },
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object in a line
    Jsonl,
    /// A table for spreadsheets, the facts as JSON in its last column
    Csv,
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Export { since, until, format } = self;
        let written = export(app, (since, until), format, BufWriter::new(std::io::stdout())).await;
        match written {
            // A reader that has read enough, such as `head`, is not a problem.
            Err(error) if error.downcast_ref().is_some_and(is_broken_pipe) => Ok(()),
            written => written.context("the events cannot be written"),
        }
    }
}

fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

async fn export(
    app: &App,
    bounds: (DateTime<Utc>, Option<DateTime<Utc>>),
    format: Format,
    mut to: impl Write,
) -> anyhow::Result<()> {
    if format == Format::Csv {
        write_row(&mut to, &EventLine::COLUMNS)?;
    }
    let mut after = None;
    loop {
        let events = app.store.oldest_events(bounds, after, PAGE).await?;
        for event in &events {
            let line = EventLine::of(event);
            match format {
                Format::Jsonl => writeln!(to, "{}", serde_json::to_string(&line)?)?,
                Format::Csv => write_row(&mut to, &line.cells()?)?,
            }
        }
        match events.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(to.flush()?),
        }
    }
}

fn write_row(to: &mut impl Write, cells: &[impl AsRef<[u8]>]) -> anyhow::Result<()> {
    let mut row = csv::Writer::from_writer(Vec::new());
    row.write_record(cells)?;
    let bytes = row.into_inner().map_err(|error| anyhow::anyhow!("{}", error.error()))?;
    Ok(to.write_all(&bytes)?)
}
