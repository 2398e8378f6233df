//! `latchkey legacy …`: takes over the keys of an older system, so that nobody's build stops on the day of the move.

use std::{
    collections::HashMap,
    fmt,
    io::{self, Read},
    time::Duration,
};

use anyhow::{Context, bail};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::Subcommand;
use csv::{ReaderBuilder, StringRecord, Trim};

use super::say;
use crate::{
    accounts::identity,
    app::App,
    audit::Actor,
    tokens::{
        AccountId, ImportOutcome, SecretHash, TokenId, draft,
        legacy::{ImportedKey, LegacyKey, Policy, Shape},
    },
};

/// A longer list is to be split, so that what is wrong with it can be looked through.
const MOST_KEYS: usize = 5_000;
/// Keys of one change. Between two the server's own changes get their turn.
const STEP: usize = 100;
const BREATH: Duration = Duration::from_millis(20);
/// A list is not read further than this: five thousand keys need less than a tenth of it.
const MOST_BYTES: u64 = 16 << 20;
/// Faults that are named before the rest is counted.
const NAMED: usize = 20;
const NAME: &str = "Legacy key";
const COLUMNS: [&str; 7] = ["account", "key", "sha256", "shape", "created", "last_push", "name"];

/// What to do with the keys of an older system.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import keys: all of a list, or none. They may do everything with the NuGet packages of their account
    #[command(long_about = "Import keys: all of a list, or none. They may do everything with the NuGet packages of \
        their account.\n\nThe list is CSV with a first line that names its columns: account (username), created, \
        and either key, or sha256 (hexadecimal; of a GUID in lower case) with shape (guid or text). May be left out or \
        empty: last_push, name. Times are such as 2019-05-01 or 2019-05-01T10:00:00Z. A key is a GUID, or 32 to 128 \
        letters, digits, dashes and underscores. A key that was imported before stays as it is.")]
    Import {
        /// The list; - for standard input
        file: String,
        /// How the keys end: idle-365 (a year after the last push or, without one, the creation; at the earliest 30 days from now) or spread-90-110
        /// (each on a day of its own, 90 to 110 days from now). Without it they never end
        #[arg(long, value_parser = |word: &str| Policy::parse(word).ok_or("a policy is idle-365 or spread-90-110"))]
        policy: Option<Policy>,
    },
}

impl Command {
    /// Does it.
    pub async fn run(self, app: &App) -> anyhow::Result<()> {
        let Self::Import { file, policy } = self;
        let summary = if file == "-" {
            import(app, io::stdin(), policy).await
        } else {
            import(app, std::fs::File::open(&file).with_context(|| format!("cannot open {file}"))?, policy).await
        };
        say(summary?);
        Ok(())
    }
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Keys that work from now on.
    pub imported: usize,
    /// Keys that came in with an earlier import.
    pub before: usize,
    /// When the first of the imported keys ends by itself; none if none does.
    pub first_end: Option<DateTime<Utc>>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { imported, before, first_end } = self;
        write!(f, "Imported {imported} key{}.", if *imported == 1 { "" } else { "s" })?;
        match first_end {
            Some(end) => write!(f, " The first to end does so on {}.", end.format("%Y-%m-%d"))?,
            None if *imported > 0 => write!(f, " No key ends by itself, as no --policy was given.")?,
            None => {}
        }
        match before {
            0 => Ok(()),
            1 => write!(f, " One was imported before and stays as it is."),
            more => write!(f, " {more} were imported before and stay as they are."),
        }
    }
}

/// What is wrong with which lines. Says no key.
#[derive(Debug, Default)]
struct Problems(Vec<(u64, String)>);

impl Problems {
    fn check(mut self) -> anyhow::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by_key(|(line, _)| *line);
        let named = self.0.iter().take(NAMED).map(|(line, problem)| format!("\nline {line}: {problem}"));
        let more = self.0.len().saturating_sub(NAMED);
        let rest = if more > 0 { format!("\nand {more} more") } else { String::new() };
        bail!("nothing was imported:{}{rest}", named.collect::<String>());
    }
}

