//! `latchkey mail …`: tries the way mails go, without the database, and says in one line what happened; lets mails go
//! that are held.

use anyhow::bail;
use clap::Subcommand;

use super::say;
use crate::{
    accounts::identity,
    app::App,
    clock::Clock,
    config::{Args, Settings},
    mail::{Mailer, Outcome, test_mail},
    tokens::MailId,
};

/// What to do with mails.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send one test mail and tell what the mail server said
    Test {
        /// Where to
        address: String,
    },
    /// Let the mails go that are held since a backup was restored
    Release {
        /// Drop those that wait now: they may have been sent before the restore
        #[arg(long)]
        drop: bool,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, args: &Args) -> anyhow::Result<()> {
        match self {
            Self::Test { address } => {
                let settings = Settings::read(args, args.listen)?;
                say(test(&settings, &Clock::System, &address).await?);
                Ok(())
            }
            Self::Release { drop } => release(&super::open(args).await?, drop).await,
        }
    }
}

async fn release(app: &App, drop: bool) -> anyhow::Result<()> {
    let mut tx = app.store.begin().await?;
    let held = tx.release_mails().await?;
    let dropped = if drop && held { tx.drop_waiting_mails().await? } else { 0 };
    tx.commit().await?;
    match (held, drop) {
        (false, _) => say("No mails are held."),
        (true, false) => say("Mails go out again."),
        (true, true) => say(format_args!("Dropped {dropped} mails; new ones go out again.")),
    }
    Ok(())
}

/// Sends the test mail; the server's words, or why it was not taken.
pub async fn test(settings: &Settings, clock: &Clock, address: &str) -> anyhow::Result<String> {
    let address = identity::email(address)?;
    let (now, mailer) = (clock.now(), Mailer::new(settings)?);
    let id = MailId::generate(now, &mut crate::random::system());
    let content = test_mail((&mailer, &settings.public_url), &address, &mailer.message_id(id), now)?;
    let way = mailer.way();
    match mailer.deliver(id, &address, clock, async { Some(content) }).await {
        Outcome::Sent(reply) => Ok(format!("The mail to {address} went to {way}: {reply}")),
        Outcome::Final(words) => bail!("{way} refused the mail for good: {words}"),
        Outcome::Retry(words) | Outcome::Silent(words) => bail!("{way} did not take the mail now: {words}"),
        Outcome::Down(words) => bail!("{way} takes no mail now: {words}"),
        Outcome::Misconfigured(words) => bail!("{way} takes no mail with these settings: {words}"),
        Outcome::Withdrawn => bail!("nothing was sent"),
    }
}
