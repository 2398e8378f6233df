//! Where the bytes of packages are kept: a folder, or a bucket that speaks S3. Which bytes belong to which version is
//! the database's to know.

mod identity;
mod reader;
mod settings;
#[cfg(test)]
mod tests;
mod trash;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt, RetryConfig, path::Path as Location};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use uuid::Uuid;

use crate::tokens::Kind;

pub use identity::{Claim, Ownership, StoreIdentity};
pub use reader::BlobReader;
pub use settings::{BadBlobUrl, BlobSettings, Bucket};
pub use trash::Trashed;

/// Bytes of one part of an upload. S3 takes parts from 5 MiB on; two are in flight at a time.
const PART: usize = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT: usize = 2;
/// Bytes of a file that are read at a time.
const CHUNK: usize = 256 * 1024;

/// Characters of a file's ending.
const LONGEST_ENDING: usize = 8;

/// The store of package files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The same for whoever only looks whether it answers: it gives up soon, and then says why.
    impatient: Arc<dyn ObjectStore>,
    /// The folder behind the store, if it is one.
    folder: Option<PathBuf>,
}

/// The name of a blob: chosen by us, never by a sender.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlobKey(String);

/// A blob that is being read.
pub struct Blob {
    /// Bytes in all.
    pub size: u64,
    /// The bytes, in order. An error ends the stream.
    pub stream: BoxStream<'static, io::Result<Bytes>>,
}

/// Why a blob could not be kept, read or deleted. None of it is a fault of the caller.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The folder or bucket refused or failed.
    #[error("the package store does not answer as it should")]
    Store(#[from] object_store::Error),
    /// A local file could not be read.
    #[error("a file of a package could not be read")]
    File(#[from] io::Error),
    /// The object that tells whose the store is.
    #[error("{0} in the package store cannot be read")]
    Identity(String, #[source] serde_json::Error),
}

/// A file of a package in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name.
    pub key: BlobKey,
    /// When it was last written.
    pub written_at: DateTime<Utc>,
}

impl BlobKey {
    /// A name for a file of a package: `nuget/ab/…ab.nupkg`. Who takes a new id for each gets a new name for each, and no
    /// file is ever shared or overwritten. `ending` is up to eight small letters and digits.
    pub fn new(kind: Kind, id: Uuid, ending: &str) -> Self {
        let name = id.simple().to_string();
        // The last digits, because the first ones of version 7 are the time and would fill one folder at a time.
        let folder: String = name.chars().skip(30).collect();
        Self(format!("{}/{folder}/{name}.{ending}", kind.as_str()))
    }

    /// Reads a name that was stored; `None` when [`new`](Self::new) cannot have made it.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('/')?;
        let (name, ending) = rest.rsplit('/').next()?.split_once('.')?;
        let is_ending = (1..=LONGEST_ENDING).contains(&ending.len())
            && ending.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let key = Self::new(Kind::parse(kind)?, Uuid::try_parse(name).ok()?, ending);
        (is_ending && key.0 == text).then_some(key)
    }

    /// What [`new`](Self::new) made it from; `None` for a file that somebody else put there.
    pub fn id(&self) -> Option<Uuid> {
        Uuid::try_parse(Self::parse(&self.0)?.0.rsplit('/').next()?.split('.').next()?).ok()
    }

    /// When it was made, if its id tells (version 7): whatever the file's own date says.
    pub fn made_at(&self) -> Option<DateTime<Utc>> {
        let id = self.id().filter(|id| id.get_version_num() == 7)?;
        DateTime::from_timestamp_millis(i64::try_from(id.as_u128() >> 80).ok()?)
    }

    /// The name of a file beside this one, made from the same id.
    #[must_use]
    pub fn with_ending(&self, ending: &str) -> Self {
        let stem = self.0.rsplit_once('.').map_or(self.0.as_str(), |(stem, _)| stem);
        Self(format!("{stem}.{ending}"))
    }

    /// The name as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn location(&self) -> Location {
        Location::from(self.as_str())
    }
}

