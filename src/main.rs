//! The program: reads the command line and hands over.

use clap::Parser;
use latchkey::{clock::Clock, config::{Args, LogFormat, SECRET_VARIABLES}, serve};
use tracing_subscriber::EnvFilter;

/// Access tokens for a package host
#[derive(Debug, Parser)]
#[command(version, about, after_help = SECRET_VARIABLES)]
struct Cli {
    #[command(flatten)]
    settings: Args,
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    start_log(&cli.settings)?;
    serve::serve(&cli.settings, Clock::System).await
}

fn start_log(args: &Args) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
