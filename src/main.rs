//! The program: reads the command line, starts the log, hands over, and says in one line what went wrong.

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use latchkey::{
    cli::Cli,
    config::{Args, LogFormat, refuse_unknown_variables},
};
use tracing_subscriber::EnvFilter;

#[actix_web::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("latchkey: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    start_log(&cli.settings)?;
    refuse_unknown_variables(&Cli::command())?;
    cli.run().await
}

fn start_log(args: &Args) -> anyhow::Result<()> {
    let filter =
        EnvFilter::try_new(&args.log).map_err(|error| anyhow::anyhow!("LATCHKEY_LOG is not a filter: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
