//! `latchkey feed …`

use anyhow::{Context, bail};
use clap::Subcommand;

use super::{account_named, say};
use crate::{
    accounts::identity,
    app::App,
    audit::Actor,
    feeds::{Feed, FeedDeletion, MemberChange},
    tokens::decision::Role,
};

/// Feeds that are read at a time.
const PAGE: i64 = 200;
/// Members and packages are counted up to here.
const BOUND: i64 = 1_000;

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
    /// List feeds: name, who may read it, numbers of members and packages
    List,
    /// Delete an empty feed
    Delete {
        #[arg(long)]
        name: String,
    },
    /// Change how a feed answers
    Set {
        #[arg(long)]
        feed: String,
        /// What a key gets for a package that its patterns do not cover: refuse (403, with the reason) or pass-on (404,
        /// so that clients look for it in their next source)
        #[arg(long, value_parser = ["refuse", "pass-on"])]
        uncovered: String,
    },
    /// Give an account a role in a feed, or take it away
    Member {
        #[arg(long)]
        feed: String,
        /// Username
        #[arg(long)]
        account: String,
        /// reader, writer or owner
        #[arg(long, value_parser = |word: &str| Role::parse(word).ok_or("a role is reader, writer or owner"), required_unless_present = "remove")]
        role: Option<Role>,
        /// Take the account's role away
        #[arg(long, conflicts_with = "role")]
        remove: bool,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        match self {
            Self::Add { name, owner, public } => add(app, &name, &owner, public).await,
            Self::List => list(app).await,
            Self::Delete { name } => delete(app, &name).await,
            Self::Set { feed, uncovered } => set_uncovered(app, &feed, uncovered == "pass-on").await,
            Self::Member { feed, account, role, remove: _ } => member(app, &feed, &account, role).await,
        }
    }
}

async fn add(app: &App, name: &str, owner: &str, public: bool) -> anyhow::Result<()> {
    let name = identity::new_feed_name(name)?;
    let owner = account_named(&app.store, owner).await?;
    let mut tx = app.store.begin().await?;
    let by = Actor::host("latchkey feed add");
    let added = tx.add_feed(name, public, owner.id, &by, app.clock.now()).await?;
    added.with_context(|| format!("there is a feed “{name}” already"))?;
    tx.commit().await?;
    let address = app.settings.public_url.of(&format!("/feeds/{name}/nuget/v3/index.json"));
    say(format_args!("Added the feed {name}: {address}"));
    Ok(())
}

async fn list(app: &App) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let page = app.store.host_feeds(&after, PAGE, BOUND).await?;
        for line in &page {
            let reads = if line.feed.is_public { "public" } else { "private" };
            let numbers = format!("{} members\t{} packages", bounded(line.members), bounded(line.packages));
            say(format_args!("{}\t{reads}\t{numbers}", line.feed.name));
        }
        match page.last() {
            Some(last) => after.clone_from(&last.feed.name),
            None => return Ok(()),
        }
    }
}

fn bounded(count: i64) -> String {
    if count < BOUND { count.to_string() } else { format!("{BOUND}+") }
}

async fn delete(app: &App, name: &str) -> anyhow::Result<()> {
    let feed = found(app, name).await?;
    match app.store.delete_feed(&feed, &Actor::host("latchkey feed delete"), app.clock.now()).await? {
        FeedDeletion::Done => say(format_args!("Deleted the feed {name}.")),
        FeedDeletion::OnlyRemoved => bail!(
            "{name} holds no package any more, but keeps the numbers of those that were removed, so that none is used again; it cannot be deleted"
        ),
        FeedDeletion::NotEmpty => bail!("{name} holds packages; only an empty feed can be deleted"),
        FeedDeletion::Main => bail!("main cannot be deleted; every host has it"),
    }
    Ok(())
}

async fn set_uncovered(app: &App, feed: &str, passes_on: bool) -> anyhow::Result<()> {
    let found = found(app, feed).await?;
    let mut tx = app.store.begin().await?;
    tx.set_passes_on(&found, passes_on, &Actor::host("latchkey feed set"), app.clock.now()).await?;
    tx.commit().await?;
    let answer = if passes_on { "answered as not found" } else { "refused with the reason" };
    say(format_args!("Packages of {feed} that a key does not cover are {answer}."));
    Ok(())
}

async fn member(app: &App, feed: &str, account: &str, role: Option<Role>) -> anyhow::Result<()> {
    let account = account_named(&app.store, account).await?;
    let found = found(app, feed).await?;
    let (by, now) = (Actor::host("latchkey feed member"), app.clock.now());
    let mut tx = app.store.begin().await?;
    let said = match (tx.change_member(&found, account.id, role, &by, now).await?, role) {
        (MemberChange::LastOwner, _) => {
            bail!("{} is the only owner of {feed}; give it another one first", account.username)
        }
        (MemberChange::NotThere, _) => bail!("{} is no member of {feed}", account.username),
        (MemberChange::Done, Some(role)) => format!("{} is {} of {feed}.", account.username, role.as_str()),
        (MemberChange::Done, None) => format!("{} is no longer a member of {feed}.", account.username),
    };
    tx.commit().await?;
    say(said);
    Ok(())
}

async fn found(app: &App, name: &str) -> anyhow::Result<Feed> {
    let found = app.store.feed(name, None).await?.with_context(|| format!("there is no feed “{name}”"))?;
    Ok(found.feed)
}
