//! The one source of randomness: the operating system's. Rooms are handed what it returns.

use rand::{CryptoRng, rand_core::UnwrapErr, rngs::SysRng};

/// Randomness fit for secrets. Panics where the system has none, because no secret is better than a weak one.
pub fn system() -> impl CryptoRng {
    UnwrapErr(SysRng)
}
