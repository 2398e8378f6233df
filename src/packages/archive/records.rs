//! The records of a zip as they lie in the file (APPNOTE 4.3), read field by field. What they must say is decided by the
//! callers.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::{Limits, Unreadable};

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const END: u32 = 0x0605_4b50;

const END_SIZE: u64 = 22;

/// Where the directory lies and how many entries it counts.
#[derive(Debug)]
pub(super) struct End {
    pub(super) entries: usize,
    pub(super) directory_offset: u64,
    pub(super) directory_size: u64,
}

impl End {
    /// Bytes of the whole file; the end record is its last part.
    pub(super) fn file_size(&self) -> u64 {
        self.directory_offset + self.directory_size + END_SIZE
    }
}

/// Finds the end record in the only place where we accept one: the last 22 bytes.
pub(super) fn find_end<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<End, Unreadable> {
    let size = source.seek(SeekFrom::End(0))?;
    if size > limits.file {
        return Err(Unreadable::TooLarge { limit: limits.file });
    }
    source.seek(SeekFrom::Start(0))?;
    let mut first = Vec::new();
    source.by_ref().take(4).read_to_end(&mut first)?;
    if first != LOCAL.to_le_bytes() {
        return Err(Unreadable::NotAZip);
    }
    let at = size.checked_sub(END_SIZE).ok_or(Unreadable::NoEnd)?;
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = [0; END_SIZE as usize];
    source.read_exact(&mut bytes)?;
    parse_end(&bytes, at, limits)
}

fn parse_end(bytes: &[u8], at: u64, limits: &Limits) -> Result<End, Unreadable> {
    let mut fields = Fields(bytes);
    let signature = fields.u32();
    let (disk, directory_disk, entries_here, entries) = (fields.u16(), fields.u16(), fields.u16(), fields.u16());
    let (directory_size, directory_offset, comment) = (fields.u32(), fields.u32(), fields.u16());
    if signature != END || comment != 0 {
        return Err(Unreadable::NoEnd);
    }
    if entries == u16::MAX || directory_size == u32::MAX || directory_offset == u32::MAX {
        return Err(Unreadable::Zip64);
    }
    if disk != 0 || directory_disk != 0 || entries_here != entries {
        return Err(Unreadable::Split);
    }
    if usize::from(entries) > limits.entries {
        return Err(Unreadable::TooManyEntries { limit: limits.entries });
    }
    let end = End {
        entries: entries.into(),
        directory_offset: directory_offset.into(),
        directory_size: directory_size.into(),
    };
    if end.directory_offset + end.directory_size == at { Ok(end) } else { Err(Unreadable::Misplaced) }
}

/// The fixed part of a directory record.
#[derive(Debug)]
pub(super) struct Central {
    pub(super) facts: Facts,
    pub(super) name_length: usize,
    pub(super) extra_length: usize,
    pub(super) comment_length: usize,
    pub(super) disk: u16,
    /// MS-DOS attributes in the low bytes, Unix mode in the high ones.
    pub(super) attributes: u32,
    pub(super) offset: u64,
}

impl Central {
    pub(super) const SIZE: usize = 46;

    /// Reads the record, or `None` when other bytes than one begin here.
    pub(super) fn parse(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u32() != CENTRAL {
            return None;
        }
        let _versions = fields.u32();
        let facts = Facts::read(&mut fields);
        let (name_length, extra_length, comment_length) = (fields.length(), fields.length(), fields.length());
        let (disk, _internal, attributes, offset) = (fields.u16(), fields.u16(), fields.u32(), fields.u32());
        Some(Self { facts, name_length, extra_length, comment_length, disk, attributes, offset: offset.into() })
    }
}

/// The fixed part of a local header.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) facts: Facts,
    pub(super) name_length: usize,
    pub(super) extra_length: usize,
}

impl Local {
    pub(super) const SIZE: usize = 30;

    /// Reads the header, or `None` when other bytes than one begin here.
    pub(super) fn parse(bytes: &[u8; Self::SIZE]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.u32() != LOCAL {
            return None;
        }
        let _version = fields.u16();
        let facts = Facts::read(&mut fields);
        Some(Self { facts, name_length: fields.length(), extra_length: fields.length() })
    }
}

/// What both headers of an entry say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) checksum: u32,
    pub(super) packed: u32,
    pub(super) unpacked: u32,
}

impl Facts {
    fn read(fields: &mut Fields<'_>) -> Self {
        let (flags, method, _time) = (fields.u16(), fields.u16(), fields.u32());
        Self { flags, method, checksum: fields.u32(), packed: fields.u32(), unpacked: fields.u32() }
    }

    /// Checksum and sizes, the part that may come in a data descriptor behind the bytes.
    pub(super) fn sums(&self) -> [u32; 3] {
        [self.checksum, self.packed, self.unpacked]
    }
}

/// The sums in a data descriptor of 12 bytes, or of 16 with a signature; `None` for any other.
pub(super) fn parse_descriptor(bytes: &[u8]) -> Option<[u32; 3]> {
    let mut fields = Fields(bytes);
    match bytes.len() {
        12 => {}
        16 if fields.u32() == DESCRIPTOR => {}
        _ => return None,
    }
    Some([fields.u32(), fields.u32(), fields.u32()])
}

/// What the extra fields of a header are found to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Harmless,
    Zip64,
    /// Broken, or a second name, or encryption.
    Refused,
}

/// Looks through extra fields: times, owners and padding are harmless.
pub(super) fn judge_extra(bytes: &[u8]) -> Extra {
    let mut rest = bytes;
    while let [id_low, id_high, low, high, after @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        match (u16::from_le_bytes([*id_low, *id_high]), after.get(length..)) {
            (0x0001, _) => return Extra::Zip64,
            // Strong encryption, Unicode comment, Unicode path, AES.
            (0x0017 | 0x6375 | 0x7075 | 0x9901, _) | (_, None) => return Extra::Refused,
            (_, Some(next)) => rest = next,
        }
    }
    if rest.is_empty() { Extra::Harmless } else { Extra::Refused }
}

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
struct Fields<'a>(&'a [u8]);

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

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn length(&mut self) -> usize {
        self.u16().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extra_fields_must_fill_their_place_and_name_nothing() {
        for (bytes, found) in [
            (&b""[..], Extra::Harmless),
            (b"\x20\xa2\x02\x00\x00\x00", Extra::Harmless),
            (b"UT\x01\x00\x00ux\x00\x00", Extra::Harmless),
            (b"UT\x02\x00\x00", Extra::Refused),
            (b"\0", Extra::Refused),
            (b"up\x00\x00", Extra::Refused),
            (b"UT\x00\x00\x01\x00\x00\x00", Extra::Zip64),
        ] {
            assert_eq!(judge_extra(bytes), found, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_descriptor_has_twelve_or_sixteen_bytes() {
        assert_eq!(parse_descriptor(b"\x01\0\0\0\x02\0\0\0\x03\0\0\0"), Some([1, 2, 3]));
        assert_eq!(parse_descriptor(b"PK\x07\x08\x01\0\0\0\x02\0\0\0\x03\0\0\0"), Some([1, 2, 3]));
        assert_eq!(parse_descriptor(b"PK\x07\x09\x01\0\0\0\x02\0\0\0\x03\0\0\0"), None);
        assert_eq!(parse_descriptor(b"PK\x07\x08\x01\0\0\0\x02\0\0"), None);
    }
}
