//! The program: reads the command line, starts the log, runs the command, and says in one line what went wrong.
//! It is here and not in `main.rs` so that the compiler makes machine code of every future once, in the library.

use std::process::ExitCode;

use clap::{
    CommandFactory, Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use tracing_subscriber::EnvFilter;

use super::Cli;
use crate::{
    config::{Args, LogFormat, refuse_unknown_variables, service_links},
    request_log::{JsonLines, TextLines},
    serve,
};

/// Runs the program; the exit code is 2 after a failure.
// Everything belongs to this runtime, also what the workers of the server do for requests: it outlives them.
#[tokio::main]
pub async fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|mut error| {
        // A value may have been meant for another setting, and be a secret.
        if matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
            error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
        }
        error.exit()
    });
    let format = cli.settings.log_format;
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match format {
                LogFormat::Text => eprintln!("latchkey: {error:#}"),
                LogFormat::Json => tracing::error!("{error:#}"),
            }
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    start_log(&cli.settings)?;
    serve::outlive_large_files()?;
    refuse_unknown_variables(&Cli::command())?;
    if cli.serves() {
        for name in service_links() {
            tracing::warn!("{name} is no setting; it looks like what Kubernetes sets beside a service, and is ignored");
        }
    }
    cli.run().await
}

fn start_log(args: &Args) -> anyhow::Result<()> {
    let (filter, refused) = match EnvFilter::try_new(&args.log) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => log.with_ansi(false).event_format(TextLines::new()).init(),
        LogFormat::Json => {
            log.json().event_format(JsonLines::new()).init();
            // Nothing but JSON on standard error, panics included.
            std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
        }
    }
    match refused {
        Some(error) => Err(anyhow::anyhow!("LATCHKEY_LOG is not a filter: {error}")),
        None => Ok(()),
    }
}
