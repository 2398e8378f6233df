//! `latchkey doctor`: looks at everything this host depends on, changes nothing, and says what to do.

use anyhow::bail;

use super::{say, there_is_one};
use crate::{
    clock::Clock,
    config::{Args, Settings, aws_variables, service_links},
    disk,
    health::{self, Check, Finding, chain},
    mail::Mailer,
    packages::blobs::Blobs,
    store::Store,
    tokens::beyond_maximum::TokenBeyondMaximum,
};

/// Package files that are looked for, of each kind of sample.
const SAMPLE: i64 = 100;

/// Checks the settings, the database and the data in it, the package store, the mail server and the disk; an error if
/// anything is wrong.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    there_is_one(args)?;
    let settings = Settings::read(args, args.listen)?;
    let mut report = Report::default();
    report.tell(&Check::good("settings", format!("people reach this host at {}", settings.public_url.of("/"))));
    for name in service_links() {
        say(format_args!(
            "note  {name} is no setting; it looks like what Kubernetes sets beside a service, and is ignored"
        ));
    }
    report.tell(&match disk::lack_of_room(&settings) {
        Ok(None) => Check::good("disk", "has room"),
        Ok(Some(warning)) => Check::wrong("disk", "is full or nearly so", warning),
        Err(error) => Check::wrong("disk", "could not be asked", chain(error)),
    });
    // Named once for the whole process; a second naming changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut blobs = blobs(&settings, &mut report);
    if let Some(asked) = &blobs {
        let check = health::package_store(asked).await;
        report.tell(&check);
        // Of a store that does not answer there is nothing more to tell.
        blobs = blobs.filter(|_| check.problem().is_none());
    }
    match Store::connect(&settings.database).await {
        Ok(store) => data(&settings, &store, blobs.as_ref(), &mut report).await?,
        Err(error) => report.tell(&Check::wrong("database", "does not answer", chain(error))),
    }
    match Mailer::new(&settings) {
        Ok(mailer) => report.tell(&health::mail_server(&mailer).await),
        Err(error) => report.tell(&Check::wrong("mail server", "cannot be used", chain(error))),
    }
    match report.problems {
        0 => Ok(()),
        n => bail!("{n} of the checks found something wrong"),
    }
}

/// A folder that is not there is not made: it may be a disk that is not mounted.
fn blobs(settings: &Settings, report: &mut Report) -> Option<Blobs> {
    let opened = settings.blobs().and_then(|blobs| match blobs.missing_folder() {
        Some(folder) => bail!("the folder {} is not there: is its disk mounted?", folder.display()),
        None => Ok(Blobs::open(&blobs, &aws_variables())?.impatient()),
    });
    opened.map_err(|error| report.tell(&Check::wrong("package store", "cannot be opened", chain(error)))).ok()
}

/// What only a database that answers and has this version's schema can tell.
async fn data(settings: &Settings, store: &Store, blobs: Option<&Blobs>, report: &mut Report) -> anyhow::Result<()> {
    let found = health::database(store).await;
    found.iter().for_each(|check| report.tell(check));
    if found.iter().any(|check| check.problem().is_some()) {
        return Ok(());
    }
    report.tell(&health::master_secret(store, &settings.master).await);
    let unreadable = store.unreadable_tokens().await?;
    report.tell(&match unreadable.as_slice() {
        [] => Check::good("tokens", "can be read"),
        rows => {
            Check::wrong("tokens", "cannot all be read", format!("the keys of these are refused: {}", rows.join(", ")))
        }
    });
    if let Some(blobs) = blobs {
        report.tell(&health::store_owner(store, blobs).await);
        report.tell(&health::package_files(store, blobs, SAMPLE, Clock::System.now()).await);
    }
    report.tell(&health::mails(store).await);
    report.tell(&health::search_index(store).await);
    if let Some(max_days) = settings.max_token_days {
        let found = store.tokens_beyond(max_days, Clock::System.now()).await?;
        let told = TokenBeyondMaximum::told(&found, max_days).map(|told| format!("note  lifetimes: {told}"));
        say(told.unwrap_or_else(|| format!("ok    lifetimes: none over {max_days} days")));
    }
    Ok(())
}

/// What was told so far.
#[derive(Debug, Default)]
struct Report {
    problems: usize,
}

impl Report {
    fn tell(&mut self, check: &Check) {
        self.problems += usize::from(check.problem().is_some());
        match &check.finding {
            Finding::Good(text) => say(format_args!("ok    {}: {text}", check.name)),
            Finding::Wrong { what, cause } => say(format_args!("WRONG {} {what}: {cause}", check.name)),
        }
    }
}
