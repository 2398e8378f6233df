//! The running program's parts, made from the settings and handed to every handler and job.

use anyhow::Context;

use crate::{
    access::LastUses,
    clock::Clock,
    config::Settings,
    mail::Mailer,
    store::{Store, migrate::migrate},
};

/// The parts.
#[derive(Debug)]
pub struct App {
    /// The settings in force.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// The way mails go.
    pub mailer: Mailer,
    /// The time.
    pub clock: Clock,
    /// Uses of tokens that are not written yet.
    pub uses: LastUses,
}

impl App {
    /// Opens the data folder and the database, and brings the schema up to date.
    pub async fn open(settings: Settings, clock: Clock) -> anyhow::Result<Self> {
        let mailer = Mailer::new(&settings)?;
        let folder = &settings.data_dir;
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
        let store = Store::connect(&settings.database).await.context("the database cannot be opened")?;
        migrate(&store, folder, clock.now()).await?;
        same_master_secret(&store, &settings).await?;
        Ok(Self { store, mailer, clock, uses: LastUses::default(), settings })
    }
}

/// A node with another master secret would sign out everybody and could not read what the others encrypted.
async fn same_master_secret(store: &Store, settings: &Settings) -> anyhow::Result<()> {
    let mine = settings.master.fingerprint();
    let mut change = store.begin().await?;
    let kept = change.keep_fact("master secret", &mine).await?;
    change.commit().await?;
    anyhow::ensure!(
        kept == mine,
        "the master secret is not the one this database was set up with: put the old file back (LATCHKEY_SECRET_FILE, or master.secret in the data folder)"
    );
    Ok(())
}
