//! Bytes of a zip, taken field by field.

use std::io::{self, ErrorKind, Read};

use super::Unreadable;

/// Fills the buffer; a source that ends too early is the fault `early`, anything else that of our disk.
pub(super) fn fill<R: Read>(
    source: &mut R,
    buffer: &mut [u8],
    early: impl FnOnce() -> Unreadable,
) -> Result<(), Unreadable> {
    source.read_exact(buffer).map_err(|error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => early(),
        _ => error.into(),
    })
}

/// Little-endian fields from the front of a record. Behind its end there are zeros, which no signature is.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => [0; N],
        }
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    pub(super) fn length(&mut self) -> usize {
        self.u16().into()
    }
}
