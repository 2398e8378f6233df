//! Room on the disks that hold the data folder and the packages in it: said before it runs out, and while there is none.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{config::Settings, store::Store};

/// Below this many free bytes the disk is nearly full, unless it is so small that a tenth of it is less.
const LOW: u64 = 1 << 30;
/// Below this many free bytes the disk counts as full, unless it is so small that a hundredth of it is less.
const FULL: u64 = 16 << 20;

/// Below this many files that can still be made the disk is nearly full, unless a tenth of all it can hold is less.
const FEW_FILES: u64 = 10_000;
/// Below this many files the disk counts as full, unless a hundredth of all it can hold is less.
const NO_FILES: u64 = 100;

/// Free and total bytes of a file system, and files, as an ordinary user may use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// Bytes that can still be written.
    pub available: u64,
    /// All bytes.
    pub total: u64,
    /// Files and folders that can still be made.
    pub files_available: u64,
    /// All files it can hold; 0 where it does not count them.
    pub files: u64,
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskState {
    /// Nothing to do.
    Enough,
    /// Somebody should make room soon.
    Low,
    /// Writes fail, or will within moments.
    Full,
}

impl DiskSpace {
    /// Of the file system that holds a folder. Asks the system, which takes microseconds.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let facts = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(facts.f_frsize);
        Ok(Self {
            available: bytes(facts.f_bavail),
            total: bytes(facts.f_blocks),
            files_available: facts.f_favail,
            files: facts.f_files,
        })
    }

    /// What that means.
    pub fn state(self) -> DiskState {
        state((self.available, self.total), (FULL, LOW)).max(self.files_state())
    }

    fn files_state(self) -> DiskState {
        state((self.files_available, self.files), (NO_FILES, FEW_FILES))
    }

    /// One sentence for an operator about the disk of `what`; none if there is enough. `stops` is what cannot be done
    /// while it is full.
    pub fn warning(self, what: &str, stops: &str) -> Option<String> {
        let left = if self.files_state() > state((self.available, self.total), (FULL, LOW)) {
            format!("{} of {} files can still be made", self.files_available, self.files)
        } else {
            format!("{} MiB of {} MiB are free", self.available >> 20, self.total >> 20)
        };
        match self.state() {
            DiskState::Enough => None,
            DiskState::Low => Some(format!("the disk of the {what} is nearly full: {left}")),
            DiskState::Full => {
                Some(format!("the disk of the {what} is full: {left}; keys work, but nothing can be {stops}"))
            }
        }
    }
}

/// Whether an error, or what caused it, says that no more can be written: the disk is full, or a quota or the limit of the
/// size of files is used up.
pub fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    const FULL: [io::ErrorKind; 3] =
        [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    causes.any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|cause| FULL.contains(&cause.kind())))
}

/// Where less than `full` and `low` is available, unless a hundredth or a tenth of all is less.
fn state((available, total): (u64, u64), (full, low): (u64, u64)) -> DiskState {
    if available < full.min(total / 100) {
        DiskState::Full
    } else if available < low.min(total / 10) {
        DiskState::Low
    } else {
        DiskState::Enough
    }
}

/// What is wrong with the disk under the data folder, or under a folder in it, which may be another one: in one sentence
/// for an operator.
///
/// # Errors
/// When the data folder cannot be asked about.
pub fn lack_of_room(settings: &Settings) -> io::Result<Option<String>> {
    let of_data = DiskSpace::of(&settings.data_dir)?.warning("data folder", "changed");
    Ok(of_data.or_else(|| {
        let mut others = other_folders(settings).into_iter();
        others.find_map(|(what, stops, folder)| DiskSpace::of(&folder).ok()?.warning(what, stops))
    }))
}

