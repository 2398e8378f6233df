//! `latchkey feed …`

use anyhow::{Context, bail};
use clap::Subcommand;

use super::{account_named, say};
use crate::{
    accounts::identity,
    app::App,
    store::{Actor, Owned},
    tokens::decision::Role,
};

/// What to do with feeds.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a feed with its owner
    Add {
        #[arg(long)]
        name: String,
        /// Username of the owner
        #[arg(long)]
        owner: String,
        /// Let everybody read it without a key
        #[arg(long)]
        public: bool,
    },
    /// Give an account a role in a feed
    Member {
        #[arg(long)]
        feed: String,
        /// Username
        #[arg(long)]
        account: String,
        /// reader, writer or owner
        #[arg(long, value_parser = |word: &str| Role::parse(word).ok_or("a role is reader, writer or owner"))]
        role: Role,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let now = app.clock.now();
        match self {
            Self::Add { name, owner, public } => {
                let name = identity::feed_name(&name)?;
                let owner = account_named(&app.store, &owner).await?;
                let mut change = app.store.begin().await?;
                let added = change.add_feed(name, public, owner.id, &Actor::host("latchkey feed add"), now).await?;
                added.with_context(|| format!("there is a feed “{name}” already"))?;
                change.commit().await?;
                say(format_args!(
                    "Added the feed {name}: {}",
                    app.settings.public_url.of(&format!("/feeds/{name}/nuget/v3/index.json"))
                ));
            }
            Self::Member { feed, account, role } => {
                let account = account_named(&app.store, &account).await?;
                let found = app.store.feed(&feed, None).await?.with_context(|| format!("there is no feed “{feed}”"))?;
                let mut change = app.store.begin().await?;
                let by = Actor::host("latchkey feed member");
                if change.change_member(&found.feed, account.id, Some(role), &by, now).await? == Owned::LastOwner {
                    bail!("{} is the only owner of {feed}; give it another one first", account.username);
                }
                change.commit().await?;
                say(format_args!("{} is {} of {feed}.", account.username, role.as_str()));
            }
        }
        Ok(())
    }
}