/// Imports a list step by step, or nothing if anything in it is wrong.
pub async fn import(app: &App, list: impl Read, policy: Option<Policy>) -> anyhow::Result<Summary> {
    let now = app.clock.now();
    let rows = read(list)?;
    let accounts = accounts(app, &rows).await?;
    let mut problems = Problems::default();
    let mut keys = Vec::with_capacity(rows.len());
    for row in &rows {
        match row.key(&accounts, now) {
            Ok(key) => keys.push((row.line, key)),
            Err(faults) => problems.0.extend(faults.into_iter().map(|fault| (row.line, fault))),
        }
    }
    note_doubles(&keys, &mut problems);
    problems.check()?;
    enter(app, &keys, policy, now).await
}

/// Enters keys that were all looked at, step by step. If that is cut short, what was entered works, and the same import
/// done again goes on from there.
async fn enter(
    app: &App,
    keys: &[(u64, ImportedKey)],
    policy: Option<Policy>,
    now: DateTime<Utc>,
) -> anyhow::Result<Summary> {
    none_of_others(app, keys).await?;
    let mut summary = Summary::default();
    for step in keys.chunks(STEP) {
        enter_step(app, step, policy, now, &mut summary).await?;
        tokio::time::sleep(BREATH).await;
    }
    Ok(summary)
}

async fn none_of_others(app: &App, keys: &[(u64, ImportedKey)]) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for (line, key) in keys {
        if app.store.is_key_of_another(key).await? {
            problems.0.push((*line, "this key is another token's on this host".to_owned()));
        }
    }
    problems.check()
}

async fn enter_step(
    app: &App,
    keys: &[(u64, ImportedKey)],
    policy: Option<Policy>,
    now: DateTime<Utc>,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let (by, rng) = (Actor::host("latchkey legacy import"), &mut crate::random::system());
    let mut tx = app.store.begin().await?;
    for (line, key) in keys {
        let token = key.to_token(policy, TokenId::generate(now, rng), now, rng);
        match tx.import_key(key, &token, &by, now).await? {
            ImportOutcome::Now => {
                summary.imported += 1;
                summary.first_end = summary.first_end.into_iter().chain(token.end()).min();
            }
            ImportOutcome::Before => summary.before += 1,
            ImportOutcome::OfAnother => {
                bail!("line {line}: another import has just taken this key; mend the list and import it again")
            }
        }
    }
    Ok(tx.commit().await?)
}

/// The accounts that a list names.
async fn accounts(app: &App, rows: &[Row]) -> anyhow::Result<HashMap<String, AccountId>> {
    let mut found = HashMap::new();
    for row in rows {
        let username = row.get("account");
        if !found.contains_key(username)
            && let Some(account) = app.store.account_named(username).await?
        {
            found.insert(username.to_owned(), account.id);
        }
    }
    Ok(found)
}

fn note_doubles(keys: &[(u64, ImportedKey)], problems: &mut Problems) {
    let mut seen = HashMap::new();
    for (line, key) in keys {
        if let Some(first) = seen.insert(key.hash, *line) {
            problems.0.push((*line, format!("this key stands in line {first} already")));
        }
    }
}

/// A line of the list.
struct Row {
    line: u64,
    cells: StringRecord,
    columns: HashMap<&'static str, usize>,
}

fn read(list: impl Read) -> anyhow::Result<Vec<Row>> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(list.take(MOST_BYTES));
    let columns = columns(reader.headers().map_err(unreadable)?)?;
    let mut rows = Vec::new();
    for cells in reader.into_records() {
        let cells = cells.map_err(unreadable)?;
        let line = cells.position().map_or(0, csv::Position::line);
        rows.push(Row { line, cells, columns: columns.clone() });
        if rows.len() > MOST_KEYS {
            bail!("nothing was imported: the list has more than {MOST_KEYS} keys; split it");
        }
    }
    Ok(rows)
}

/// csv's own words, which name the line and no content.
fn unreadable(error: csv::Error) -> anyhow::Error {
    anyhow::anyhow!("nothing was imported: the list cannot be read: {error}")
}

/// What to do about a column that is none. It is not said where it may be a key, in a file without a first line.
fn no_column(header: &str, at: usize) -> String {
    let columns = COLUMNS.join(", ");
    let word = header.len() <= 20 && header.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    let what = match word {
        true => format!("the columns are {columns}, not “{header}”"),
        false if header.contains(';') => format!("separate the columns with commas: {columns}"),
        false => format!("column {} has no name; the first line names the columns: {columns}", at + 1),
    };
    format!("nothing was imported: line 1: {what}")
}

