//! Room on the disk that holds the data folder: said before it runs out, and while there is none.

use std::{io, path::Path};

use crate::app::App;

/// Below this many free bytes the disk is nearly full, unless it is so small that a tenth of it is less.
const LOW: u64 = 1 << 30;
/// Below this many free bytes the disk counts as full, unless it is so small that a hundredth of it is less.
const FULL: u64 = 16 << 20;

/// Free and total bytes of a file system, as an ordinary user may use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpace {
    /// Bytes that can still be written.
    pub available: u64,
    /// All bytes.
    pub total: u64,
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        Ok(Self { available: bytes(facts.f_bavail), total: bytes(facts.f_blocks) })
    }

    /// What that means.
    pub fn state(self) -> DiskState {
        if self.available < FULL.min(self.total / 100) {
            DiskState::Full
        } else if self.available < LOW.min(self.total / 10) {
            DiskState::Low
        } else {
            DiskState::Enough
        }
    }

    /// One sentence for an operator; none if there is enough.
    pub fn warning(self) -> Option<String> {
        let left = format!("{} MiB of {} MiB are free", self.available >> 20, self.total >> 20);
        match self.state() {
            DiskState::Enough => None,
            DiskState::Low => Some(format!("the disk of the data folder is nearly full: {left}")),
            DiskState::Full => {
                Some(format!("the disk of the data folder is full: {left}; keys work, but nothing can be changed"))
            }
        }
    }
}

/// What is wrong with the disk under the data folder, in one sentence for an operator; none if nothing is. A disk can be
/// full without looking so, by a quota for instance: then the database's own writes tell.
pub fn warning(app: &App) -> Option<String> {
    let space = DiskSpace::of(&app.settings.data_dir).ok().and_then(DiskSpace::warning);
    let failing = || {
        let text = "the database cannot be written: its disk is full or broken; keys work, but nothing can be changed";
        app.store.writes_fail().then(|| text.to_owned())
    };
    space.or_else(failing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn state(available: u64, total: u64) -> DiskState {
        DiskSpace { available, total }.state()
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
    fn the_disk_of_a_folder_has_a_size() {
        let space = DiskSpace::of(&std::env::temp_dir()).unwrap();
        assert!(space.total > 0 && space.available <= space.total, "{space:?}");
        assert!(DiskSpace::of(Path::new("/there/is/no/such/folder")).is_err());
    }

    #[test]
    fn the_warning_says_how_much_is_left() {
        let full = DiskSpace { available: 0, total: 24 * MIB }.warning().unwrap();
        assert!(full.contains("is full: 0 MiB of 24 MiB"), "{full}");
        assert_eq!(DiskSpace { available: 24 * MIB, total: 24 * MIB }.warning(), None);
    }
}
