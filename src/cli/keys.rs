//! `latchkey keys …`: the keys that sign what container registries are told.

use chrono::Duration;
use clap::Subcommand;

use super::say;
use crate::{app::App, auth::signing_keys::SHORTEST_OVERLAP};

/// Hours a new key is known before it signs, unless told otherwise: time to give registries its certificate.
const OVERLAP_HOURS: u32 = 24;

/// What to do with the keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the keys: number, id, from when on each signs
    List,
    /// Make the next key. Give every registry the new /container/certificate.pem and restart it before the key signs
    Rotate {
        /// Hours until it signs; at least ten minutes, whatever is given
        #[arg(long, default_value_t = OVERLAP_HOURS, value_parser = clap::value_parser!(u32).range(0..=8760))]
        hours: u32,
    },
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// The database; a rotation that is under way; a host that has no keys.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        match self {
            Self::List => {
                for key in app.signing_keys.current(&app.store, now).await?.iter() {
                    let (id, from) = (&key.id, key.signs_from.format("%Y-%m-%d %H:%M UTC"));
                    say(format_args!("{}\t{id}\tsigns from {from}", key.generation));
                }
                Ok(())
            }
            Self::Rotate { hours } => {
                let overlap = Duration::hours(hours.into()).max(SHORTEST_OVERLAP);
                let from = app.signing_keys.rotate(&app.store, now, overlap).await?;
                tracing::warn!("the next signing key was made with latchkey keys rotate");
                say(format_args!(
                    "The next key signs from {} on. Until then, give every registry {} as its rootcertbundle and restart it.",
                    from.format("%Y-%m-%d %H:%M UTC"),
                    app.settings.public_url.of("/container/certificate.pem")
                ));
                Ok(())
            }
        }
    }
}
