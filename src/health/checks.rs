//! What this host depends on, part by part: does it answer, and if not, why not.

use std::{future::Future, time::Duration};

use chrono::{DateTime, Utc};
use rand::{Rng, RngExt};
use tokio::time::timeout;

use crate::{
    config::MasterSecret,
    mail::Mailer,
    package_store::Custody,
    packages::blobs::{Blobs, Ownership},
    store::{SchemaState, Store},
    tokens::VersionKey,
};

/// How long a part may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Missing files that are named.
const NAMED: usize = 3;
/// Waiting mails are counted so far: here it matters only whether any is held up.
const MAILS: i64 = 1;
/// Characters of a cause: what a server answers may be a whole page.
const LONGEST_CAUSE: usize = 600;
/// A random place in the store's past, in days.
const PAST: i64 = 3650;

/// One part and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The part, such as `package store`.
    pub name: &'static str,
    /// What was found.
    pub finding: Finding,
}

/// What was found of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It answers, in a few words.
    Good(String),
    /// It does not, or not as it should.
    Wrong {
        /// What is wrong, in words that anybody may read.
        what: String,
        /// Why, as far as it is known, with what to do; for operators.
        cause: String,
    },
}

impl Check {
    /// All is well.
    pub fn good(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, finding: Finding::Good(text.into()) }
    }

    /// Something is not; see [`Finding::Wrong`].
    pub fn wrong(name: &'static str, what: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { name, finding: Finding::Wrong { what: what.into(), cause: cause.into() } }
    }

    /// What is wrong, if something is.
    pub fn problem(&self) -> Option<(&str, &str)> {
        match &self.finding {
            Finding::Good(_) => None,
            Finding::Wrong { what, cause } => Some((what, cause)),
        }
    }
}

/// An error with what caused it, and what caused that, in one line of bounded length. What an error says of its cause
/// itself is not said again.
pub fn chain(error: impl Into<anyhow::Error>) -> String {
    let error = error.into();
    let mut told = String::new();
    for cause in error.chain().map(|cause| one_line(&cause.to_string())) {
        if !told.contains(&cause) {
            let colon = if told.is_empty() { "" } else { ": " };
            told = format!("{told}{colon}{cause}");
        }
    }
    if let Some((cut, _)) = told.char_indices().nth(LONGEST_CAUSE) {
        told.truncate(cut);
        told.push('…');
    }
    told
}

/// Without breaks, and without how often and how long the package store was asked again and again.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tries = line
        .find(", after ")
        .zip(line.find(" - "))
        .filter(|(from, to)| line.get(*from..*to).is_some_and(|tries| tries.contains(" retries, max_retries: ")));
    let line = tries.map_or(line.clone(), |(from, to)| format!("{}{}", &line[..from], &line[to..]));
    line.trim_end_matches([':', ' ']).to_owned()
}

async fn in_time<T, E: Into<anyhow::Error>>(asked: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(chain),
        Err(_) => Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    }
}

/// Whether the database answers, and its schema is one this version can work with.
pub async fn database(store: &Store) -> [Check; 2] {
    const SCHEMA: &str = "schema";
    let asked = async {
        store.ping().await?;
        store.schema_state().await
    };
    let engine = store.engine().label();
    match in_time(asked).await {
        Err(cause) => [
            Check::wrong("database", "does not answer", cause),
            Check::wrong(SCHEMA, "is not known", "the database does not answer"),
        ],
        Ok(state) => [Check::good("database", format!("{engine} answers")), schema(state)],
    }
}

fn schema(state: SchemaState) -> Check {
    const SCHEMA: &str = "schema";
    let version = env!("CARGO_PKG_VERSION");
    match state {
        SchemaState::Current => Check::good(SCHEMA, "matches this version"),
        SchemaState::Older => Check::wrong(
            SCHEMA,
            "is older than this version",
            format!("start the server of this version ({version}), or run latchkey migrate"),
        ),
        SchemaState::Newer => Check::wrong(
            SCHEMA,
            "is newer than this version",
            format!("a newer version has been here: upgrade this program ({version}); migrating cannot help"),
        ),
    }
}

/// Whether searches find every package.
pub async fn search_index(store: &Store) -> Check {
    const NAME: &str = "search index";
    match in_time(store.index_counts()).await {
        Ok(counts) if counts.agree() => Check::good(NAME, format!("has all {} packages", counts.packages)),
        Ok(counts) => Check::wrong(
            NAME,
            format!("has {} of {} packages", counts.entries, counts.packages),
            format!(
                "words of {} are there; after an upgrade the portal indexes the rest while it runs, else run latchkey reindex",
                counts.words
            ),
        ),
        Err(cause) => Check::wrong(NAME, "cannot be read", cause),
    }
}

/// Whether this process has the master secret that the database was set up with.
pub async fn master_secret(store: &Store, master: &MasterSecret) -> Check {
    const NAME: &str = "master secret";
    match in_time(store.master_fingerprint()).await {
        Ok(Some(kept)) if kept != master.fingerprint() => Check::wrong(
            NAME,
            "is not the one in use",
            "it was rotated, or this process has a wrong one: give it the one in use and restart it",
        ),
        Ok(_) => Check::good(NAME, "matches the one in use"),
        Err(cause) => Check::wrong(NAME, "could not be compared", cause),
    }
}

