//! A blob that is read in places, for what lies inside of packages.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;

/// Bytes that are fetched at a time: most packages whole, and the end of every other in one go.
const PIECE: u64 = 128 * 1024;

/// A blob as a file that is only read. Blocks: use it where blocking is allowed, and the runtime it was made in runs.
pub struct BlobReader {
    store: Arc<dyn ObjectStore>,
    meta: ObjectMeta,
    runtime: Handle,
    at: u64,
    /// What was fetched last, and where it begins.
    piece: (u64, Bytes),
}

impl BlobReader {
    pub(super) fn new(store: Arc<dyn ObjectStore>, meta: ObjectMeta) -> Self {
        Self { store, meta, runtime: Handle::current(), at: 0, piece: (0, Bytes::new()) }
    }

    /// What is fetched already from where we are on.
    fn ahead(&self) -> &[u8] {
        let (from, bytes) = &self.piece;
        let skipped = self.at.checked_sub(*from).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| bytes.get(skipped..)).unwrap_or_default()
    }

    fn fetch(&mut self) -> io::Result<()> {
        let range = self.at..self.meta.size.min(self.at.saturating_add(PIECE));
        if !range.is_empty() {
            let bytes = self.runtime.block_on(self.store.get_range(&self.meta.location, range))?;
            self.piece = (self.at, bytes);
        }
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.ahead().is_empty() {
            self.fetch()?;
        }
        let read = self.ahead().read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::End(by) => (self.meta.size, by),
            SeekFrom::Current(by) => (self.at, by),
        };
        self.at = from.checked_add_signed(by).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
