//! Which names a key may see, as ranges of an index of names.

use crate::tokens::Patterns;

/// Ranges of names as bytes in ASCII lower case, each from its beginning to before its end; they do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRanges {
    /// None for every name.
    ranges: Option<Vec<(Vec<u8>, Vec<u8>)>>,
    /// Whether the patterns they were made of cover all that is in them.
    is_exact: bool,
}

impl NameRanges {
    /// Every name.
    pub fn all() -> Self {
        Self { ranges: None, is_exact: true }
    }

    /// Of names that begin so.
    pub fn beginning(text: &str) -> Self {
        Self::of_one(range_of_beginning(text.as_bytes().to_ascii_lowercase()))
    }

    /// Of one name.
    pub fn only(name: &str) -> Self {
        Self::of_one(Some(range_of_name(name.as_bytes().to_ascii_lowercase())))
    }

    fn of_one(range: Option<(Vec<u8>, Vec<u8>)>) -> Self {
        Self { ranges: range.map(|range| vec![range]), is_exact: true }
    }

    /// Of what patterns can cover: what stands before the first star of each.
    pub fn of(patterns: &Patterns) -> Self {
        let mut ranges = Vec::new();
        let mut is_exact = true;
        for pattern in patterns.iter() {
            let lower = pattern.to_ascii_lowercase();
            let Some((fixed, rest)) = lower.split_once('*') else {
                ranges.push(range_of_name(lower.into_bytes()));
                continue;
            };
            is_exact &= rest.is_empty();
            match range_of_beginning(fixed.as_bytes().to_vec()) {
                Some(range) => ranges.push(range),
                None => return Self { ranges: None, is_exact: rest.is_empty() },
            }
        }
        Self { ranges: Some(merged(ranges)), is_exact }
    }

    /// Whether the patterns cover everything in the ranges, so that nothing more need be asked.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The ranges; none for every name.
    pub fn get(&self) -> Option<&[(Vec<u8>, Vec<u8>)]> {
        self.ranges.as_deref()
    }

    /// What lies in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let is_exact = self.is_exact && other.is_exact;
        let ranges = match (&self.ranges, &other.ranges) {
            (None, ranges) | (ranges, None) => ranges.clone(),
            (Some(ours), Some(theirs)) => {
                let pairs = ours.iter().flat_map(|own| theirs.iter().map(move |other| (own, other)));
                let common =
                    pairs.map(|(own, other)| (own.0.clone().max(other.0.clone()), own.1.clone().min(other.1.clone())));
                Some(merged(common.filter(|(low, high)| low < high).collect()))
            }
        };
        Self { ranges, is_exact }
    }
}

fn range_of_name(name: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let mut end = name.clone();
    end.push(0);
    (name, end)
}

/// Up to before the first name that does not begin so; none for every name.
fn range_of_beginning(fixed: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
    let last = fixed.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut end = fixed.get(..=last)?.to_vec();
    *end.last_mut()? += 1;
    Some((fixed, end))
}

fn merged(mut ranges: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    ranges.sort();
    let mut merged: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for (low, high) in ranges {
        match merged.last_mut() {
            Some((_, end)) if low <= *end => *end = high.max(std::mem::take(end)),
            _ => merged.push((low, high)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn has(ranges: &NameRanges, name: &str) -> bool {
        let inside = |(low, high): &(Vec<u8>, Vec<u8>)| (low.as_slice()..high.as_slice()).contains(&name.as_bytes());
        ranges.get().is_none_or(|ranges| ranges.iter().any(inside))
    }

    #[test]
    fn fixed_beginnings_are_ranges() {
        let ranges = NameRanges::of(&Patterns::parse("Contoso.*\nAdatum").unwrap());
        let pair = |low: &[u8], high: &[u8]| (low.to_vec(), high.to_vec());
        assert_eq!(ranges.get().unwrap(), [pair(b"adatum", b"adatum\0"), pair(b"contoso.", b"contoso/")]);
        assert!(ranges.is_exact());
        let ranges = NameRanges::of(&Patterns::parse("*.Core").unwrap());
        assert!(ranges.get().is_none() && !ranges.is_exact());
        assert!(NameRanges::of(&Patterns::all()).is_exact());
        assert!(NameRanges::only("a").and(&NameRanges::only("b")).get().unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn what_patterns_cover_lies_in_their_ranges(lines in vec("[a-c.*]{1,6}", 1..6), name in "[a-c.]{1,8}", beginning in "[a-c.]{0,3}") {
            let (Some(patterns), _) = Patterns::read(&lines.join("\n")) else { return Ok(()) };
            let ranges = NameRanges::of(&patterns);
            prop_assert!(has(&ranges, &name) || !patterns.covers(&name));
            prop_assert!(!ranges.is_exact() || has(&ranges, &name) == patterns.covers(&name), "{} {name}", patterns.as_str());
            let both = ranges.and(&NameRanges::beginning(&beginning));
            prop_assert_eq!(has(&both, &name), has(&ranges, &name) && name.starts_with(&beginning));
        }
    }
}
