//! Downloads, counted in memory on the request path and written in batches by a job.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use crate::tokens::{PackageKey, VersionKey};

const SECONDS_A_DAY: i64 = 86_400;
/// Downloads of a day that are known, so that none is counted again; when there are more, all are forgotten.
const MOST_KNOWN: usize = 200_000;

/// Downloads that are not written yet. A crash loses those of the last seconds.
#[derive(Debug, Default)]
pub struct Downloads {
    counts: Mutex<HashMap<VersionKey, (PackageKey, i64)>>,
    known: Mutex<Known>,
    hasher: RandomState,
}

/// Who has downloaded what on a day.
#[derive(Debug, Default)]
struct Known {
    day: i64,
    hashes: HashSet<u64>,
}

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
    /// Counts a download, once for whoever it is by (a token, or an address without one), a version and a day.
    pub fn count(&self, package: PackageKey, version: VersionKey, by: &str, now: DateTime<Utc>) {
        if self.is_new(&(by, version), now.timestamp().div_euclid(SECONDS_A_DAY)) {
            self.add(Count { version, package, times: 1 });
        }
    }

    fn is_new(&self, download: &(&str, VersionKey), day: i64) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.day != day || known.hashes.len() >= MOST_KNOWN {
            *known = Known { day, hashes: HashSet::new() };
        }
        known.hashes.insert(self.hasher.hash_one(download))
    }

    /// Takes all counts, to write them: sorted, so that two processes lock rows in the same order.
    pub fn take(&self) -> Vec<Count> {
        let counts = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
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
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(version).or_insert((package, 0)).1 += times;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (PackageKey, VersionKey) {
        let rng = &mut crate::random::system();
        (PackageKey::generate(DateTime::UNIX_EPOCH, rng), VersionKey::generate(DateTime::UNIX_EPOCH, rng))
    }

    #[test]
    fn what_is_put_back_is_counted_with_what_came_meanwhile() {
        let ((package, version), now) = (keys(), DateTime::UNIX_EPOCH);
        let downloads = Downloads::default();
        downloads.count(package, version, "ada", now);
        downloads.count(package, version, "bo", now);
        let taken = downloads.take();
        assert_eq!(taken, [Count { version, package, times: 2 }]);
        assert!(downloads.take().is_empty());
        downloads.count(package, version, "cy", now);
        downloads.put_back(taken);
        assert_eq!(downloads.take(), [Count { version, package, times: 3 }]);
    }

    #[test]
    fn a_download_counts_once_a_day_for_whoever_it_is_by() {
        let ((package, version), now) = (keys(), DateTime::UNIX_EPOCH);
        let downloads = Downloads::default();
        for _ in 0..1_000 {
            downloads.count(package, version, "ada", now);
        }
        downloads.count(package, keys().1, "ada", now);
        downloads.count(package, version, "ada", now + chrono::Duration::days(1));
        let times: Vec<_> = downloads.take().into_iter().map(|count| count.times).collect();
        assert_eq!((times.iter().sum::<i64>(), times.len()), (3, 2));
    }
}
