//! Downloads, counted in memory on the request path and written in batches by a job.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use crate::tokens::{PackageKey, VersionKey};

/// Downloads that are not written yet. A crash loses those of the last seconds.
#[derive(Debug, Default)]
pub struct Downloads(Mutex<HashMap<VersionKey, (PackageKey, i64)>>);

/// How often a version was downloaded since the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The version.
    pub version: VersionKey,
    /// Its package.
    pub package: PackageKey,
    /// How often.
    pub times: i64,
}

impl Downloads {
    /// Counts one download.
    pub fn count(&self, package: PackageKey, version: VersionKey) {
        self.add(Count { version, package, times: 1 });
    }

    /// Takes all counts, to write them: sorted, so that two processes lock rows in the same order.
    pub fn take(&self) -> Vec<Count> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let count = |(version, (package, times))| Count { version, package, times };
        let mut counts: Vec<_> = counts.into_iter().map(count).collect();
        counts.sort_by_key(|count| (count.package, count.version));
        counts
    }

    /// Puts counts back that could not be written.
    pub fn put_back(&self, counts: Vec<Count>) {
        counts.into_iter().for_each(|count| self.add(count));
    }

    fn add(&self, Count { version, package, times }: Count) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(version).or_insert((package, 0)).1 += times;
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn what_is_put_back_is_counted_with_what_came_meanwhile() {
        let (now, rng) = (DateTime::UNIX_EPOCH, &mut crate::random::system());
        let (package, version) = (PackageKey::generate(now, rng), VersionKey::generate(now, rng));
        let downloads = Downloads::default();
        downloads.count(package, version);
        downloads.count(package, version);
        let taken = downloads.take();
        assert_eq!(taken, [Count { version, package, times: 2 }]);
        assert!(downloads.take().is_empty());
        downloads.count(package, version);
        downloads.put_back(taken);
        assert_eq!(downloads.take(), [Count { version, package, times: 3 }]);
    }
}
