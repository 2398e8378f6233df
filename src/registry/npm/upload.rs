//! Receiving a document: taken apart while it arrives, its tarball into one temporary file and the rest into another, so
//! that neither lies in memory.

use std::{
    io::{self, BufReader, Seek},
    path::Path,
};

use actix_web::{HttpRequest, web, web::Payload};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::response::NpmError;
use crate::{
    auth::{BadBody, PushPermit},
    packages::npm::{
        document::Document,
        hashes::{Hashes, Hashing},
        splitter::{Sides, Splitter},
    },
    registry::upload::{self, Body},
};

/// Bytes of a document without its tarball: that of a package with some thousand versions.
const LARGEST_DOCUMENT: usize = 32 << 20;

/// A received document.
#[derive(Debug)]
pub(super) struct Upload {
    /// What is left of it.
    pub(super) document: Document,
    /// The tarball, if there is one.
    pub(super) tarball: Option<Tgz>,
}

/// A tarball. Its file is gone when this is dropped.
#[derive(Debug)]
pub(super) struct Tgz {
    /// The file.
    pub(super) file: NamedTempFile,
    /// Its bytes.
    pub(super) size: u64,
    /// Of its bytes.
    pub(super) hashes: Hashes,
}

/// Receives the document that a request carries, with a tarball of at most `limit` bytes.
pub(super) async fn receive(
    req: &HttpRequest,
    payload: Payload,
    permit: &PushPermit,
    folder: &Path,
    limit: usize,
) -> Result<Upload, NpmError> {
    let files = Files::new(folder, limit).map_err(|error| NpmError::unavailable(&error))?;
    let most = (limit / 3 + 1).saturating_mul(4).saturating_add(LARGEST_DOCUMENT);
    upload::receive(req, payload, permit, (limit, most), async |body| read(body, files).await).await
}

async fn read(mut body: Body<'_>, mut files: Files) -> Result<Upload, NpmError> {
    let (mut splitter, mut sides) = (Splitter::default(), Sides::default());
    while let Some(piece) = body.next().await? {
        splitter.push(&piece, &mut sides)?;
        files.write(&mut sides).await?;
    }
    files.finish(splitter.has_tarball()).await
}

/// Where the two sides of a document go.
struct Files {
    rest: NamedTempFile,
    rest_writer: tokio::fs::File,
    rest_size: usize,
    tarball: NamedTempFile,
    tarball_writer: tokio::fs::File,
    size: usize,
    limit: usize,
    hashing: Hashing,
}

impl Files {
    fn new(folder: &Path, limit: usize) -> io::Result<Self> {
        let file = || NamedTempFile::with_prefix_in("push-", folder);
        let (rest, tarball) = (file()?, file()?);
        Ok(Self {
            rest_writer: tokio::fs::File::from_std(rest.reopen()?),
            rest,
            rest_size: 0,
            tarball_writer: tokio::fs::File::from_std(tarball.reopen()?),
            tarball,
            size: 0,
            limit,
            hashing: Hashing::default(),
        })
    }

    async fn write(&mut self, sides: &mut Sides) -> Result<(), NpmError> {
        self.size += sides.tarball.len();
        self.rest_size += sides.rest.len();
        if self.size > self.limit {
            return Err(BadBody::TooLarge(self.limit).into());
        }
        if self.rest_size > LARGEST_DOCUMENT {
            return Err(BadBody::TooLarge(LARGEST_DOCUMENT).into());
        }
        self.hashing.update(&sides.tarball);
        let written = self.tarball_writer.write_all(&sides.tarball).await;
        let written = written.and(self.rest_writer.write_all(&sides.rest).await);
        written.map_err(|error| NpmError::unavailable(&error))?;
        sides.tarball.clear();
        sides.rest.clear();
        Ok(())
    }

    async fn finish(mut self, has_tarball: bool) -> Result<Upload, NpmError> {
        let flushed = self.tarball_writer.flush().await.and(self.rest_writer.flush().await);
        flushed.map_err(|error| NpmError::unavailable(&error))?;
        let mut rest = self.rest;
        let document = web::block(move || {
            rest.rewind()?;
            Ok::<_, io::Error>(Document::read(BufReader::new(rest)))
        });
        let document = document.await.map_err(|error| NpmError::unavailable(&error))?;
        let document = document.map_err(|error| NpmError::unavailable(&error))??;
        let tarball =
            has_tarball.then(|| Tgz { file: self.tarball, size: self.size as u64, hashes: self.hashing.finish() });
        Ok(Upload { document, tarball })
    }
}
