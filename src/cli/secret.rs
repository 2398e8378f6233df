//! `latchkey secret …`: another master secret in the place of the present one, or of one that is lost.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;

use super::say;
use crate::{
    accounts::one_time_link,
    app::{App, mailed_link_key},
    auth::signing_keys,
    clock::Clock,
    config::{Args, MasterSecret, Settings},
    store::{Store, migrate::migrate},
};

/// What to do with the master secret.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Go over to a new master secret: everybody signs in again, keys and mailed links go on working
    Rotate {
        /// File with the new secret, made if it is not there; needed where LATCHKEY_SECRET_FILE names the present one.
        /// Without it the file in the data folder is replaced
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Go on with the master secret in force (a new one is made if there is none), because the old one is lost:
    /// everybody signs in again, and mails that wait with a link are dropped
    Lost,
}

impl Command {
    /// Does it.
    pub async fn run(self, args: &Args) -> anyhow::Result<()> {
        match self {
            Self::Rotate { to } => rotate(args, to).await,
            Self::Lost => lost(args).await,
        }
    }
}

async fn rotate(args: &Args, to: Option<PathBuf>) -> anyhow::Result<()> {
    let app = super::open(args).await?;
    let named = MasterSecret::named_file();
    ensure!(
        to.is_some() || named.is_none(),
        "LATCHKEY_SECRET_FILE names the master secret: give the file of the new one with --to FILE"
    );
    let present = MasterSecret::file_in(&args.data_dir);
    let to = to.map(std::path::absolute).transpose()?;
    let new_file = to.clone().unwrap_or_else(|| present.with_extension("secret.new"));
    let folder = new_file.parent().unwrap_or(Path::new("/"));
    ensure!(folder.is_dir(), "there is no folder {}: make it first, or name another file", folder.display());
    let new = MasterSecret::read_or_make(&new_file)?;
    swap_secret(&app, &new).await?;
    match to {
        None => {
            let old = put_in_place(&new_file, &present)?;
            let old = old.file_name().unwrap_or_default().display();
            say(format_args!("The master secret is another one now; the old one is in {old}. Restart the server."));
        }
        Some(file) => say(format_args!(
            "The master secret is the one in {} now. Set LATCHKEY_SECRET_FILE to it (or put it in the old one's place) on \
             every node, and restart each.",
            file.display()
        )),
    }
    say("Everybody signs in again. Keep the old secret with backups from before: they need it.");
    Ok(())
}

/// Nothing else is derived from the master secret: `docs/security.md` lists what is.
async fn swap_secret(app: &App, new: &MasterSecret) -> anyhow::Result<()> {
    let old = &app.settings.master;
    ensure!(old.fingerprint() != new.fingerprint(), "the new master secret is the one in force");
    let (old_key, new_key) = (mailed_link_key(old), mailed_link_key(new));
    let signing = app.store.signing_keys().await?;
    let mut tx = app.store.begin().await?;
    if !tx.swap_master_fingerprint(&old.fingerprint(), &new.fingerprint()).await? {
        bail!("the master secret was changed meanwhile");
    }
    let hash = |key: &[u8], mail| one_time_link::hash(&one_time_link::of_mail(key, mail));
    tx.rehash_mailed_links(|mail| (hash(&*old_key, mail), hash(&*new_key, mail))).await?;
    signing_keys::reseal(&mut tx, &signing, old, new).await?;
    tx.end_all_sessions().await?;
    tx.commit().await?;
    tracing::warn!("the master secret was changed with latchkey secret rotate; every session has ended");
    Ok(())
}

/// The old file stays beside the new one, and beside those of earlier rotations; gives its path.
fn put_in_place(new: &Path, present: &Path) -> anyhow::Result<PathBuf> {
    let failed = || {
        format!(
            "the database uses the new master secret, but it could not be put in its place: move {} to {}",
            new.display(),
            present.display()
        )
    };
    let old = unused(present.with_extension("secret.old"));
    std::fs::rename(present, &old).with_context(failed)?;
    std::fs::rename(new, present).with_context(failed)?;
    Ok(old)
}

/// This path, or the same with the first number behind it of which there is no file.
fn unused(path: PathBuf) -> PathBuf {
    let numbered = (2u32..).map(|n| PathBuf::from(format!("{}.{n}", path.display())));
    let mut paths = std::iter::once(path.clone()).chain(numbered);
    paths.find(|path| !path.exists()).unwrap_or(path)
}

async fn lost(args: &Args) -> anyhow::Result<()> {
    super::there_is_one(args)?;
    let settings = Settings::read(args, args.listen)?;
    let store = Store::connect(&settings.database).await?;
    migrate(&store, &settings.data_dir, Clock::System.now()).await?;
    let (kept, mine) = (store.master_fingerprint().await?, settings.master.fingerprint());
    let Some(kept) = kept.filter(|kept| *kept != mine) else {
        bail!("the master secret in force is the one this database was set up with: nothing is lost");
    };
    let mut tx = store.begin().await?;
    if !tx.swap_master_fingerprint(&kept, &mine).await? {
        bail!("the master secret was changed meanwhile");
    }
    let dropped = tx.drop_mails_with_links().await?;
    let keys = tx.remove_signing_keys_before(i64::MAX).await?;
    tx.end_all_sessions().await?;
    tx.commit().await?;
    tracing::warn!("the master secret was lost and replaced with latchkey secret lost; every session has ended");
    say(format_args!(
        "This host goes on with the master secret in force. Everybody signs in again; keys go on working. {dropped} waiting \
         mails with a link were dropped: whoever waits for one asks again."
    ));
    if keys > 0 {
        say(
            "The keys that sign what container registries are told are lost too. The next start makes one: give every registry the new /container/certificate.pem.",
        );
    }
    Ok(())
}
