//! The order of versions: that of SemVer, with four numbers.

use std::cmp::Ordering;

use super::{Version, is_number};

/// A version with labels comes before the same numbers without.
fn compare_labels(left: &[String], right: &[String]) -> Ordering {
    match (left.is_empty(), right.is_empty()) {
        (false, false) => {
            let first_difference =
                left.iter().zip(right).map(|(left, right)| compare_label(left, right)).find(|order| order.is_ne());
            first_difference.unwrap_or_else(|| left.len().cmp(&right.len()))
        }
        (left_is_release, right_is_release) => left_is_release.cmp(&right_is_release),
    }
}

/// Numbers come before words. Numbers have no leading zeros, so the longer one is the greater.
fn compare_label(left: &str, right: &str) -> Ordering {
    match (is_number(left), is_number(right)) {
        (true, true) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
        (false, false) => left.to_ascii_lowercase().cmp(&right.to_ascii_lowercase()),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| compare_labels(&self.labels, &other.labels))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}
