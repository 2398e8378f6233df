//! The running program's parts, made from the settings and handed to every handler and job.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::{
    accounts::{Account, one_time_link},
    auth::{
        AccountLimiter, AnonymousSearches, ConcurrencyLimiter, LegacyKeys, PasswordReads, PushQueue, UsageBuffer,
        password_hasher::PasswordHasher, rate_limiter::RateLimiter, signing_keys::SigningKeys,
    },
    clock::Clock,
    config::{MasterSecret, Settings, aws_variables, private_folder},
    health::{Health, Parts},
    mail::Mailer,
    metrics::Metrics,
    notifications::{MailKind, NewMail},
    package_store,
    packages::{
        blobs::{Blobs, delete_leftover_uploads},
        downloads::Downloads,
        kept::KeptAnswers,
    },
    readmes::Readmes,
    store::{Result as StoreResult, Store, migrate::migrate, searchers},
    tokens::{AccountId, MailId},
};

/// The parts.
#[derive(Debug)]
pub struct App {
    /// The settings in force.
    pub settings: Settings,
    /// The database.
    pub store: Store,
    /// The way mails go.
    pub mailer: Mailer,
    /// The time.
    pub clock: Clock,
    /// Checks passwords, a few at a time.
    pub passwords: PasswordHasher,
    /// How often strangers, and people themselves, may ask for what costs something.
    pub limits: RateLimiter,
    /// Whether passwords read packages, and how they are checked.
    pub password_reads: PasswordReads,
    /// Whether keys of an older system are to be looked for.
    pub legacy: Arc<LegacyKeys>,
    /// Uses and refusals of tokens that are not written yet.
    pub usage_buffer: Arc<UsageBuffer>,
    /// Downloads that are not counted in the database yet.
    pub downloads: Downloads,
    /// Answers about packages that are kept until these change.
    pub kept: KeptAnswers,
    /// Readmes of packages that were looked at.
    pub readmes: Readmes,
    /// The bytes of packages.
    pub blobs: Blobs,
    /// The pushes under way and those that wait.
    pub pushes: PushQueue,
    /// Turns at making pieces of answers that may be long.
    pub long_answers: ConcurrencyLimiter,
    /// Turns at searches: at most half of the processor cores.
    pub searches: ConcurrencyLimiter,
    /// How often anybody may search without a key.
    pub anonymous_searches: AnonymousSearches,
    /// Turns at holding patterns against all packages that somebody can reach.
    pub previews: AccountLimiter,
    /// What signs the proofs that container registries are shown.
    pub signing_keys: SigningKeys,
    /// Which part answered when last looked at.
    pub health: Health,
    /// What is counted for Prometheus.
    pub metrics: Metrics,
}

/// Pieces of long answers that are made at the same time. Each needs a connection to the database.
const PIECES: usize = 4;
/// Accounts whose patterns are held against packages at the same time: each takes a core for some ten milliseconds.
const PREVIEWS: usize = 2;
/// What an upload left behind is older than this when it is removed; another process may be at work on younger ones.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

impl App {
    /// Whether an account has yet to confirm its address before it gets keys: where there is a mail server, whoever signed
    /// up or changed the address. Accounts that an operator made count as confirmed.
    pub async fn must_confirm_address(&self, account: AccountId, now: DateTime<Utc>) -> StoreResult<bool> {
        Ok(self.settings.smtp_url.is_some() && self.store.address_state(account, now).await?.is_unproven)
    }