impl Blobs {
    /// Opens the store, and makes the folder when it is not there.
    ///
    /// For a bucket, the process must have named its TLS library before (`rustls`' default provider), and `aws` holds the
    /// `AWS_…` variables of the environment, from which credentials and whatever the settings leave open are taken.
    ///
    /// # Errors
    /// When the folder cannot be made, or the settings of the bucket contradict each other.
    pub fn open(settings: &BlobSettings, aws: &[(String, String)]) -> Result<Self, BlobError> {
        match settings {
            BlobSettings::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                let store = settings::folder(folder)?;
                Ok(Self { impatient: Arc::clone(&store), store, folder: Some(folder.clone()) })
            }
            BlobSettings::Bucket(bucket) => Ok(Self {
                store: settings::bucket(bucket, aws, RetryConfig::default())?,
                impatient: settings::bucket(bucket, aws, settings::impatient())?,
                folder: None,
            }),
        }
    }

    /// The same store, which gives up within seconds instead of minutes when it does not answer.
    #[must_use]
    pub fn impatient(&self) -> Self {
        Self { store: Arc::clone(&self.impatient), ..self.clone() }
    }

    /// Copies a file into the store. When this returns, the blob survives a power cut. The file stays where it is.
    ///
    /// # Errors
    /// When the file cannot be read or the store refuses; then there is no blob of this name.
    pub async fn put(&self, key: &BlobKey, file: &Path) -> Result<(), BlobError> {
        let mut source = tokio::fs::File::open(file).await?;
        let mut writer = BufWriter::with_capacity(Arc::clone(&self.store), key.location(), PART)
            .with_max_concurrency(PARTS_IN_FLIGHT);
        if let Err(error) = copy(&mut source, &mut writer).await {
            // The first error is the one to tell; what cannot be cleaned up now, the cleanup or the bucket will.
            let _ = writer.abort().await;
            return Err(error.into());
        }
        // A writer that could not be shut down cannot be aborted either (it panics).
        Ok(writer.shutdown().await?)
    }

    /// Writes a few bytes under a name of their own and removes them, to see that the store can be written.
    ///
    /// # Errors
    /// When the store refuses or does not answer.
    pub async fn probe(&self, id: Uuid) -> Result<(), BlobError> {
        let location = Location::from(format!("probe-{}", id.simple()));
        self.store.put(&location, Bytes::from_static(b"probe").into()).await?;
        Ok(self.store.delete(&location).await?)
    }

    /// Opens a blob; `None` when there is none of this name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn get(&self, key: &BlobKey) -> Result<Option<Blob>, BlobError> {
        match self.store.get(&key.location()).await {
            Ok(found) => Ok(Some(Blob { size: found.meta.size, stream: stream_of(found.payload) })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a blob to be read in places; `None` when there is none of this name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn reader(&self, key: &BlobKey) -> Result<Option<BlobReader>, BlobError> {
        match self.store.head(&key.location()).await {
            Ok(meta) => Ok(Some(BlobReader::new(Arc::clone(&self.store), meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes a blob, if there is one of this name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        match self.store.delete(&key.location()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes several. What cannot be deleted now is left to whoever looks for files that belong to no version.
    pub async fn discard(&self, blobs: &[BlobKey]) {
        for key in blobs {
            if let Err(error) = self.delete(key).await {
                let error = anyhow::Error::new(error);
                tracing::warn!(blob = key.as_str(), "the bytes of a package stay behind for a while: {error:#}");
            }
        }
    }

    /// Whether there is a blob of this name.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exists(&self, key: &BlobKey) -> Result<bool, BlobError> {
        match self.store.head(&key.location()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// All files of packages, in no order.
    pub fn files(&self) -> BoxStream<'static, Result<StoredFile, BlobError>> {
        let store = Arc::clone(&self.store);
        let found = stream::iter(Kind::ALL).flat_map(move |kind| store.list(Some(&Location::from(kind.as_str()))));
        found
            .map_ok(|meta| StoredFile { key: BlobKey(meta.location.to_string()), written_at: meta.last_modified })
            .map_err(BlobError::from)
            .boxed()
    }

    /// Removes what a process that died had begun to write into the folder, and returns how many files it was. Blocks.
    ///
    /// Only files last written before `before` go, because other processes may be writing. A bucket is left to its own
    /// rule for unfinished uploads.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn delete_leftovers(&self, before: SystemTime) -> io::Result<usize> {
        let Some(folder) = &self.folder else { return Ok(0) };
        let mut removed = 0;
        for kind in Kind::ALL {
            for shelf in folders_in(&folder.join(kind.as_str()))? {
                removed += delete_leftover_files(&shelf, before, |name| name.contains('#'))?;
            }
        }
        Ok(removed)
    }
}

/// Removes uploads left behind by a process that died from the folder of temporary files, as [`Blobs::delete_leftovers`] does.
///
/// # Errors
/// When the folder cannot be read.
pub fn delete_leftover_uploads(folder: &Path, before: SystemTime) -> io::Result<usize> {
    delete_leftover_files(folder, before, |_| true)
}

async fn copy(source: &mut tokio::fs::File, writer: &mut BufWriter) -> io::Result<()> {
    loop {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        if source.read_buf(&mut chunk).await? == 0 {
            return Ok(());
        }
        writer.put(chunk.freeze()).await?;
    }
}

fn stream_of(payload: GetResultPayload) -> BoxStream<'static, io::Result<Bytes>> {
    match payload {
        // The store's own stream takes 8 KiB at a time, which is slow for packages.
        GetResultPayload::File(file, _) => stream::try_unfold(tokio::fs::File::from_std(file), |mut file| async move {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            let read = file.read_buf(&mut chunk).await?;
            Ok((read > 0).then(|| (chunk.freeze(), file)))
        })
        .boxed(),
        GetResultPayload::Stream(stream) => stream.map_err(io::Error::from).boxed(),
    }
}

fn folders_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in read_dir(folder)?.into_iter().flatten() {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

fn delete_leftover_files(folder: &Path, before: SystemTime, ours: impl Fn(&str) -> bool) -> io::Result<usize> {
    let mut removed = 0;
    for entry in read_dir(folder)?.into_iter().flatten() {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(&ours) && is_old_file(&entry, before) {
            removed += usize::from(std::fs::remove_file(entry.path()).is_ok());
        }
    }
    Ok(removed)
}

/// A file that is gone by now is not old: another process removed it.
fn is_old_file(entry: &std::fs::DirEntry, before: SystemTime) -> bool {
    let written = entry.metadata().ok().filter(std::fs::Metadata::is_file).and_then(|facts| facts.modified().ok());
    written.is_some_and(|written| written < before)
}

fn read_dir(folder: &Path) -> io::Result<Option<std::fs::ReadDir>> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
