//! What packages tell their readers: read out of their files when somebody looks, and kept while the program runs.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
    time::timeout,
};

use crate::{
    packages::{
        blobs::{BlobError, BlobKey, Blobs},
        manifest::StoredManifest,
        readme::Readme,
        rules,
    },
    tokens::{Kind, VersionKey},
};

/// Packages that are opened, and texts that are laid out, at once.
const AT_ONCE: usize = 4;
/// How long laying one out may take, before it is shown as it is.
const PATIENCE: Duration = Duration::from_millis(100);
/// Readmes that are kept, and bytes of all of them; when there are more, all are forgotten.
const MOST_KEPT: usize = 1_000;
const ROOM: usize = 16 * 1024 * 1024;

/// Readmes that were looked at.
#[derive(Debug)]
pub struct Readmes {
    kept: Mutex<Kept>,
    turns: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Kept {
    readmes: HashMap<VersionKey, Option<Arc<Readme>>>,
    bytes: usize,
}

impl Default for Readmes {
    fn default() -> Self {
        Self { kept: Mutex::default(), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

/// A version whose readme is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReadmeOf<'a> {
    /// Its row.
    pub key: VersionKey,
    /// Its kind.
    pub kind: Kind,
    /// Where the package is.
    pub blob: &'a BlobKey,
    /// What it says of itself.
    pub manifest: &'a StoredManifest,
}

impl Readmes {
    /// The readme of a version; none if it has none that can be read.
    ///
    /// # Errors
    /// When the package store does not answer.
    pub async fn show(&self, blobs: &Blobs, version: ReadmeOf<'_>) -> Result<Option<Arc<Readme>>, BlobError> {
        if let Some(known) = self.kept().readmes.get(&version.key) {
            return Ok(known.clone());
        }
        let Some(text) = self.text(blobs, version).await? else {
            self.keep(version.key, None, 0);
            return Ok(None);
        };
        let bytes = text.len() * 2;
        let (readme, in_time) = self.lay_out(text).await?;
        let readme = Arc::new(readme);
        if in_time {
            self.keep(version.key, Some(Arc::clone(&readme)), bytes);
        }
        Ok(Some(readme))
    }

    /// The same as it was written.
    ///
    /// # Errors
    /// When the package store does not answer.
    pub async fn text(&self, blobs: &Blobs, version: ReadmeOf<'_>) -> Result<Option<String>, BlobError> {
        let _turn = self.turns.acquire().await;
        let Some(reader) = blobs.reader(version.blob).await? else { return Ok(None) };
        let (kind, manifest) = (version.kind, version.manifest.clone());
        let read = spawn_blocking(move || rules(kind).readme(&manifest, reader)).await.map_err(broken)??;
        Ok(read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// And whether it was done in time; a busy moment is not kept.
    async fn lay_out(&self, text: String) -> Result<(Readme, bool), BlobError> {
        let Ok(turn) = Arc::clone(&self.turns).acquire_owned().await else { return Ok((Readme::plain(&text), false)) };
        let source = text.clone();
        // What takes too long goes on to its end with its turn, so that there is never more of it than that.
        let laid = spawn_blocking(move || {
            let _turn = turn;
            Readme::of(&source)
        });
        match timeout(PATIENCE, laid).await {
            Ok(laid) => Ok((laid.map_err(broken)?, true)),
            Err(_) => Ok((Readme::plain(&text), false)),
        }
    }

    fn keep(&self, version: VersionKey, readme: Option<Arc<Readme>>, bytes: usize) {
        let mut kept = self.kept();
        if kept.readmes.len() >= MOST_KEPT || kept.bytes + bytes > ROOM {
            *kept = Kept::default();
        }
        kept.bytes += bytes;
        kept.readmes.insert(version, readme);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn broken(error: JoinError) -> io::Error {
    io::Error::other(error)
}