/// Whether the package store can be reached and written.
pub async fn package_store(blobs: &Blobs) -> Check {
    const NAME: &str = "package store";
    let mut id = [0; 16];
    crate::random::system().fill_bytes(&mut id);
    match in_time(blobs.probe(uuid::Uuid::from_bytes(id))).await {
        Ok(()) => Check::good(NAME, "can be written"),
        Err(cause) => Check::wrong(NAME, "cannot be written", cause),
    }
}

/// Whether the package store is this installation's.
pub async fn store_owner(store: &Store, blobs: &Blobs) -> Check {
    const NAME: &str = "package store owner";
    let custody = match in_time(Custody::of(store, blobs)).await {
        Ok(custody) => custody,
        Err(cause) => return Check::wrong(NAME, "is not known", cause),
    };
    match &custody.ownership {
        Ownership::Ours => Check::good(NAME, "is this host"),
        Ownership::Unclaimed => Check::good(NAME, "is nobody yet; the next cleanup takes it over"),
        Ownership::Missing => Check::wrong(NAME, "is not known: the store is not where it was", problem(&custody)),
        Ownership::Foreign(_) | Ownership::Disputed => Check::wrong(NAME, "is not this host alone", problem(&custody)),
    }
}

fn problem(custody: &Custody) -> String {
    custody.ownership.problem().unwrap_or_default()
}

/// Whether the files of some versions are there: the oldest, the newest, and some in between.
pub async fn package_files(store: &Store, blobs: &Blobs, sample: i64, now: DateTime<Utc>) -> Check {
    const NAME: &str = "package files";
    match in_time(missing_files(store, blobs, sample, now)).await {
        Ok((looked_at, missing)) if missing.is_empty() => {
            Check::good(NAME, format!("{looked_at} looked for and found"))
        }
        Ok((looked_at, missing)) => {
            let names: Vec<_> = missing.iter().take(NAMED).map(String::as_str).collect();
            let cause = format!("such as {}: restore the package store from its backup", names.join(", "));
            Check::wrong(NAME, format!("{} of {looked_at} looked for are missing", missing.len()), cause)
        }
        Err(cause) => Check::wrong(NAME, "could not be looked for", cause),
    }
}

async fn missing_files(
    store: &Store,
    blobs: &Blobs,
    sample: i64,
    now: DateTime<Utc>,
) -> anyhow::Result<(usize, Vec<String>)> {
    let ago = chrono::Duration::days(crate::random::system().random_range(0..PAST));
    let files = store.sampled_files(VersionKey::first_at(now - ago), sample).await?;
    let mut missing = Vec::new();
    for (name, file) in &files {
        if !blobs.exists(file).await? {
            missing.push(name.clone());
        }
    }
    Ok((files.len(), missing))
}

/// Whether the mail server takes mails from us, without sending one.
pub async fn mail_server(mailer: &Mailer) -> Check {
    const NAME: &str = "mail server";
    match mailer.probe().await {
        Ok(()) => Check::good(NAME, format!("mails go to {}", mailer.way())),
        Err(cause) => Check::wrong(NAME, "takes no mail", format!("{}: {cause}", mailer.way())),
    }
}

/// Whether mails are on their way.
pub async fn mails(store: &Store) -> Check {
    let asked =
        async { Ok::<_, crate::store::StoreError>((store.mails_held_since().await?, store.mail_queue(MAILS).await?)) };
    match in_time(asked).await {
        Ok((Some(since), _)) => Check::wrong(
            super::MAILS,
            "are held",
            format!(
                "since {} after a restore; let them go with latchkey mail release",
                since.format("%Y-%m-%d %H:%M UTC")
            ),
        ),
        Ok((None, queue)) => match queue.reply {
            Some(reply) => Check::wrong(super::MAILS, "wait", format!("the last attempt says: {reply}")),
            None => Check::good(super::MAILS, "none is held up"),
        },
        Err(cause) => Check::wrong(super::MAILS, "could not be looked at", cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_one_line_that_says_nothing_twice() {
        let sent = anyhow::anyhow!("Connection refused");
        let asked = "Error performing PUT http://s3/probe in 3.5s, after 10 retries, max_retries: 10, retry_timeout: 180s  - HTTP error: error sending request";
        let error = sent
            .context("error sending request")
            .context(asked)
            .context(format!("Generic S3 error: {asked}"))
            .context("the package store\r\n does not answer");
        assert_eq!(
            chain(error),
            "the package store does not answer: Generic S3 error: Error performing PUT http://s3/probe in 3.5s - HTTP error: error sending request: Connection refused"
        );
        assert_eq!(chain(anyhow::anyhow!("404 Not Found: ")), "404 Not Found");
        assert_eq!(chain(anyhow::anyhow!("ä".repeat(5_000))).chars().count(), LONGEST_CAUSE + 1);
        assert_eq!(chain(anyhow::anyhow!("at noon - after lunch, after tea")), "at noon - after lunch, after tea");
    }
}