fn columns(headers: &StringRecord) -> anyhow::Result<HashMap<&'static str, usize>> {
    let mut found = HashMap::new();
    for (at, header) in headers.iter().enumerate() {
        let name = COLUMNS.into_iter().find(|name| header.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name));
        let name = name.with_context(|| no_column(header, at))?;
        if found.insert(name, at).is_some() {
            bail!("nothing was imported: line 1: the column {name} stands there twice");
        }
    }
    let has = |name| found.contains_key(name);
    if !(has("account") && has("created") && (has("key") || (has("sha256") && has("shape")))) {
        bail!(
            "nothing was imported: line 1: the list needs the columns account, created, and key, or sha256 and shape"
        );
    }
    Ok(found)
}

impl Row {
    /// A cell; empty if there is none.
    fn get(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|at| self.cells.get(*at)).unwrap_or_default()
    }

    /// The key of this line, or all that is wrong with it.
    fn key(&self, accounts: &HashMap<String, AccountId>, now: DateTime<Utc>) -> Result<ImportedKey, Vec<String>> {
        let (has, named) = (self.cells.len(), self.columns.len());
        if has != named {
            return Err(vec![format!("it has {has} values, and the first line names {named} columns")]);
        }
        let mut faults = Vec::new();
        let account = note(&mut faults, self.account(accounts));
        let identity = note(&mut faults, self.identity());
        let name = note(&mut faults, self.name());
        let created_at = note(&mut faults, time(self.get("created"), now).map_err(|bad| format!("created: {bad}")));
        let last_push = note(&mut faults, self.last_push(now).map_err(|bad| format!("last_push: {bad}")));
        match (account, identity, name, created_at, last_push) {
            (Some(account), Some((hash, shape, hint)), Some(name), Some(created_at), Some(last_push)) => {
                Ok(ImportedKey { account, name, hash, shape, hint, created_at, last_push })
            }
            _ => Err(faults),
        }
    }

    fn account(&self, accounts: &HashMap<String, AccountId>) -> Result<AccountId, String> {
        let account = self.get("account");
        accounts.get(account).copied().ok_or_else(|| match identity::username(account) {
            Ok(_) if LegacyKey::parse(account).is_none() => format!("there is no account “{account}”"),
            _ => "account: this is no username".to_owned(),
        })
    }

    fn name(&self) -> Result<String, String> {
        match self.get("name") {
            "" => Ok(NAME.to_owned()),
            name if LegacyKey::parse(name).is_some() => Err("name: this looks like a key".to_owned()),
            name => draft::name(name).map_err(|bad| format!("name: {bad}")),
        }
    }

    fn last_push(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, &'static str> {
        match self.get("last_push") {
            "" => Ok(None),
            text => time(text, now).map(Some),
        }
    }

    fn identity(&self) -> Result<(SecretHash, Shape, Option<String>), String> {
        match (self.get("key"), self.get("sha256"), self.get("shape")) {
            ("", "", _) => Err("give a key, or a sha256 and a shape".to_owned()),
            ("", hash, shape) => {
                let mut bytes = [0; 32];
                hex::decode_to_slice(hash, &mut bytes).map_err(|_| "sha256: write 64 hexadecimal digits".to_owned())?;
                let shape = Shape::parse(shape).ok_or("shape: write guid or text")?;
                Ok((SecretHash::from_bytes(bytes), shape, None))
            }
            (text, "", _) if text.starts_with('{') => Err("key: write a GUID without braces".to_owned()),
            (text, "", shape) => {
                let key = LegacyKey::parse(text)
                    .ok_or("key: this is no GUID, nor 32 to 128 letters, digits, dashes and underscores")?;
                if !shape.is_empty() && shape != key.shape().as_str() {
                    return Err(format!("shape: this key has the shape {}", key.shape().as_str()));
                }
                Ok((key.hash(), key.shape(), Some(key.hint().to_owned())))
            }
            _ => Err("give either key or sha256".to_owned()),
        }
    }
}

fn note<T>(faults: &mut Vec<String>, part: Result<T, String>) -> Option<T> {
    part.map_err(|fault| faults.push(fault)).ok()
}

/// A day (its beginning, UTC) or an instant that has passed.
fn time(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, &'static str> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let instant = day.or_else(|_| DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()));
    match instant {
        Ok(instant) if instant < DateTime::UNIX_EPOCH => Err("this lies before 1970"),
        Ok(instant) if instant <= now => Ok(instant),
        Ok(_) => Err("this is in the future"),
        Err(_) => Err("write a time such as 2019-05-01 or 2019-05-01T10:00:00Z"),
    }
}
