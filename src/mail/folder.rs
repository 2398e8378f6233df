//! Mails as files, for hosts without a mail server: one private `.eml` file each, gone after a week.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    future::Future,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::Outcome;
use crate::tokens::MailId;

/// How long files are kept.
const KEPT: Duration = Duration::days(7);
/// The time at the beginning of a file's name, in UTC.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const STAMP_LENGTH: usize = 16;

/// The folder `mails` in the data folder.
pub fn folder_in(data: &Path) -> PathBuf {
    data.join("mails")
}

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The one of this data folder.
    pub(super) fn in_data(data: &Path) -> Self {
        Self(folder_in(data))
    }

    /// Where it is.
    pub(super) fn place(&self) -> String {
        format!("the folder {}", self.0.display())
    }

    /// Writes one mail; a second attempt at the same one may leave a second file with the same Message-ID.
    pub(super) async fn deliver(
        &self,
        id: MailId,
        at: DateTime<Utc>,
        content: impl Future<Output = Option<String>>,
    ) -> Outcome {
        let Some(content) = content.await else {
            return Outcome::Withdrawn;
        };
        let path = self.0.join(format!("{}-{id}.eml", at.format(STAMP)));
        let shown = path.display().to_string();
        match tokio::task::spawn_blocking(move || write(&path, content.as_bytes())).await {
            Ok(Ok(())) => {
                tracing::info!(
                    file = shown,
                    "a mail was written to a file, as no mail server is set (LATCHKEY_SMTP_URL)"
                );
                Outcome::Sent(format!("written to {shown}"))
            }
            Ok(Err(error)) => Outcome::Down(format!("the file {shown} cannot be written: {error}")),
            Err(error) => Outcome::Down(format!("the file {shown} cannot be written: {error}")),
        }
    }

    /// Removes files older than a week by their names; tells how many.
    pub(super) fn delete_old(&self, now: DateTime<Utc>) -> io::Result<usize> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut removed = 0;
        for entry in entries {
            let entry = entry?;
            if written_at(&entry.file_name().to_string_lossy()).is_some_and(|at| at + KEPT < now) {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn written_at(name: &str) -> Option<DateTime<Utc>> {
    let stamp = name.get(..STAMP_LENGTH)?;
    NaiveDateTime::parse_from_str(stamp, STAMP).ok().map(|at| at.and_utc())
}

/// Whole and on the disk, or not there.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}
