//! `latchkey package …`

use anyhow::{Context, ensure};
use clap::Subcommand;

use super::say;
use crate::{
    app::App,
    audit::Actor,
    package_store,
    packages::{
        ChangeContext,
        nuget::{id::PackageId, version::Version},
    },
    tokens::Kind,
};

/// What to do with packages.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Remove a version, or every version of a package: nobody can read it any more, and it is never used again
    Remove {
        /// Name of the feed
        feed: String,
        /// Id of the package
        id: String,
        /// The version; all of them without it
        version: Option<String>,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Remove { feed, id, version } = self;
        let (id, version) = (PackageId::parse(&id)?, version.as_deref().map(Version::parse).transpose()?);
        let found = app.store.feed(&feed, None).await?.with_context(|| format!("there is no feed “{feed}”"))?.feed;
        let package = app.store.package(found.id, Kind::NuGet, &id.key(), None).await?;
        let package = package.with_context(|| format!("there is no package “{id}” in {feed}"))?;
        let by = Actor::host("latchkey package remove");
        let doing = ChangeContext { feed_name: &feed, token: None, by: &by, now: app.clock.now() };
        let mut tx = app.store.begin().await?;
        let blobs = match &version {
            Some(version) => tx.remove_version(&doing, &package, version).await?,
            None => tx.remove_package(&doing, &package).await?,
        };
        let name = &package.name;
        let what = version.map_or_else(|| name.clone(), |version| format!("{name} {version}"));
        ensure!(!blobs.is_empty(), "there is no {what} in {feed}, or it was removed before");
        tx.commit().await?;
        let packages = blobs.iter().filter(|blob| blob.is_package()).count();
        package_store::discard(app, &blobs).await;
        say(format_args!("Removed {what} from {feed}: {} in all.", versions(packages)));
        Ok(())
    }
}

fn versions(count: usize) -> String {
    format!("{count} version{}", if count == 1 { "" } else { "s" })
}