/// The folders in the data folder that may be on disks of their own: what each is called, and what stops when it is full.
fn other_folders(settings: &Settings) -> Vec<(&'static str, &'static str, PathBuf)> {
    let packages = settings.blobs().ok().and_then(|blobs| blobs.folder().map(Path::to_owned));
    let packages = packages.map(|folder| ("package folder", "published", folder));
    packages.into_iter().chain([("folder of uploads", "published", settings.uploads())]).collect()
}

/// What is wrong with the disks, in one sentence for an operator; none if nothing is. A disk can be full without looking
/// so, by a quota for instance: then the database's own writes tell.
pub fn warning(settings: &Settings, store: &Store) -> Option<String> {
    let space = lack_of_room(settings).ok().flatten();
    let failing = || {
        let text = "the database cannot be written: its disk is full or broken; keys work, but nothing can be changed";
        store.writes_fail().then(|| text.to_owned())
    };
    space.or_else(failing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    const SMALL: DiskSpace = DiskSpace { available: 24 * MIB, total: 24 * MIB, files_available: 0, files: 0 };

    fn state(available: u64, total: u64) -> DiskState {
        DiskSpace { available, total, ..SMALL }.state()
    }

    #[test]
    fn a_disk_is_low_before_it_is_full_whatever_its_size() {
        assert_eq!(state(1025 * MIB, 100_000 * MIB), DiskState::Enough);
        assert_eq!(state(1023 * MIB, 100_000 * MIB), DiskState::Low);
        assert_eq!(state(15 * MIB, 100_000 * MIB), DiskState::Full);
        assert_eq!(state(3 * MIB, 24 * MIB), DiskState::Enough);
        assert_eq!(state(2 * MIB, 24 * MIB), DiskState::Low);
        assert_eq!(state(0, 24 * MIB), DiskState::Full);
    }

    #[test]
    fn a_disk_is_full_too_when_no_more_files_can_be_made() {
        let with = |files_available, files| DiskSpace { files_available, files, ..SMALL };
        assert_eq!(with(50_000, 1 << 20).state(), DiskState::Enough);
        assert_eq!(with(9_999, 1 << 20).state(), DiskState::Low);
        assert_eq!(with(99, 1 << 20).state(), DiskState::Full);
        assert_eq!(with(20, 100).state(), DiskState::Enough, "a small disk");
        let told = with(0, 1_000).warning("package folder", "published").unwrap();
        assert!(told.contains("package folder is full: 0 of 1000 files can still be made; keys work"), "{told}");
    }

    #[test]
    fn the_disk_of_a_folder_has_a_size() {
        let space = DiskSpace::of(&std::env::temp_dir()).unwrap();
        assert!(space.total > 0 && space.available <= space.total, "{space:?}");
        assert!(DiskSpace::of(Path::new("/there/is/no/such/folder")).is_err());
    }

    #[test]
    fn packages_and_uploads_may_be_on_disks_of_their_own() {
        use clap::{Args as _, Command, FromArgMatches as _};
        let matches = crate::config::Args::augment_args(Command::new("latchkey")).get_matches_from([
            "latchkey",
            "--data-dir",
            "/data",
        ]);
        let args = crate::config::Args::from_arg_matches(&matches).unwrap();
        let master = crate::config::MasterSecret::new(&"0123456789abcdef".repeat(2)).unwrap();
        let database = crate::store::DatabaseUrl::file_in(&args.data_dir);
        let settings = Settings::new(&args, args.listen, database, master).unwrap();
        let folders: Vec<_> = other_folders(&settings).into_iter().map(|(_, _, folder)| folder).collect();
        assert_eq!(folders, [Path::new("/data/packages"), Path::new("/data/uploads")]);
    }

    #[test]
    fn the_warning_says_how_much_is_left() {
        let full = DiskSpace { available: 0, ..SMALL }.warning("data folder", "changed").unwrap();
        assert!(full.contains("is full: 0 MiB of 24 MiB"), "{full}");
        assert_eq!(SMALL.warning("data folder", "changed"), None);
    }
}
