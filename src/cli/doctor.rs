//! `latchkey doctor`: looks, changes nothing, and says what to do.

use anyhow::bail;

use super::{say, there_is_one};
use crate::{
    clock::Clock,
    config::{Args, Settings},
    disk::DiskSpace,
    store::{Store, TooLong},
};

/// Waiting mails are counted so far; here it matters only whether one is held up.
const MAILS: i64 = 1;

/// Checks the settings, the database and the data in it; an error if anything is wrong.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    there_is_one(args)?;
    let settings = Settings::read(args, args.listen)?;
    say(format_args!("ok    settings: people reach this host at {}", settings.public_url.of("/")));
    let store = Store::connect(&settings.database).await?;
    store.ping().await?;
    say(format_args!("ok    database: {:?} answers", store.engine()));
    let mut troubles = 0;
    let mut check = |good: bool, what: &str, advice: &str| {
        troubles += usize::from(!good);
        say(if good { format!("ok    {what}") } else { format!("WRONG {what}: {advice}") });
    };
    let disk = DiskSpace::of(&settings.data_dir)?.warning();
    check(disk.is_none(), "disk", disk.as_deref().unwrap_or_default());
    let schema = store.schema_is_current().await?;
    check(schema, "schema", "start the portal, or run latchkey migrate");
    if schema {
        let fact = store.fact("master secret").await?;
        let same = fact.is_none_or(|kept| kept == settings.master.fingerprint());
        check(same, "master secret", "it is not the one this database was set up with; put the old file back");
        let unreadable = store.unreadable_tokens().await?;
        check(
            unreadable.is_empty(),
            "tokens",
            &format!("these rows cannot be read, and their keys are refused: {}", unreadable.join(", ")),
        );
    }
    if schema {
        let reply = store.mail_queue(MAILS).await?.reply;
        let advice = format!("mails wait, and the last attempt says: {}", reply.as_deref().unwrap_or_default());
        check(reply.is_none(), "mail", &advice);
    }
    if let Some(max_days) = settings.max_token_days.filter(|_| schema) {
        let found = store.tokens_beyond(max_days, Clock::System.now()).await?;
        let told = TooLong::told(&found, max_days).map(|told| format!("note  lifetimes: {told}"));
        say(told.unwrap_or_else(|| format!("ok    lifetimes: none over {max_days} days")));
    }
    match troubles {
        0 => Ok(()),
        n => bail!("{n} of the checks found something wrong"),
    }
}