    /// Opens the data folder and the database, and brings the schema up to date.
    pub async fn open(settings: Settings, clock: Clock) -> anyhow::Result<Self> {
        let mailer = Mailer::new(&settings)?;
        let folder = &settings.data_dir;
        private_folder(folder).with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
        let store = Store::connect(&settings.database).await.context("the database cannot be opened")?;
        migrate(&store, folder, clock.now()).await?;
        same_master_secret(&store, &settings).await?;
        package_store::note_start(&store).await?;
        watch(&store, &clock).await?;
        // Named once for the whole process; a second naming changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let blobs = Blobs::open(&settings.blobs()?, &aws_variables()).context("the package store cannot be opened")?;
        let legacy = Arc::new(LegacyKeys::read_at_start(&store).await?);
        let passwords = PasswordHasher::default();
        let limits = RateLimiter::new(settings.master.derive("rate limits"));
        let app = Self {
            store,
            mailer,
            clock,
            password_reads: PasswordReads::new(settings.password_reads, limits.clone(), passwords.clone()),
            passwords,
            limits,
            legacy,
            usage_buffer: Arc::default(),
            downloads: Downloads::default(),
            kept: KeptAnswers::default(),
            readmes: Readmes::default(),
            blobs,
            pushes: PushQueue::new(settings.pushes),
            long_answers: ConcurrencyLimiter::of(PIECES),
            searches: ConcurrencyLimiter::of(usize::try_from(searchers()).unwrap_or(1)),
            anonymous_searches: AnonymousSearches::default(),
            previews: AccountLimiter::of(PREVIEWS),
            signing_keys: SigningKeys::new(&settings.master),
            health: Health::default(),
            metrics: Metrics::default(),
            settings,
        };
        if !app.settings.registry_services.is_empty() {
            app.signing_keys.make_first(&app.store, app.clock.now()).await?;
        }
        private_folder(&app.uploads())?;
        close_folders(&app.settings.data_dir)?;
        app.delete_leftovers()?;
        Ok(app)
    }

    /// What a look at the host's health looks at.
    pub fn parts(&self) -> Parts<'_> {
        let Self { settings, store, blobs, mailer, clock, .. } = self;
        Parts { settings, store, blobs, mailer, clock }
    }

    /// A mail to be queued; its link, if it holds one, is [`Self::mailed_link`] of its id.
    pub fn new_mail(&self, kind: MailKind, account: Option<AccountId>, recipient: &str) -> NewMail {
        let id = MailId::generate(self.clock.now(), &mut crate::random::system());
        NewMail { id, message_id: self.mailer.message_id(id), kind, account, recipient: recipient.to_owned() }
    }

    /// What tells the owner of an account that it was deleted: at its address, and at one that it had before and that is
    /// owed word of the change, which goes with the account.
    pub async fn farewells(&self, account: &Account) -> crate::store::Result<Vec<NewMail>> {
        let mut addresses = self.store.addresses_owed_word(account.id).await?;
        addresses.push(account.email.clone());
        Ok(addresses.iter().map(|address| self.new_mail(MailKind::AccountDeleted, None, address)).collect())
    }

    /// The secret of the link that a mail holds. It follows from the mail's id, so that it need not be kept to be sent
    /// once more.
    pub fn mailed_link(&self, mail: MailId) -> String {
        one_time_link::of_mail(&*mailed_link_key(&self.settings.master), mail)
    }

    /// The folder for uploads under way.
    pub fn uploads(&self) -> PathBuf {
        self.settings.uploads()
    }

    /// Removes what uploads left behind when a process died.
    fn delete_leftovers(&self) -> std::io::Result<()> {
        let before = SystemTime::from(self.clock.now()) - LEFT_BEHIND;
        let removed = delete_leftover_uploads(&self.uploads(), before)? + self.blobs.delete_leftovers(before)?;
        if removed > 0 {
            tracing::info!(files = removed, "unfinished uploads removed");
        }
        Ok(())
    }
}

/// What the secrets of mailed links are derived with.
pub fn mailed_link_key(master: &MasterSecret) -> Zeroizing<[u8; 64]> {
    master.derive("mailed links")
}

/// Closes every folder in the data folder to other users, whatever it was when it was found.
fn close_folders(data: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            private_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Notes since when uses are watched: the first start of a version that does.
async fn watch(store: &Store, clock: &Clock) -> anyhow::Result<()> {
    let mut tx = store.begin().await?;
    tx.watch_from(clock.now()).await?;
    Ok(tx.commit().await?)
}

/// A node with another master secret would sign out everybody and could not read what the others encrypted.
async fn same_master_secret(store: &Store, settings: &Settings) -> anyhow::Result<()> {
    let mine = settings.master.fingerprint();
    let mut tx = store.begin().await?;
    let kept = tx.keep_master_fingerprint(&mine).await?;
    tx.commit().await?;
    anyhow::ensure!(
        kept == mine,
        "the master secret is not the one this database was set up with: put the old file back (LATCHKEY_SECRET_FILE, or master.secret in the data folder); if it was rotated, use the new one; if it is lost for good, run latchkey secret lost"
    );
    Ok(())
}
