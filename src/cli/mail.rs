//! `latchkey mail …`: tries the way mails go, without the database, and says in one line what happened.

use anyhow::bail;
use clap::Subcommand;

use super::say;
use crate::{
    accounts::identity,
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
}

impl Command {
    /// Does it.
    pub async fn run(self, args: &Args) -> anyhow::Result<()> {
        let Self::Test { address } = self;
        let settings = Settings::read(args, args.listen)?;
        say(test(&settings, &Clock::System, &address).await?);
        Ok(())
    }
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
