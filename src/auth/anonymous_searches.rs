//! How often anybody may search without a key: by address, on this node alone, because a search costs less than asking
//! the database how many there were.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::connections::source;

/// Searches at once after a pause: somebody types, and several people share an address.
const BURST: u32 = 100;
/// A used up search comes back after this time.
const COMES_BACK: Duration = Duration::from_millis(100);
/// Addresses that are remembered.
const MOST: usize = 10_000;

/// Counts searches by address.
#[derive(Debug, Default)]
pub struct AnonymousSearches(Mutex<HashMap<IpAddr, Instant>>);

impl AnonymousSearches {
    /// Takes one more search of an address, or says how long to wait for it.
    ///
    /// # Errors
    /// The time until one comes back.
    pub fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut all_free_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all_free_at.len() >= MOST {
            all_free_at.retain(|_, free_at| *free_at > now);
        }
        // A flood from more addresses than that is held back by its turns alone.
        if all_free_at.len() >= MOST {
            return Ok(());
        }
        let free_at = all_free_at.entry(source(address)).or_insert(now);
        let next = (*free_at).max(now) + COMES_BACK;
        let over = next.duration_since(now).saturating_sub(COMES_BACK * BURST);
        if over > Duration::ZERO {
            return Err(over);
        }
        *free_at = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_searches_and_gets_them_back() {
        let (searches, now) = (AnonymousSearches::default(), Instant::now());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        for _ in 0..BURST {
            assert_eq!(searches.take(one, now), Ok(()));
        }
        assert_eq!(searches.take(one, now), Err(COMES_BACK));
        assert_eq!(searches.take(other, now), Ok(()));
        assert_eq!(searches.take(one, now + COMES_BACK), Ok(()));
        assert!(searches.take(one, now + COMES_BACK).is_err());
    }
}
