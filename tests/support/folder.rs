//! Folders that tests fill: each is gone when its test ends, however it ends, or the test fails and says what is left.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long what was stopped may take to close its last files.
const PATIENCE: Duration = Duration::from_secs(10);
const BETWEEN: Duration = Duration::from_millis(50);

/// A folder of its own for one test. SQLite takes its side files away while its last connections close, which may happen
/// between the steps of a removal, so that one attempt is not enough.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    begun: Option<Instant>,
}

impl Folder {
    /// Makes one that only this user may look into.
    pub fn new() -> Self {
        Self { path: tempfile::tempdir().unwrap().keep(), begun: None }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it, while the tasks of this test go on.
    pub async fn remove(mut self) {
        while !self.is_over() {
            tokio::time::sleep(BETWEEN).await;
        }
    }

    /// One attempt; whether there is no use in another.
    fn is_over(&mut self) -> bool {
        if self.path.as_os_str().is_empty() {
            return true;
        }
        let Err(error) = fs::remove_dir_all(&self.path) else {
            self.path.clear();
            return true;
        };
        let begun = *self.begun.get_or_insert_with(Instant::now);
        if error.kind() != io::ErrorKind::NotFound && begun.elapsed() < PATIENCE {
            return false;
        }
        let mut left = Vec::new();
        list(&self.path, &mut left);
        let complaint = format!("{} cannot be removed ({error}); left in it: {left:?}", self.path.display());
        self.path.clear();
        assert!(thread::panicking(), "{complaint}");
        eprintln!("{complaint}");
        true
    }
}

/// The way out of a test that fails.
impl Drop for Folder {
    fn drop(&mut self) {
        while !self.is_over() {
            thread::sleep(BETWEEN);
        }
    }
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            list(&entry.path(), found);
        }
        found.push(entry.path());
    }
}
