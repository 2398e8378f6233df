//! `latchkey package …`

use anyhow::{Context, ensure};
use clap::Subcommand;

use super::say;
use crate::{
    app::App,
    audit::Actor,
    package_store,
    packages::{ChangeContext, rules},
    tokens::Kind,
};

/// What to do with packages.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Remove a version, or every version of a package: nobody can read it any more, and it is never used again
    Remove {
        /// The kind of the package
        #[arg(long, default_value = Kind::NuGet.as_str())]
        kind: String,
        /// Name of the feed
        feed: String,
        /// Name of the package
        name: String,
        /// The version; all of them without it
        version: Option<String>,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Remove { kind, feed, name, version } = self;
        let kind = Kind::parse(&kind).filter(|kind| KEPT.contains(kind));
        let kind = kind.with_context(|| format!("--kind must be one of: {}", kept()))?;
        rules(kind).check_name(&name)?;
        let read = |text: &str| rules(kind).version(text).with_context(|| format!("“{text}” is not a version"));
        let version = version.as_deref().map(read).transpose()?;
        let found = app.store.feed(&feed, None).await?.with_context(|| format!("there is no feed “{feed}”"))?.feed;
        let package = app.store.package(found.id, kind, &name.to_ascii_lowercase(), None).await?;
        let package = package.with_context(|| format!("there is no package “{name}” in {feed}"))?;
        let by = Actor::host("latchkey package remove");
        let change = ChangeContext { feed_name: &feed, token: None, by: &by, now: app.clock.now() };
        let mut tx = app.store.begin().await?;
        let removed = match &version {
            Some(version) => tx.remove_version(&change, &package, &version.key).await?,
            None => tx.remove_package(&change, &package).await?,
        };
        let name = &package.name;
        let what = version.map_or_else(|| name.clone(), |version| format!("{name} {version}"));
        ensure!(removed.versions > 0, "there is no {what} in {feed}, or it was removed before");
        tx.commit().await?;
        package_store::discard(&app.store, &app.blobs, &removed.blobs).await;
        say(format_args!("Removed {what} from {feed}: {} in all.", versions(removed.versions)));
        Ok(())
    }
}

/// The kinds whose packages are kept here; images are their registry's.
const KEPT: [Kind; 2] = [Kind::NuGet, Kind::Npm];

fn kept() -> String {
    KEPT.into_iter().map(Kind::as_str).collect::<Vec<_>>().join(", ")
}

fn versions(count: usize) -> String {
    format!("{count} version{}", if count == 1 { "" } else { "s" })
}
