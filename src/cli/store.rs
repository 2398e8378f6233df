//! `latchkey store …`: whose the package store is.

use clap::Subcommand;

use super::say;
use crate::{
    app::App,
    package_store::{self, Custody},
    packages::blobs::Ownership,
};

/// What to do with the package store.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Tell whose the package store is
    Show,
    /// Take the package store over for this host: it may delete files there from now on, and no other host may
    Adopt,
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Show => show(app).await,
            Self::Adopt => {
                package_store::adopt(&app.store, &app.blobs, app.clock.now()).await?;
                say("The package store is this host's now. Every other host that uses it deletes nothing there.");
                Ok(())
            }
        }
    }
}

async fn show(app: &App) -> anyhow::Result<()> {
    let Custody { claim, identity, ownership, .. } = Custody::of(&app.store, &app.blobs).await?;
    say(format_args!("this installation: {}", claim.installation));
    match identity {
        Some(found) => say(format_args!("the store belongs to: {} (renewal {})", found.installation, found.renewal)),
        None => say("the store belongs to: nobody yet"),
    }
    match ownership {
        Ownership::Ours => say("It is this host's."),
        Ownership::Unclaimed => say("The next cleanup takes it over if it knows what is in it."),
        Ownership::Missing | Ownership::Foreign(_) | Ownership::Disputed => {
            say(ownership.problem().unwrap_or_default())
        }
    }
    Ok(())
}
